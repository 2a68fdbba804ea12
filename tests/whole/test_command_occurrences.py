"""The ledger and the intents on the command line: over a day that was prepared, with no daemon."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from events.catalogue import AnyFact
from events.configuration import ConfigurationLoaded, Intent, On
from events.intents import IntentAdded, IntentRemoved, IntentSwitched, OccurrenceBuffered
from events.plan import OccurrenceSkipped
from events.time import (
    DayStarted,
    Expected,
    OccurrenceDue,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
)
from horarium.cli import horarium
from horarium.commands import options
from horarium.commands.comings import Coming, _intent
from horarium.commands.showing import in_seconds
from horarium.daemon.lock import Lock, Owner
from horarium.places import Places, places
from tests.whole.command_story import FRIDAY, NOW, SETTINGS, at, log_of, planned, projected

Call = Callable[..., Result]
HOUSE = replace(
    SETTINGS,
    intents={
        "minutely": Intent(run="digest", cron="* 9-17 * * *"),
        "backup": Intent(run="backup", every_seconds=3_600, misfire="skip"),
        "ring": Intent(run="digest", on=On(signal="bell")),
    },
)
END = at(0) + timedelta(days=1)


class Afternoon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Afternoon":
        return cls.fromisoformat(NOW.isoformat()).astimezone(tz)


class DayAfter(datetime):
    """The same time, a day later."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "DayAfter":
        return cls.fromisoformat((NOW + timedelta(days=1)).isoformat()).astimezone(tz)


@pytest.fixture(autouse=True)
def at_half_past_two(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(options, "datetime", Afternoon)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def ran(name: str, due_at: datetime, number: int) -> list[AnyFact]:
    key = f"{name}@{due_at:%Y-%m-%dT%H:%M:%SZ}"
    work = replace(planned(f"w{number}-1", "digest", None, "system", 0), key=key)
    return [OccurrenceDue(name, due_at), work]


def a_day() -> list[tuple[datetime, list[AnyFact]]]:
    """Until noon; then nobody was there any more."""
    minutes = [ran("minutely", at(9) + timedelta(minutes=n), 100 + n) for n in range(180)]
    return [
        (at(5), [ConfigurationLoaded("d1", HOUSE),
                 IntentAdded("tea", Intent(run="digest", at=at(16)), "request", "k1"),
                 IntentAdded("once", Intent(run="digest", now=True), "request", "k2"),
                 IntentRemoved("once", "over"), IntentSwitched("ring", False),
                 DayStarted(FRIDAY, at(0), END)]),
        (at(5), [OccurrencesExpected(FRIDAY, "day_started", (
                 Expected("minutely", at(9), at(17, 59), 540),
                 Expected("backup", at(6), at(23), 18)))]),
        (at(8), [OccurrencesCoalesced("backup", at(6), at(7), 2, at(8), "host_slept"),
                 *ran("backup", at(8), 50)]),
        (at(9), [OccurrenceDue("backup", at(9)),
                 OccurrenceSkipped("backup", at(9), "still_running")]),
        *((at(9) + timedelta(minutes=n), facts) for n, facts in enumerate(minutes)),
        (at(12), [OccurrenceMissed("backup", at(10), at(11), 2, "host_slept", policy="skip"),
                  OccurrenceDue("backup", at(12)), OccurrenceBuffered("backup", at(12))]),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("ledger")
    found = places(str(folder / "config.toml"), str(folder / "data"))
    projected(found.data, log_of(found.data, a_day()))
    return found


@pytest.fixture
def call(here: Places) -> Call:
    return lambda *words: CliRunner().invoke(horarium, [*words, "--data", str(here.data)])


def told(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def rows(call: Call, *words: str) -> list[list[str]]:
    """The lines of the table, without blanks."""
    result = call("occurrences", *words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    return [[part for part in line.split("  ") if part.strip()] for line in lines]


def test_a_day_is_told_in_ranges_with_verdicts_reasons_and_work(call: Call) -> None:
    shown = [[part.strip() for part in line] for line in rows(call)]
    assert shown[0] == [
        "Fri 20 Nov 2026",
        "558 expected, 181 planned, 1 skipped, 2 missed, 2 coalesced, 372 open",
    ]
    assert ["06:00 to 07:00", "2", "backup", "coalesced",
            "the machine slept; 08:00 stands for it"] in shown  # fmt: skip
    assert ["08:00", "backup", "planned", "w50-1"] in shown
    assert ["09:00", "backup", "skipped", "the one before it still ran"] in shown
    assert ["09:00 to 11:59", "180", "minutely", "planned", "w279-1"] in shown
    assert ["10:00 to 11:00", "2", "backup", "missed",
            "the machine slept; what is missed is never made up for"] in shown  # fmt: skip
    assert ["12:00", "backup", "buffered", "waits for the end of the one before it"] in shown


def test_the_silence_of_a_daemon_that_is_not_there_is_told(call: Call) -> None:
    shown = [[part.strip() for part in line] for line in rows(call, "--open")]
    assert ["12:00 to 17:59", "360", "minutely", "expected", "150 of them overdue"] in shown
    assert ["13:00 to 23:00", "11", "backup", "expected", "2 of them overdue"] in shown
    assert shown[-1] == ["152 occurrences should have come since: the daemon is not running"]


def test_a_living_daemon_is_not_said_to_be_dead(call: Call, here: Places) -> None:
    with Lock(here.lock, Owner(1, "now")):
        assert "the daemon has not come to it yet" in call("occurrences", "--open").stdout
        assert told(call("occurrences", "--json"))["daemon"] == "running"


def test_the_ledger_is_json_too_and_of_one_intent(call: Call) -> None:
    found = told(call("occurrences", "today", "--intent", "backup", "--json"))
    assert (found["day"], found["expected"], found["open"], found["overdue"]) == (
        "2026-11-20", 18, 12, 2,
    )  # fmt: skip
    assert found["verdicts"] == {"planned": 1, "skipped": 1, "missed": 2, "coalesced": 2}
    assert {row["intent"] for row in found["rows"]} == {"backup"}
    last = found["rows"][-1]
    assert (last["due_at"], last["count"]) == ("2026-11-20T13:00:00.000000Z", 11)
    result = call("occurrences", "--intent", "bakcup")
    assert (result.exit_code, "Did you mean backup?" in result.stderr) == (1, True)


def test_the_ledger_of_the_past_does_not_speak_of_who_lives(call: Call) -> None:
    found = told(call("occurrences", "--as-of", "2026-11-20T08:30:00Z", "--json"))
    assert (found["open"], found["overdue"], "daemon" in found) == (555, 0, False)


def test_a_day_that_left_something_open_is_remembered_on_the_next(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "datetime", DayAfter)
    shown = call("occurrences", "2026-11-21")
    assert "0 expected, 0 open" in shown.stdout and "Open since before" in shown.stdout


def test_what_today_still_expects_is_not_overdue_on_a_day_to_come(call: Call) -> None:
    shown = call("occurrences", "2026-11-21").stdout
    assert "0 expected, 0 open" in shown and "overdue" not in shown


def test_lines_are_cut_at_a_limit_and_the_sums_are_not(call: Call) -> None:
    result = call("occurrences", "--limit", "1")
    assert "and 7 lines more; --limit shows them" in result.stdout
    assert "181 planned" in result.stdout


def test_intents_are_listed_with_source_and_last_verdict(call: Call) -> None:
    lines = [line.split() for line in call("intent", "list").stdout.splitlines()]
    assert [line[0] for line in lines] == ["intent", "backup", "minutely", "ring", "tea"]
    assert lines[2][:2] == ["minutely", "cron"] and "w279-1" in lines[2]
    assert "disabled" in lines[3] and "request" in lines[4]
    everything = call("intent", "list", "--all").stdout
    assert "it will not be due again" in everything
    found = {one["intent"]: one for one in told(call("intent", "list", "--all", "--json"))}
    assert found["once"]["state"] == "removed"
    assert found["backup"]["last_verdict"] == "due"


def test_an_intent_is_shown_with_what_comes_next(call: Call) -> None:
    found = told(call("intent", "show", "minutely", "--json"))
    assert found["next"][0] == "2026-11-20T14:31:00Z" and len(found["next"]) == 3
    assert found["sentence"] and len(found["verdicts"]) == 5
    shown = call("intent", "show", "backup").stdout
    assert "1 planned, 1 skipped, 2 missed, 2 coalesced, 1 buffered" in shown
    assert "next" not in call("intent", "show", "once").stdout
    result = call("intent", "show", "bakcup")
    assert (result.exit_code, "Did you mean backup?" in result.stderr) == (1, True)


def test_an_intent_is_shown_as_the_configuration_writes_it(call: Call) -> None:
    shown = " ".join(call("intent", "show", "ring").stdout.split())
    assert 'settings run = "digest", on = { signal = "bell" }' in shown
    shown = " ".join(call("intent", "show", "backup").stdout.split())
    assert 'settings run = "backup", every = "1h", misfire = "skip"' in shown


@pytest.mark.parametrize(
    ("trigger", "seconds"),
    [
        ("every 3s", True),
        ("every 1m30s", True),
        ("every 1h from completion", False),
        ("cron */5 * * * * *", True),
        ("cron 0 5 * * * *", False),
        ("cron * * * * *", False),
        ("at 2026-11-20T08:00:07Z", True),
        ("at 2026-11-20T08:00:00Z", False),
        ("on signal bells", False),
        ("now", False),
        ("", False),
    ],
)
def test_seconds_are_shown_where_the_trigger_has_them(trigger: str, seconds: bool) -> None:
    assert in_seconds(trigger) == seconds
    last = "2026-11-20T08:00:07.000000Z"
    due = Coming("a", trigger, True, last, "", "", None, None)
    assert _intent(due)[2] == ("08:00:07" if seconds else "08:00")


def test_status_tells_the_last_and_the_next_of_each_intent(call: Call) -> None:
    found = {one["intent"]: one for one in told(call("status", "--json"))["intents"]}
    assert [*found] == ["minutely", "backup", "tea", "ring"]
    assert found["minutely"]["next_due_at"] == "2026-11-20T14:31:00.000000Z"
    assert found["minutely"]["last_work"] == "w279-1"
    assert (found["ring"]["next_due_at"], found["ring"]["enabled"]) == (None, False)
    lines = [line.split() for line in call("status").stdout.splitlines()]
    assert ["tea", "16:00"] in lines and ["ring", "disabled"] in lines


def test_days_and_brief_count_the_verdicts(call: Call) -> None:
    [day] = told(call("days", "--json"))
    assert day["occurrences"] == {"coalesced": 2, "missed": 2, "planned": 181, "skipped": 1}
    found = told(call("brief", "--json"))["missed"]
    assert {(it["verdict"], it["count"]) for it in found} == {
        ("coalesced", 2), ("skipped", 1), ("missed", 2),
    }  # fmt: skip


@pytest.mark.parametrize("words", ["occurrences", "intent list", "intent show backup"])
def test_where_nothing_happened_yet_it_is_said(tmp_path: Path, words: str) -> None:
    result = CliRunner().invoke(horarium, [*words.split(), "--data", str(tmp_path)])
    assert result.exit_code == 1 and "start the daemon" in result.stderr
