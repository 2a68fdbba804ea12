"""Intents by hand, signals and the ledger, of a real daemon."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.intents import IntentAdded, IntentSwitched, SignalReceived
from events.time import OccurrenceDue
from events.work import WorkPlanned
from tests.whole.daemon_story import Daemon, call, house, living, sh, wait_for

pytestmark = pytest.mark.living

HOUSE = f"""
[actions.echo]
{sh("cat; echo done")}
[intents.ring]
run = "echo"
on.signal = "bell"
[intents.yearly]
run = "echo"
cron = "0 0 1 1 *"
[intents.night]
run = "echo"
cron = "59 23 * * *"
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with living(house(tmp_path_factory.mktemp("intents"), HOUSE)) as one:
        yield one
        assert one.stop() == 0


def said(daemon: Daemon, *words: str) -> tuple[int, str]:
    """The folder stands in front, because a signal has data of its own."""
    result = daemon.command(*words)
    return result.exit_code, (result.stdout or result.stderr).strip()


def test_a_signal_makes_its_intents_due_once_for_each_key(daemon: Daemon) -> None:
    ring = ("signal", "bell", "--data", '{"version": 7}', "--key", "one")
    assert said(daemon, *ring) == (0, "ring is due.")
    due = daemon.until(OccurrenceDue, intent="ring")
    assert due.data_json == '{"version":7}'
    work = daemon.until(WorkPlanned, name="echo", source="intent")
    assert daemon.finished(work.work) == ["completed"] and '"version":7' in work.input_json
    code, words = said(daemon, *ring)
    assert code == 0 and words.startswith("Asked before under this key")
    assert len(daemon.facts(OccurrenceDue, intent="ring")) == 1
    assert len(daemon.facts(SignalReceived)) == 2


def test_a_signal_that_nobody_waits_for_is_refused(daemon: Daemon) -> None:
    assert said(daemon, "signal", "bull") == (1, "Error: no intent waits for the signal bull.")


def test_an_intent_made_by_hand_is_due_at_once_and_can_be_removed(daemon: Daemon) -> None:
    add = ("intent", "add", "tea", "--run", "echo", "--at", "now", "--key", "two")
    assert said(daemon, *add) == (0, "Added tea.")
    daemon.until(OccurrenceDue, intent="tea")
    code, words = said(daemon, *add)
    assert code == 0 and words.startswith("Asked before under this key")
    assert len(daemon.facts(IntentAdded)) == 1
    assert said(daemon, "intent", "add", "hourly", "--run", "echo", "--every", "1h")[0] == 0
    taken = said(daemon, "intent", "add", "hourly", "--run", "echo", "--at", "now")
    assert taken == (1, "Error: something is called hourly already.")
    assert said(daemon, "intent", "remove", "hourly")[0] == 0
    assert said(daemon, "intent", "remove", "hourly")[0] == 1
    code, words = said(daemon, "intent", "remove", "ring")
    assert code == 1 and "horarium intent disable ring" in words
    found = {one["intent"]: one for one in daemon.projected().told("intent", "list", "--all")}
    assert (found["hourly"]["state"], found["hourly"]["source"]) == ("removed", "request")


def test_an_intent_that_is_disabled_is_not_due(daemon: Daemon) -> None:
    assert said(daemon, "intent", "disable", "night") == (0, "Disabled night.")
    assert daemon.until(IntentSwitched, name="night").enabled is False
    found = daemon.projected().told("intent", "show", "night")
    assert (found["enabled"], found["next"]) == (False, [])
    assert said(daemon, "intent", "disable", "night")[0] == 1, "there is nothing to do"
    assert said(daemon, "intent", "enable", "night") == (0, "Enabled night.")


def test_the_heartbeat_of_a_daemon_that_is_well(daemon: Daemon) -> None:
    told = daemon.projected().told("status")
    assert (told["daemon"]["state"], told["daemon"]["silent"]) == ("alive", [])
    assert told["daemon"]["answered_in_ms"] < 2_000
    due = {one["intent"]: one["next_due_at"] for one in told["intents"]}
    assert due["ring"] is None and "-01-01T00:00:00" in due["yearly"]


def test_what_was_expected_of_a_daemon_that_was_killed_stays_open(tmp_path: Path) -> None:
    text = HOUSE + '[intents.tick]\nrun = "echo"\nevery = "1s"\n'
    here = house(tmp_path, text)
    with living(here) as daemon:
        daemon.until(OccurrenceDue, intent="tick")
        daemon.projected()
        daemon.kill()
        found = wait_for(lambda: daemon.told("occurrences", "--open")["rows"], "a row")
    tick = next(row for row in found if row["intent"] == "tick")
    assert (tick["verdict"], tick["count"] > 0) == ("expected", True)
    assert call(here, "status").stdout.splitlines()[1].startswith("not running")


def stands_still(pid: int) -> bool:
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def test_a_daemon_that_stands_still_is_said_to_hang(tmp_path: Path) -> None:
    with living(house(tmp_path, HOUSE)) as daemon:
        daemon.send(signal.SIGSTOP)
        wait_for(lambda: stands_still(daemon.process.pid), "all of its threads")
        result = daemon.command("status")
        assert result.exit_code == 1
        assert result.stdout.splitlines()[1] == "hung: nothing came back in 4 s"
        daemon.send(signal.SIGCONT)
        assert daemon.told("status")["daemon"]["state"] == "alive"


def test_what_was_made_and_switched_by_hand_outlives_the_daemon(tmp_path: Path) -> None:
    here = house(tmp_path, HOUSE)
    with living(here) as daemon:
        assert said(daemon, "intent", "add", "hourly", "--run", "echo", "--every", "1h")[0] == 0
        assert said(daemon, "intent", "disable", "night")[0] == 0
        assert daemon.stop() == 0
    with living(here) as daemon:
        due = {one["intent"]: one for one in daemon.projected().told("status")["intents"]}
        assert due["hourly"]["next_due_at"] and not due["night"]["enabled"]
        taken = said(daemon, "intent", "add", "hourly", "--run", "echo", "--at", "now")
        assert taken == (1, "Error: something is called hourly already.")
        assert said(daemon, "intent", "remove", "hourly")[0] == 0
