"""`horarium preview`, as people call it: with and without a configuration."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from events.configuration import ConfigurationLoaded, Intent
from events.intents import IntentAdded
from horarium.cli import horarium
from tests.whole.command_story import SETTINGS, at, log_of, projected

CONFIG = """
[day]
timezone = "Europe/Vienna"
[actions.brew]
command = ["true"]
expected = "5m"
[intents.tea]
run = "brew"
cron = "30 2 * * *"
[intents.biscuits]
run = "brew"
after = "tea"
enabled = false
[intents.guests]
run = "brew"
on = { signal = "doorbell" }
"""
GAP = ("--from", "2026-03-28 12:00", "--count", "2")
EVERY_MINUTE = ("--cron", "* * * * *")
SECONDS_MAX = 20.0  # of the processor, on a slow machine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HORARIUM_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def furnished(folder: Path) -> Path:
    (folder / "config.toml").write_text(CONFIG)
    return folder


def call(*words: str) -> Result:
    return CliRunner().invoke(horarium, ["preview", *words])


def document(*words: str) -> Any:
    said = call(*words, "--json")
    assert not said.exit_code, said.output
    return json.loads(said.stdout)


def test_an_intent_is_explained_and_each_occurrence_has_its_verdict(furnished: Path) -> None:
    said = call("tea", *GAP)
    assert not said.exit_code
    assert said.stdout.splitlines() == [
        "At 02:30 every day (Europe/Vienna).",
        "",
        "UTC                   local                          verdict",
        "2026-03-29T01:00:00Z  Sun 2026-03-29 03:00:00+02:00  planned  "
        "in time; at the end of the hour that the clocks leave out",
        "2026-03-30T00:30:00Z  Mon 2026-03-30 02:30:00+02:00  planned  in time",
        "Its work is taken to last 5m00s.",
    ]
    assert [path.name for path in furnished.iterdir()] == ["config.toml"]


def test_another_policy_may_be_tried_in_passing(furnished: Path) -> None:
    skipped, planned = document("tea", *GAP, "--dst-gap", "skip")
    assert skipped == {
        "scheduled_for": "2026-03-29T01:00:00Z",
        "local": "2026-03-29T03:00:00+02:00",
        "verdict": "skipped",
        "reason": "dst_gap",
        "words": "its local time did not exist on that day",
    }
    assert (planned["verdict"], planned["reason"]) == ("planned", "on_time")


def test_an_expression_needs_neither_a_configuration_nor_a_data_folder(folder: Path) -> None:
    found = document(
        "--cron", "0 */2 * * *", "--tz", "Asia/Tokyo", "--from", "2026-05-01", "--count", "4",
        "--asleep", "01:00-04:30", "--takes", "3h", "--overlap", "buffer_one",
    )  # fmt: skip
    told = [(one["local"][11:16], one["verdict"], one.get("work_starts_at")) for one in found]
    assert told == [
        ("00:00", "planned", None),
        ("02:00", "coalesced", None),
        ("04:00", "planned", "2026-04-30T21:30:00Z"),
        ("06:00", "skipped", None),
    ]
    assert found[1]["into"] == found[2]["scheduled_for"]
    assert not [*folder.iterdir()]


def test_one_that_waits_for_another_is_lived_with_it(furnished: Path) -> None:
    said = call("biscuits", *GAP)
    assert "2026-03-29T01:05:00Z" in said.stdout and "2026-03-30T00:35:00Z" in said.stdout
    assert "It is disabled" in said.stderr


def test_one_that_was_made_by_hand_is_read_where_it_is_known(furnished: Path) -> None:
    data = furnished / ".horarium"
    by_hand = IntentAdded("cake", Intent(run="brew", cron="0 15 * * *"), "request")
    projected(data, log_of(data, [(at(5), [ConfigurationLoaded("d1", SETTINGS), by_hand])]))
    [first, _] = document("cake", *GAP)
    assert first["local"] == "2026-03-28T15:00:00+01:00"


def test_one_that_no_time_makes_due_says_so(furnished: Path) -> None:
    assert "No time makes it due." in call("guests").stdout
    assert document("guests") == []


@pytest.mark.parametrize(
    ("words", "code", "meant"),
    [
        (("tee",), 1, "Did you mean tea?"),
        ((), 2, "Name an INTENT, or give --cron or --every."),
        (("--cron", "0 2 31 2 *"), 2, "did you mean '0 2 L 2 *'?"),
        (("--cron", "every 5 minutes"), 2, """did you mean 'every = "5m"'?"""),
        (("--cron", "daily"), 2, "did you mean '@daily'?"),
        (("--every", "5 minuets"), 2, "--every"),
        ((*EVERY_MINUTE, "--tz", "Europe/Viena"), 2, "did you mean 'Europe/Vienna'?"),
        ((*EVERY_MINUTE, "--misfire", "skpi"), 2, "--misfire  \"skpi\" is not one of"),
        ((*EVERY_MINUTE, "--overlap-limit", "3"), 2, "--overlap-limit"),
        ((*EVERY_MINUTE, "--jitter", "1h"), 2, "did you mean '59s'?"),
        ((*EVERY_MINUTE, "--count", "0"), 2, "1<=x<=10000"),
        ((*EVERY_MINUTE, "--count", "10001"), 2, "1<=x<=10000"),
        ((*EVERY_MINUTE, "--asleep", "2-9"), 2, "--asleep"),
        ((*EVERY_MINUTE, "--asleep", "02:00-02:00"), 2, "is no length of time"),
        ((*EVERY_MINUTE, "--asleep", "night"), 2, "is not a window such as 02:00-09:00"),
        ((*EVERY_MINUTE, "--takes", "long"), 2, "--takes"),
        ((*EVERY_MINUTE, "--from", "2026-03-29 02:30"), 2, "does not exist in Europe/Vienna; "
         "write 2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00"),
        ((*EVERY_MINUTE, "--from", "2026-10-25 02:30"), 2, "comes twice in Europe/Vienna"),
        ((*EVERY_MINUTE, "--config", "other.toml"), 1, "there is no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_lived_is_refused_with_what_was_probably_meant(
    furnished: Path, words: tuple[str, ...], code: int, meant: str
) -> None:
    said = call(*words)
    assert (said.exit_code, meant in said.stderr) == (code, True), said.output


def test_a_long_answer_takes_no_long_time(furnished: Path) -> None:
    began = time.process_time()
    assert len(document("--cron", "* * * * * *", "--count", "10000")) == 10_000
    assert len(document("--cron", "0 0 29 2 *", "--count", "10000")) == 5
    assert time.process_time() - began < SECONDS_MAX
