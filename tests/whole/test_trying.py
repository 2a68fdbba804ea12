"""Simulate, what if, shadow: what they print, and that they leave everything as it was."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from horarium.cli import horarium
from horarium.configuration import load
from tests.rules.replay_story import keep, simulated_log

ROOT = Path(__file__).parents[2]
CASS = ROOT / "examples" / "cass.toml"
MONDAY = "2026-11-23"


def call(*words: str) -> Result:
    return CliRunner().invoke(horarium, words, catch_exceptions=False)


def told(*words: str) -> Any:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration and three simulated days recorded under it."""
    folder = tmp_path_factory.mktemp("home")
    settings = CASS.read_text()
    (folder / "config.toml").write_text('shadow = "other.toml"\n' + settings)
    (folder / "other.toml").write_text(settings.replace("per_phase_max = 2", "per_phase_max = 3"))
    configuration = load(folder / "config.toml", {}).configuration
    keep(simulated_log(configuration, 3), folder / ".horarium")
    return folder


def at(home: Path) -> tuple[str, str]:
    return "--config", str(home / "config.toml")


def bytes_of(home: Path) -> Mapping[str, str]:
    return {
        str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


SCRIPT = (
    "import sys; from horarium.cli import main; "
    f"sys.argv = ['horarium', '--config', {str(CASS)!r}, 'simulate', '--days', '3', '--seed', '5', "
    f"'--start', '{MONDAY}', '--faults', '--json']; main()"
)


def test_two_processes_simulate_the_same_whatever_their_hashes_zones_and_languages() -> None:
    worlds = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"},
    ]
    documents = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, **world},
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for world in worlds
    ]
    assert documents[0] == documents[1]
    assert json.loads(documents[0])["faults"]


def test_a_simulation_says_what_it_spent_held_and_dropped(tmp_path: Path) -> None:
    here = ("--config", str(CASS), "--data", str(tmp_path))
    found = told(*here, "simulate", "--days", "4", "--start", MONDAY, "--seed", "3")
    assert len(found["digest"]) == 40
    assert {day for by_day in found["spend_usd_micros"].values() for day in by_day} == {
        f"2026-11-{day}" for day in (23, 24, 25, 26)
    }
    assert found["lateness"]["starts"] == sum(lane["runs"] for lane in found["lanes"])
    assert {"held", "dropped", "plan", "remedy"} <= set(found)
    again = told(*here, "simulate", "--days", "4", "--start", MONDAY, "--seed", "3")
    assert again == found
    other = told(*here, "simulate", "--days", "4", "--start", MONDAY, "--seed", "4")
    assert other["digest"] != found["digest"]


def test_a_simulation_is_printed_for_people(tmp_path: Path) -> None:
    here = ("--config", str(CASS), "--data", str(tmp_path))
    said = call(*here, "simulate", "--days", "2", "--start", MONDAY, "--runs", "3").stdout
    for heading in ("Plan", "Money", "Days", "Late by", "Lanes", "What would have to", "3 runs"):
        assert f"\n{heading}" in said
    assert "Mon 23 Nov 2026 to Tue 24 Nov 2026" in said


def test_the_works_of_a_day_are_the_sum_of_what_became_of_them(tmp_path: Path) -> None:
    here = ("--config", str(CASS), "--data", str(tmp_path))
    lines = call(*here, "simulate", "--days", "2", "--start", MONDAY).stdout.splitlines()
    heading = lines.index("Days") + 1
    columns = ["works", "completed", "failed", "dropped", "cancelled", "open"]
    assert lines[heading].split()[2:] == columns
    for line in lines[heading + 1 : heading + 3]:
        works, *parts = (int(count.replace(",", "")) for count in line.split()[4:])
        assert works == sum(parts) > 0


def test_several_seeds_make_a_distribution(tmp_path: Path) -> None:
    here = ("--config", str(CASS), "--data", str(tmp_path))
    found = told(*here, "simulate", "--days", "1", "--start", MONDAY, "--runs", "10")
    assert len({run["digest"] for run in found["runs"]}) == 10
    spent = found["distribution"]["spent_usd_micros"]
    assert spent["least"] < spent["p50"] < spent["most"]
    assert spent["most"] == max(run["spent_usd_micros"] for run in found["runs"])


def test_a_simulation_with_faults_checks_every_log(tmp_path: Path) -> None:
    here = ("--config", str(CASS), "--data", str(tmp_path))
    found = told(*here, "simulate", "--days", "2", "--start", MONDAY, "--runs", "5", "--faults")
    assert found["violations"] == []
    assert found["faults"]
    assert found["rates_per_mille"]["crash"] == 400


def test_a_simulation_with_faults_counts_what_escaped_and_was_found(tmp_path: Path) -> None:
    here = ("--config", str(CASS), "--data", str(tmp_path))
    words = (*here, "simulate", "--start", MONDAY, "--days", "30", "--faults")
    met = told(*words)["faults"]
    assert met["escape"] == met["escape_found"] + met["escape_not_found"]
    said = call(*words).stdout
    for name in ("escape", "escape_found", "escape_not_found"):
        assert f"{name.replace('_', ' ')} {met[name]}" in " ".join(said.split())


def test_runs_of_a_simulation_go_as_the_log_knows_them(home: Path) -> None:
    found = told(*at(home), "simulate", "--days", "1", "--start", MONDAY)
    assert found["recorded_runs"] > 20
    assert "session.reflection" not in found["estimated_actions"]
    assert "session.user_synthesis" in found["estimated_actions"], "it never ran"


def test_the_same_configuration_makes_no_difference(home: Path) -> None:
    found = told(*at(home), "whatif", "--config", str(home / "config.toml"))
    assert found["differences"] == []
    assert found["drawn_runs"] == 0
    said = call(*at(home), "whatif", "--config", str(home / "config.toml")).stdout
    assert "Nothing would have been different." in said


def test_another_configuration_tells_work_money_and_phases_apart(home: Path) -> None:
    found = told(*at(home), "whatif", "--config", str(home / "other.toml"))
    assert {(it["setting"], it["recorded"], it["otherwise"]) for it in found["settings"]} == {
        ("shadow", "other.toml", None),
        ("plan.per_phase_max", 2, 3),
    }
    ran = [each for each in found["differences"] if each["what"] == "would have run"]
    assert ran and all(each["drawn"] for each in ran)
    assert found["counts"]["would have run"] == len(ran)
    spent = {
        side: sum(sum(day.values()) for day in days.values())
        for side, days in found["spend_usd_micros"].items()
    }
    assert spent["otherwise"] > spent["recorded"]
    said = call(*at(home), "whatif", "--config", str(home / "other.toml")).stdout
    assert "\nMoney  where it differs" in said
    assert "\nPhases  works that ran" in said


def test_single_settings_are_changed_in_what_was_in_force(home: Path) -> None:
    by_file = told(*at(home), "whatif", "--config", str(home / "other.toml"))
    by_name = told(*at(home), "whatif", "--set", "plan.per_phase_max=3")
    assert by_name["differences"] == by_file["differences"]
    found = told(*at(home), "whatif", "--set", "budget.daily=8")
    changed = {each["setting"]: each["otherwise"] for each in found["settings"]}
    assert changed["budget.daily_usd_micros"] == 8_000_000
    assert changed["budget.categories.research"] == 2_000_000, "a quarter stays a quarter"
    quoted = 'actions."session.research".timeout=1m'
    [one] = told(*at(home), "whatif", "--set", quoted)["settings"]
    assert (one["setting"], one["otherwise"]) == ("actions.session.research.timeout_seconds", 60)


@pytest.mark.parametrize(
    "wanted, words",
    [
        ("budget.dayly_usd=8", "did you mean daily_usd"),
        ("budget", "is not of the form"),
        ("actions.nobody.timeout=5m", "there is no 'nobody'"),
        ("plan.per_phase_max=many", "per_phase_max"),
        ("intents.nightly-dream.cron=61 * * * *", "cron"),
    ],
)
def test_what_cannot_be_set_is_said(home: Path, wanted: str, words: str) -> None:
    result = call(*at(home), "whatif", "--set", wanted)
    assert result.exit_code in (1, 2)
    assert words in result.output


def test_a_part_of_the_log_is_decided_again(home: Path) -> None:
    words = ("whatif", "--set", "plan.per_phase_max=3", "--from", "2026-11-21T12:00:00Z")
    found = told(*at(home), *words)
    assert found["after"] > 100
    started = [
        each["otherwise"]["started_at"]
        for each in found["differences"]
        if each["otherwise"] and each["otherwise"]["started_at"]
    ]
    assert started and min(started) >= "2026-11-21T12:00:00Z"


def test_a_log_that_was_handed_over_is_decided_again(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((home / ".horarium" / "log.sqlite").read_bytes())
    nowhere = ("--data", str(tmp_path / "nothing"))
    wanted = ("whatif", "--set", "plan.per_phase_max=3")
    found = told(*nowhere, *wanted, "--log", str(copy))
    assert found["differences"] == told(*at(home), *wanted)["differences"] != []


def test_a_shadow_says_how_far_it_agrees(home: Path) -> None:
    found = told(*at(home), "shadow")
    kinds = {each["kind"]: each for each in found["agreement"]}
    assert kinds["occurrence-due"]["alike_millis"] == 1_000
    assert 0 < kinds["work-planned"]["alike_millis"] < 1_000
    assert found["differences"] > 0
    assert "work planned" in call(*at(home), "shadow").stdout


def test_without_a_shadow_it_is_said_how_to_name_one(tmp_path: Path) -> None:
    result = call("--config", str(CASS), "--data", str(tmp_path), "shadow")
    assert result.exit_code == 1
    assert 'shadow = "other.toml"' in result.output


def test_nothing_of_it_changes_a_byte(home: Path) -> None:
    before = bytes_of(home)
    for words in (
        ("shadow",),
        ("whatif", "--set", "plan.per_phase_max=3"),
        ("simulate", "--days", "1", "--start", MONDAY),
    ):
        told(*at(home), *words)
    assert bytes_of(home) == before


@pytest.mark.parametrize("command", ["whatif", "shadow"])
def test_where_nothing_was_recorded_it_is_said(command: str, home: Path, tmp_path: Path) -> None:
    result = call(*at(home), "--data", str(tmp_path), command)
    assert result.exit_code == 1
    assert "nothing has been recorded" in result.output
