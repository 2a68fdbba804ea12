"""The files that ship: the schema, `config.toml` with every setting, the example."""

import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from events.configuration import Action, Configuration, Day, Intent, Template
from events.policies import Cleanup, Clock, Executor, Lines, Plan, Policies, Storage
from horarium.configuration import load
from horarium.configuration.descriptions import DESCRIPTIONS
from horarium.configuration.fault import Faults
from horarium.configuration.filled import in_a_file
from horarium.configuration.schema import schema, schema_text
from horarium.configuration.shapes import Many, Named, Place, Shape, Short, Table, table
from horarium.doctor import examine
from tests.rules.configuration_story import CONTEXT

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config.toml"
CASS = ROOT / "examples" / "cass.toml"
HOMER = ROOT / "examples" / "homer.toml"
OVERNIGHT = ROOT / "examples" / "overnight.toml"
AGENT = ROOT / "examples" / "cass_agent.py"


def tables(shape: Shape) -> Iterator[Table]:
    match shape:
        case Table(_, settings):
            yield shape
            for each in settings:
                yield from tables(each.shape)
        case Short(inner) | Many(inner) | Named(_, inner):
            yield from tables(inner)


ALL = {each.struct.__name__: each for each in tables(table(Configuration))}


def used(shape: Shape, raw: Any) -> Iterator[str]:
    """The settings that a configuration sets, by class and field."""
    match shape:
        case Table(struct, settings):
            for each in (each for each in settings if each.key in raw):
                yield f"{struct.__name__}.{each.field.name}"
                yield from used(each.shape, raw[each.key])
        case Short(inner):
            yield from used(inner, {inner.settings[0].key: raw} if isinstance(raw, str) else raw)
        case Many(entry):
            for value in raw:
                yield from used(entry, value)
        case Named(_, entry):
            for value in raw.values():
                yield from used(entry, value)


def test_every_setting_and_every_table_has_its_sentence() -> None:
    fields = {f"{name}.{each.field.name}" for name, all_ in ALL.items() for each in all_.settings}
    assert fields | set(ALL) == set(DESCRIPTIONS)
    assert [text for text in DESCRIPTIONS.values() if not re.fullmatch(r"[A-Z\"].*\.", text)] == []


def test_the_schema_in_the_repository_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / "config.schema.json").read_text() == schema_text()


def test_the_schema_refers_to_what_it_holds() -> None:
    referred = set(re.findall(r'"#/\$defs/(\w+)"', schema_text()))
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    assert referred == set(definitions) == set(ALL) - {"Configuration"}


@pytest.mark.parametrize("name", ALL)
def test_a_default_in_the_schema_is_read_as_the_default(name: str) -> None:
    described = {"Configuration": schema()} | json.loads(schema_text())["$defs"]
    found = Faults("schema")
    for key, field, shape in ALL[name].settings:
        if "default" in described[name]["properties"][key]:
            default = described[name]["properties"][key]["default"]
            if isinstance(default, float):
                default = Decimal(str(default))
            assert shape.read(default, Place((key,), found, CONTEXT)) == field.default
    assert found.found == []


def test_the_shipped_configuration_shows_every_setting_under_its_sentence() -> None:
    text = CONFIG.read_text()
    assert text.startswith("#:schema ./config.schema.json\n")
    uncommented = re.sub(r"^# ([a-z_]+ = )", r"\1", text, flags=re.MULTILINE)
    shown = set(used(table(Configuration), tomllib.loads(uncommented)))
    assert {f"{n}.{each.field.name}" for n, t in ALL.items() for each in t.settings} == shown
    unsaid = [name for name, sentence in DESCRIPTIONS.items() if sentence not in text]
    assert unsaid == ["Configuration"]


def test_the_shipped_configuration_shows_the_defaults() -> None:
    found = load(CONFIG, {}).configuration
    assert (found.day, found.plan, found.executor) == (Day(), Plan(), Executor())
    assert (found.policies, found.clock) == (Policies(), Clock())
    assert found.cleanup == Cleanup(**in_a_file(Cleanup))  # type: ignore[arg-type]  # Its own.
    assert (found.store, found.log) == (Storage(), Lines())
    assert (found.budget.daily_usd_micros, found.budget.reserve_usd_micros) == (5_000_000, 500_000)
    noop, look, check = (
        found.actions["noop"],
        found.templates["look-around"],
        found.intents["machine-check"],
    )
    told: dict[str, Any] = in_a_file(Action) | {"description": noop.description}
    assert noop == Action(executor="noop", lane="noop", **told)
    assert look == Template(
        steps=look.steps, description=look.description, windows=look.windows, per_day=5
    )
    assert check == Intent(run="machine-report", every_seconds=3_600)


def test_the_shipped_configuration_costs_nothing_and_fills_every_phase() -> None:
    found = load(CONFIG, {}).configuration
    assert all(not action.estimate_usd_micros for action in found.actions.values())
    look = found.templates["look-around"]
    assert look.phases == ()
    assert look.per_day > len(found.phases)
    assert any(window.start == window.end for window in look.windows), "welcome at any time"


@pytest.mark.parametrize("file", [CONFIG, CASS, HOMER, OVERNIGHT], ids=lambda file: file.stem)
def test_the_doctor_finds_no_error_in_what_ships(file: Path, tmp_path: Path) -> None:
    found = examine(file, tmp_path / "data", os.environ)
    assert [fault for fault in found if fault.severity == "error"] == []
    assert [fault.path for fault in found if fault.file.endswith(".toml") and fault.path] == []


def test_the_example_holds_all_of_cass() -> None:
    found = load(CASS, {}).configuration
    assert (len(found.actions), len(found.templates)) == (41 + 1, 15), "and the clean-up"
    assert sum(found.budget.categories.values()) == found.budget.daily_usd_micros


def test_an_action_of_the_example_runs_and_reports_what_it_cost() -> None:
    action = load(CASS, {}).configuration.actions["session.reflection"]
    done = subprocess.run(
        [sys.executable, "-I", *action.command[1:]],
        cwd=CASS.parent,
        env={"HORARIUM_RUN": "r7-1", "HORARIUM_PHASE": "morning"},
        capture_output=True,
        check=True,
        timeout=30,
    )
    result = msgspec.json.decode(done.stdout.splitlines()[-1])
    assert set(result) == {"summary", "insights", "cost_usd"}
    assert 120_000 <= round(result["cost_usd"] * 1_000_000) <= 150_000


COST_USD = runpy.run_path(str(AGENT))["cost_usd"]


@settings(deadline=None)
@for_any(some.integers(1, 10_000), some.text(max_size=20))
def test_an_action_of_the_example_never_costs_more_than_estimated(cents: int, run: str) -> None:
    estimate = Decimal(cents) / 100
    cost = Decimal(str(COST_USD(str(estimate), run)))
    assert estimate * Decimal("0.8") <= cost <= estimate
    assert COST_USD(str(estimate), run) == float(cost)
