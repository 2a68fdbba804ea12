"""Runs whose daemon, or whose keeper, or both of them are killed."""

import os
from math import inf
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from actors.executor import identity
from actors.executor.folders import folders_of, make_roots
from actors.executor.keeper import beginning, words
from actors.executor.keeper.client import Kept
from events.runs import KeeperFound, KeeperLost, RunAdopted, RunEnded, RunResult, RunStarted
from tests.living.keeper_story import (
    Doors,
    gated,
    keepers,
    kill_keepers,
    open_gate,
    other_daemon,
    pid_in,
    starts,
    until,
)
from tests.living.process_story import (
    ANSWERS,
    Told,
    brief_of,
    command,
    has_died,
    now,
    shell,
)

pytestmark = pytest.mark.living

TRIES = 20  # of what takes a while, on a machine that is busy with other things


# The daemon is killed


def test_what_runs_when_the_daemon_is_killed_is_adopted_and_its_end_is_known(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    assert told.next(RunAdopted) == RunAdopted("r1-1", started.pid)
    open_gate(gate)
    ended = told.next(RunEnded)
    assert (ended.exit_code, ended.trouble, ended.tail) == (3, None, "before\nafter\n")
    assert starts(tmp_path) == ["r1-1"]


def test_a_beginning_that_the_log_does_not_know_is_told_again(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
    door().recover(brief_of(action), ANSWERS, None, same_boot=True)
    assert told.next(RunStarted) == started
    told.next(RunAdopted)
    open_gate(gate)
    assert told.next(RunEnded).exit_code == 3


def test_what_ended_while_the_daemon_was_down_has_its_end(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path, "echo '{\"cost_usd\": 0.5}'; exit 4")
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
    open_gate(gate)
    until((data / "outcomes/r1-1").exists)
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    ended = told.next(RunEnded)
    assert (ended.exit_code, ended.trouble) == (4, None)
    assert ended.result == RunResult(cost_usd_micros=500_000)
    assert starts(tmp_path) == ["r1-1"]


@pytest.mark.parametrize("same_boot", [True, False])
@pytest.mark.parametrize("known", [True, False], ids=["its start is known", "it is not"])
def test_an_end_waits_for_whoever_asks_however_often_and_without_a_keeper(
    data: Path, door: Doors, told: Told, same_boot: bool, known: bool
) -> None:
    first = door()
    first.start(brief_of(shell("exit 5")), ANSWERS)
    started, ended = told.next(RunStarted), told.next(RunEnded)
    first.close(0)
    for _ in range(2):
        again, known_start = door(), started if known else None
        again.recover(brief_of(shell("exit 5")), ANSWERS, known_start, same_boot=same_boot)
        assert told.next(RunEnded) == ended
        again.close(0)


def test_what_hangs_is_stopped_in_time_also_without_a_daemon(
    data: Path, door: Doors, told: Told
) -> None:
    action = shell("trap '' TERM; sleep 600 & while :; do wait; done", timeout_seconds=1)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
    assert has_died(started.pid)
    until((data / "outcomes/r1-1").exists)
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    assert told.next(RunEnded).trouble == "timed_out"


def test_an_adopted_run_is_stopped_on_request(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, _ = gated(tmp_path)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        daemon.told()
    again = door()
    again.recover(brief_of(action), ANSWERS, None, same_boot=True)
    again.stop("r1-1")
    assert told.ended().trouble == "cancelled"


def test_what_was_being_stopped_when_the_daemon_was_killed_is_stopped(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    script = f"trap 'echo > {ready}' TERM; echo > {ready}; while :; do sleep 0.01; done"
    action = shell(script, grace_seconds=2)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
        ready.read_text()
        daemon.stop("r1-1")
        ready.read_text()
    assert has_died(started.pid)
    until((data / "outcomes/r1-1").exists)
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    ended = told.next(RunEnded)
    assert (ended.trouble, ended.exit_code) == ("cancelled", -9)


def test_a_keeper_goes_when_there_is_nothing_left_to_keep(tmp_path: Path, data: Path) -> None:
    action, gate = gated(tmp_path)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        daemon.told()
    (keeper,) = keepers(data)
    open_gate(gate)
    assert has_died(keeper)


def test_a_daemon_that_stops_may_leave_its_runs_to_the_next_life(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path)
    first = door(leaves=True)
    first.start(brief_of(action), ANSWERS)
    started = told.next(RunStarted)
    first.close(30)
    assert told.rest() == []
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    told.next(RunAdopted)
    open_gate(gate)
    assert told.next(RunEnded).exit_code == 3


def test_a_hundred_live_runs_are_adopted_at_once(data: Path, door: Doors, told: Told) -> None:
    first, action = door(leaves=True), command("sleep", "600")
    briefs = [brief_of(action, f"r{n}-1", work=f"w{n}-1") for n in range(100)]
    for each in briefs:
        first.start(each, ANSWERS)
    started = {fact.run: fact for fact in (told.next(RunStarted) for _ in briefs)}
    first.close(0)
    took = [inf]
    while min(took) > 0.3 and len(took) <= TRIES:
        began, again = monotonic(), door(leaves=True)
        for each in briefs:
            again.recover(each, ANSWERS, started[each.run], same_boot=True)
        assert {told.next(RunAdopted).run for _ in briefs} == {*started}
        took.append(monotonic() - began)
        again.close(0)
    assert min(took) <= 0.3
    last = door()
    for each in briefs:
        last.recover(each, ANSWERS, started[each.run], same_boot=True)
    last.close(0)
    assert sum(isinstance(fact, RunEnded) for fact in told.rest()) == 100


# The keeper is killed


def test_when_the_keeper_is_killed_another_adopts_what_runs_and_its_end_is_unknown(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path, "echo '{\"cost_usd\": 2}'")
    first = door()
    first.start(brief_of(action), ANSWERS)
    started = told.next(RunStarted)
    until(lambda: starts(tmp_path))
    kill_keepers(data)
    assert told.next(RunAdopted) == RunAdopted("r1-1", started.pid)
    assert told.of_itself.get(timeout=60) == KeeperLost(1)
    assert told.of_itself.get(timeout=60) == KeeperFound()
    open_gate(gate)
    ended = told.next(RunEnded)
    assert (ended.trouble, ended.exit_code) == ("lost", None)
    assert ended.result == RunResult(cost_usd_micros=2_000_000)
    assert starts(tmp_path) == ["r1-1"]
    first.start(brief_of(shell("exit 6"), "r2-1"), ANSWERS)
    assert told.ended().exit_code == 6


def test_a_killed_keeper_is_replaced_also_while_nothing_runs(
    data: Path, door: Doors, told: Told
) -> None:
    first = door()
    first.start(brief_of(command("true")), ANSWERS)
    assert told.ended().exit_code == 0
    kill_keepers(data)
    first.start(brief_of(command("true"), "r2-1"), ANSWERS)
    assert told.ended().exit_code == 0


ESCAPE = "(env -i setsid /bin/sh -c 'echo $$ > {0}/escaped; exec /bin/sleep 600' &)"


def test_with_both_killed_what_escaped_and_cleared_its_environment_is_found_and_ended(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path, before=ESCAPE.format(tmp_path))
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
        escaped = pid_in(tmp_path / "escaped")
        until(lambda: starts(tmp_path))
        daemon.kill()
        kill_keepers(data)
    until(lambda: b"HORARIUM_TOKEN" not in identity.environment(escaped))
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    told.next(RunAdopted)
    open_gate(gate)
    assert told.next(RunEnded).trouble == "lost"
    assert has_died(escaped)
    assert starts(tmp_path) == ["r1-1"]


def test_with_both_killed_and_the_start_unknown_it_is_found_by_its_mark_alone(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    action = command("env", "-i", "/bin/sh", "-c", f"/bin/cat {gate}; exit 3")
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
        until(lambda: not identity.environment(started.pid).get(b"HORARIUM_TOKEN"))
        daemon.kill()
        kill_keepers(data)
    door().recover(brief_of(action), ANSWERS, None, same_boot=True)
    assert told.next(RunAdopted).pid == started.pid
    open_gate(gate)
    assert told.next(RunEnded).trouble == "lost"


def test_with_both_killed_and_its_end_unseen_it_is_lost_and_not_begun_again(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    action, gate = gated(tmp_path)
    with other_daemon(data) as daemon:
        daemon.start(brief_of(action))
        started = msgspec.json.decode(daemon.told(), type=RunStarted)
        until(lambda: starts(tmp_path))
        daemon.kill()
        kill_keepers(data)
    open_gate(gate)
    assert has_died(started.pid)
    again = door()
    for known in (started, None):
        again.recover(brief_of(action), ANSWERS, known, same_boot=True)
        ended = told.next(RunEnded)
        assert (ended.started, ended.trouble) == (True, "lost")
    assert starts(tmp_path) == ["r1-1"]


def test_in_another_boot_what_had_begun_is_lost_and_not_begun_again(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    make_roots(data)
    folders_of(brief_of(command("true")), data).make("{}")
    started = RunStarted("r1-1", os.getpid(), "another", 7, now())
    again = door()
    for known in (started, None):
        again.recover(brief_of(command("true")), ANSWERS, known, same_boot=False)
        ended = told.next(RunEnded)
        assert (ended.trouble, ended.detail) == ("lost", "the machine was started anew")


# Another keeper


def test_a_keeper_of_another_protocol_finishes_what_it_keeps(
    tmp_path: Path,
    data: Path,
    door: Doors,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    action, gate = gated(tmp_path)
    with monkeypatch.context() as former:
        former.setattr(words, "PROTOCOL", 0)
        former.setattr(
            beginning,
            "COMMAND",
            (
                "-c",
                "import sys; from actors.executor.keeper import words; words.PROTOCOL = 0\n"
                "from actors.executor.keeper.__main__ import main; main(*sys.argv[1:])",
            ),
        )
        first = door(leaves=True)
        first.start(brief_of(action), ANSWERS)
        started = told.next(RunStarted)
        first.close(0)
    second = door()
    second.recover(brief_of(action), ANSWERS, started, same_boot=True)
    second.start(brief_of(shell("exit 6"), "r2-1"), ANSWERS)
    assert told.next(RunAdopted) == RunAdopted("r1-1", started.pid)
    assert told.ended().exit_code == 6
    assert len(keepers(data)) == 2
    open_gate(gate)
    ended = told.next(RunEnded)
    assert (ended.exit_code, ended.trouble, ended.tail) == (3, None, "before\nafter\n")
    assert starts(tmp_path) == ["r1-1"]


def test_what_is_no_keeper_is_not_spoken_to(
    data: Path, door: Doors, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "COMMAND", ("-c", "raise SystemExit(1)"))
    door().start(brief_of(command("true")), ANSWERS)
    ended = told.next(RunEnded)
    assert (ended.started, ended.trouble, ended.detail) == (
        False,
        "spawn_failed",
        "there is no keeper: it ended at once with exit code 1: ",
    )


def test_a_data_folder_may_be_as_deep_as_it_likes(tmp_path: Path, told: Told) -> None:
    data = tmp_path / ("d" * 100) / ("e" * 100)
    house = Kept(data, told, now)
    house.start(brief_of(shell("exit 9")), ANSWERS)
    assert told.ended().exit_code == 9
    house.close(0)


def test_what_belongs_to_the_keeper_is_for_us_alone(data: Path, door: Doors, told: Told) -> None:
    door().start(brief_of(command("true")), ANSWERS)
    told.ended()
    folder = data / "keeper"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (data / "outcomes/r1-1").stat().st_mode & 0o777 == 0o600
