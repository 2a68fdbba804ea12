"""A daemon whose agents turn work away, are full, and lose their keeper: the log proves it all."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from events.intents import AlertCleared, AlertRaised
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    RunClosed,
    RunRetrying,
    RunSettled,
    RunStarted,
    RunStarting,
    RunWaiting,
)
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from tests.living.keeper_story import kill_keepers
from tests.whole.daemon_story import Daemon, house, living, sh, wait_for, whole_log

pytestmark = pytest.mark.living

ANSWER = '{"type":"result","subtype":"success","is_error":false,"result":"done"}'
AWAY = '{"type":"result","subtype":"success","is_error":true,"result":"API Error: 429"}'
HOUSE = """
[budget]
daily_usd = 5
categories = {{ general = 5 }}
[lanes]
main = {{ concurrency = 4 }}
[executors.claude]
command = ["{folder}/claude"]
concurrency = 1
[executors.gemini]
command = ["{folder}/missing"]
[actions.ask]
executor = "gemini"
fallback = ["claude"]
prompt = "?"
ceiling_usd = 0.1
[actions.alone]
executor = "claude"
prompt = "?"
ceiling_usd = 0.1
[actions.looked-at]
{long}
probe_command = ["test", "-e", "{folder}/done"]
[actions.lost]
{long}
"""


def script(folder: Path, name: str, *lines: str) -> None:
    path = folder / name
    path.write_text("\n".join(("#!/bin/sh", "cat > /dev/null", *lines, "")))
    path.chmod(0o755)


def agents(folder: Path, *lines: str) -> str:
    script(folder, "claude", *lines)
    gate = sh(f"until [ -e {folder}/go ]; do sleep 0.02; done")
    return HOUSE.format(folder=folder, long=gate)


def wrong(daemon: Daemon) -> Sequence[Violation]:
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(whole_log(daemon.here))
    checker.finish({})
    return found


def test_the_next_of_the_chain_takes_over_and_no_more_run_than_may(tmp_path: Path) -> None:
    here = house(tmp_path, agents(tmp_path, "sleep 0.3", f"echo '{ANSWER}'"))
    with living(here) as daemon:
        works = [daemon.request("ask") for _ in range(3)]
        assert daemon.finished(*works) == ["completed"] * 3
        assert daemon.facts(RunWaiting)
        closed = daemon.facts(RunClosed, outcome="succeeded")
        assert {it.executor for it in closed} == {"claude"}
        (rested,) = daemon.facts(ExecutorRested)
        assert (rested.executor, rested.reason) == ("gemini", "misconfigured")
        told = {
            it["executor"]: it["state"] for it in daemon.projected().told("status")["executors"]
        }
        assert told["gemini"] == "resting"
        assert daemon.stop() == 0
    assert wrong(daemon) == []


def test_one_that_is_turned_away_waits_for_the_reset_and_goes_on_once(tmp_path: Path) -> None:
    limited = agents(
        tmp_path,
        f"[ -e {tmp_path}/been ] && echo '{ANSWER}' && exit 0",
        f"touch {tmp_path}/been",
        f"echo '{AWAY}'",
        "exit 1",
    )
    limited = limited.replace("[actions.alone]\n", '[actions.alone]\nbackoff = "1s"\n')
    here = house(tmp_path, limited)
    with living(here) as daemon:
        work = daemon.request("alone")
        rested = daemon.until(ExecutorRested, executor="claude", reason="rate_limited")
        assert daemon.until(RunRetrying, work=work).attempt == 1
        daemon.until(AlertRaised, alert="executor_exhausted", subject="claude")
        daemon.until(ExecutorRecovered, seconds=30, executor="claude")
        assert daemon.finished(work) == ["completed"]
        first, second = [r.at for r in daemon.log() if isinstance(r.fact, RunStarting)]
        assert second >= rested.until > first
        daemon.until(AlertCleared, alert="executor_exhausted")
        assert daemon.stop() == 0
    assert wrong(daemon) == []


def test_without_its_keeper_a_run_is_looked_at_or_waits_for_a_person(tmp_path: Path) -> None:
    here = house(tmp_path, agents(tmp_path))
    with living(here) as daemon:
        works = [daemon.request("looked-at"), daemon.request("lost")]
        wait_for(lambda: len(daemon.facts(RunStarted)) == 2, "what runs")
        kill_keepers(here.data)
        lost = daemon.until(KeeperLost)
        daemon.until(KeeperFound)
        (tmp_path / "done").touch()
        (tmp_path / "go").touch()
        assert lost.open_runs == 2
        assert daemon.until(ProbeEnded).exit_code == 0
        assert daemon.finished(*works) == ["completed", "unknown"]
        assert daemon.until(RunSettled).by == "probe"
        (run,) = [it["run"] for it in daemon.projected().told("runs", "--state", "unknown")]
        daemon.until(AlertRaised, alert="run_unknown", subject=run)
        settled = daemon.command("settle", run, "--as", "failed", "--note", "I looked")
        assert (settled.exit_code, settled.output) == (0, f"Settled {run}: it failed.\n")
        again = daemon.command("settle", run, "--as", "succeeded")
        assert again.exit_code == 1
        daemon.until(AlertCleared, alert="run_unknown", subject=run)
        assert daemon.projected().told("runs", "--state", "unknown") == []
        assert daemon.stop() == 0
    assert wrong(daemon) == []
