"""Asking for intents and sending signals: a small server stands in for the daemon, or nobody."""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.json import decode
from msgspec.structs import replace

from events.catalogue import AnyFact, ARequest
from events.configuration import ConfigurationLoaded, Dates, Day, Intent, On
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoveRequested,
    IntentSwitchRequested,
    SignalReceived,
)
from events.settings import Hours
from horarium.cli import horarium
from horarium.commands import options
from horarium.places import Places, places
from tests.contracts.small_server import served
from tests.whole.command_story import SETTINGS, at, log_of, projected

KEY = ("--key", "k7")
BERLIN = replace(
    SETTINGS,
    day=Day(timezone="Europe/Berlin"),
    intents={"backup": Intent(run="backup", every_seconds=3_600)},
)
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)  # in Berlin


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Noon":
            return cls.fromisoformat(NOON.isoformat()).astimezone(tz)

    monkeypatch.setattr(options, "datetime", Noon)


@pytest.fixture
def here() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="horarium-") as folder:
        found = places(f"{folder}/config.toml", folder)
        by_hand = IntentAdded("tea", Intent(run="digest", on=On(signal="tea")), "request")
        facts: list[AnyFact] = [ConfigurationLoaded("d1", BERLIN), by_hand]
        projected(found.data, log_of(found.data, [(at(5), facts)]))
        yield found


def call(here: Places, *words: str) -> Result:
    return CliRunner().invoke(horarium, ["--data", str(here.data), *words])


def asked(here: Places, *words: str, kind: str = "intent-added", **fact: Any) -> Any:
    """What the daemon was asked, and what came of its answer."""
    heard: list[ARequest] = []
    record = {"position": 8, "at": "2026-11-20T12:00:00Z", "by": "planner", "cause": 7}

    def answer(route: str, said: bytes) -> tuple[int, bytes]:
        assert route == "POST /v1/requests"
        heard.append(decode(said, type=ARequest))
        told = {**record, "kind": kind, "fact": fact, "hash": "00"}
        return 200, json.dumps({"position": 7, "answer": told}).encode()

    with served(here.data / "horarium.sock", answer):
        result = call(here, *words, *KEY)
    assert len(heard) == 1, result.output
    return heard[0], result


def added(here: Places, *words: str) -> Intent:
    request, result = asked(here, "intent", "add", "new", *words, name="new")
    assert (result.exit_code, result.stdout) == (0, "Added new.\n"), result.output
    assert isinstance(request, IntentAddRequested) and (request.name, request.key) == ("new", "k7")
    return request.intent


RUN = ("--run", "digest")
ADDED: dict[str, tuple[list[str], dict[str, Any]]] = {
    "cron": (["--cron", "0 9 * * mon-fri"], {"cron": "0 9 * * mon-fri"}),
    "every": (
        ["--every", "1h30m", "--from", "completion"],
        {"every_seconds": 5_400, "every_from": "completion"},
    ),
    "a local time": (["--at", "2026-12-24 18:00"], {"at": datetime(2026, 12, 24, 17, tzinfo=UTC)}),
    "a time of day": (["--at", "18:00"], {"at": datetime(2026, 11, 20, 17, tzinfo=UTC)}),
    "a time of day gone by": (["--at", "8:00"], {"at": datetime(2026, 11, 21, 7, tzinfo=UTC)}),
    "tomorrow": (["--at", "tomorrow 08:00"], {"at": datetime(2026, 11, 21, 7, tzinfo=UTC)}),
    "in a while": (["--at", "2h"], {"at": NOON + timedelta(hours=2)}),
    "elsewhere": (
        ["--at", "18:00", "--timezone", "Asia/Tokyo"],
        {"at": datetime(2026, 11, 21, 9, tzinfo=UTC), "timezone": "Asia/Tokyo"},
    ),
    "now": (["--at", "now"], {"now": True}),
    "a signal": (["--on-signal", "bell"], {"on": On(signal="bell")}),
    "an end": (["--on-failed", "tea"], {"on": On(failed="tea")}),
    "a chain": (
        ["--after", "backup", "--after-when", "always"],
        {"after": "backup", "after_when": "always"},
    ),
    "conditions": (
        ["--every", "1h", "--phases", "morning", "--phases", "evening", "--max-runs", "3",
         "--windows", "mon-wed,sat 09:00-17:00", "--exclude", "2026-12-24..2026-12-26",
         "--ends-at", "2027-01-01 00:00", "--only-if-idle"],
        {"every_seconds": 3_600, "phases": ("morning", "evening"), "max_runs": 3,
         "windows": (Hours(start=time(9), end=time(17), days=("mon", "tue", "wed", "sat")),),
         "exclude": (Dates(first=date(2026, 12, 24), last=date(2026, 12, 26)),),
         "ends_at": datetime(2026, 12, 31, 23, tzinfo=UTC), "only_if_idle": True},
    ),
    "policies": (
        ["--every", "1h", "--misfire", "run_all", "--misfire-limit", "5", "--overlap",
         "buffer_all", "--overlap-limit", "2", "--jitter", "5m", "--start-deadline", "10m",
         "--priority", "high", "--user-facing", "--disabled", "--input", '{"a": [1]}'],
        {"every_seconds": 3_600, "misfire": "run_all", "misfire_limit": 5,
         "overlap": "buffer_all", "overlap_limit": 2, "jitter_seconds": 300,
         "start_deadline_seconds": 600, "priority": "high", "user_facing": True,
         "enabled": False, "input_json": '{"a":[1]}'},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "meant"), ADDED.values(), ids=ADDED)
def test_the_settings_of_an_intent_are_options(
    here: Places, words: list[str], meant: dict[str, Any]
) -> None:
    assert added(here, *RUN, *words) == Intent(run="digest", **meant)


REFUSED: dict[str, tuple[list[str], list[str]]] = {
    "nothing at all": ([], ["--run", "it is missing"]),
    "several things at once": (
        ["--run", "digset", "--every", "soon", "--misfire", "skipp", "--phases", "mornig"],
        ["unknown action or template 'digset' (did you mean 'digest'?)", "--every", "--misfire",
         "did you mean 'skip'?", "did you mean 'morning'?"],
    ),
    "a time that does not exist": (
        [*RUN, "--at", "2027-03-28 02:30"],
        ["does not exist in Europe/Berlin", "2027-03-28T01:30:00+01:00",
         "2027-03-28T03:30:00+02:00"],
    ),
    "a time that comes twice": (
        [*RUN, "--at", "2026-10-25 02:30"],
        ["comes twice", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"],
    ),
    "a cron that is none": ([*RUN, "--cron", "61 * * * *"], ["--cron"]),
    "two triggers": ([*RUN, "--cron", "@daily", "--every", "1h"], ["every"]),
    "an intent that is not there": ([*RUN, "--after", "bakcup"], ["did you mean 'backup'?"]),
    "input that is no object": ([*RUN, "--at", "now", "--input", "[1"], ["--input"]),
    "a window that is none": ([*RUN, "--every", "1h", "--windows", "soon"], ["--windows"]),
    "a number that is none": ([*RUN, "--every", "1h", "--max-runs", "many"], ["--max-runs"]),
}  # fmt: skip


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_intent_is_refused_with_all_that_is_wrong(
    here: Places, words: list[str], said: list[str]
) -> None:
    result = call(here, "intent", "add", "new", *words)
    assert result.exit_code == 2, result.output
    for each in said:
        assert each in result.stderr


def test_a_name_that_cannot_be_one_is_refused(here: Places) -> None:
    result = call(here, "intent", "add", "1 2", *RUN, "--at", "now")
    assert result.exit_code == 2 and "is not a name" in result.stderr


@pytest.mark.parametrize(
    ("words", "kind", "fact", "meant", "said"),
    [
        (["intent", "remove", "tea"], "intent-removed", {"name": "tea", "reason": "asked"},
         IntentRemoveRequested("tea", "k7"), "Removed tea: it is never due again."),
        (["intent", "enable", "tea"], "intent-switched", {"name": "tea", "enabled": True},
         IntentSwitchRequested("tea", True, "k7"), "Enabled tea."),
        (["intent", "disable", "tea"], "intent-switched", {"name": "tea", "enabled": False},
         IntentSwitchRequested("tea", False, "k7"), "Disabled tea."),
        (["signal", "bell"], "occurrence-due", {"intent": "ring"},
         SignalReceived("bell", "k7"), "ring is due."),
        (["signal", "bell", "--data", '{"a": 1}'], "request-repeated", {"work": ""},
         SignalReceived("bell", "k7", '{"a":1}'), "it was answered then"),
    ],
    ids=["remove", "enable", "disable", "signal", "signal again"],
)  # fmt: skip
def test_other_requests_are_asked_and_answered(
    here: Places, words: list[str], kind: str, fact: dict[str, Any], meant: ARequest, said: str
) -> None:
    request, result = asked(here, *words, kind=kind, **fact)
    assert request == meant
    assert result.exit_code == 0 and said in result.stdout


@pytest.mark.parametrize(
    ("reason", "subject", "said"),
    [
        ("unknown_intent", "te", "no intent is called 'te'. Did you mean tea?"),
        ("name_taken", "tea", "something is called tea already."),
        ("not_made_by_hand", "backup", "`horarium intent disable backup`"),
        ("nobody_listens", "bell", "no intent waits for the signal bell."),
        ("intent_disabled", "tea", "tea is disabled."),
        ("invalid_intent", "tea", "tea cannot be an intent"),
    ],
)
def test_each_refusal_has_its_words(here: Places, reason: str, subject: str, said: str) -> None:
    _, result = asked(
        here, "intent", "remove", subject, kind="request-refused", subject=subject, reason=reason
    )
    assert result.exit_code == 1 and said in result.stderr


@pytest.mark.parametrize("data", ["[1]", "{", '{"a": NaN}'])
def test_data_that_is_no_object_is_misuse(here: Places, data: str) -> None:
    assert call(here, "signal", "bell", "--data", data).exit_code == 2


@pytest.mark.parametrize(
    "words",
    ["intent add new --run digest --at now", "intent remove tea", "intent enable tea",
     "signal bell"],
)  # fmt: skip
def test_without_a_daemon_nothing_is_asked(here: Places, words: str) -> None:
    result = call(here, *words.split())
    assert result.exit_code == 3 and "the daemon is not running" in result.stderr
