"""A daemon that comes back: what ran, what was paused, what was asked of it while it was down."""

from pathlib import Path

import pytest

from events.daemon import DaemonStarted
from events.requests import Paused, Resumed, WorkRequested
from events.runs import RunAdopted, RunClosed, RunStarted, RunStarting
from events.time import PhaseEnded
from events.work import WorkDeferred, WorkDropped, WorkFinished, WorkHeld, WorkPlanned
from horarium.places import Places
from tests.living.keeper_story import kill_keepers
from tests.whole.daemon_story import (
    Daemon,
    call,
    house,
    living,
    phases_from_now,
    sh,
    wait_for,
    whole_log,
)

pytestmark = pytest.mark.living

UNTIL_GO = "echo $HORARIUM_RUN >> {0}/starts; until [ -e {0}/go ]; do sleep 0.02; done; echo over"


def jobs(folder: Path) -> str:
    return f"""
[lanes.main]
concurrency = 10
[lanes.side]
[budget]
categories = {{ general = "50%", other = "20%" }}
[actions.echo]
{sh("echo hello")}
[actions.aside]
{sh("echo hello")}
category = "other"
lane = "side"
[actions.long]
{sh(UNTIL_GO.format(folder))}
[actions.again]
{sh(UNTIL_GO.format(folder))}
safe_to_repeat = true
attempts = 3
backoff = "0s"
"""


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return house(tmp_path, jobs(tmp_path))


def begun(daemon: Daemon, action: str) -> str:
    """A work of this action whose process is known to have printed or marked its start."""
    work = daemon.request(action)
    run = daemon.until(RunStarting, work=work).run
    daemon.until(RunStarted, run=run)
    starts = daemon.here.data.parent / "starts"
    wait_for(lambda: starts.exists() and run in starts.read_text(), "its start")
    return work


def test_a_job_that_outlives_its_daemon_is_adopted_and_ends_as_any_other(
    here: Places, tmp_path: Path
) -> None:
    with living(here) as daemon:
        work = begun(daemon, "long")
        daemon.kill()
        with living(here) as next_life:
            next_life.until(RunAdopted)
            (tmp_path / "go").touch()
            assert next_life.finished(work) == ["completed"]
            assert [run.outcome for run in next_life.closed(work)] == ["succeeded"]
            assert next_life.stop() == 0
    assert len((tmp_path / "starts").read_text().split()) == 1


def test_a_job_that_outlives_its_daemon_and_its_keeper_is_adopted_and_gets_one_verdict(
    here: Places, tmp_path: Path
) -> None:
    with living(here) as daemon:
        work, again = begun(daemon, "long"), begun(daemon, "again")
        daemon.kill()
        kill_keepers(here.data)
        with living(here) as next_life:
            next_life.until(RunAdopted)
            (tmp_path / "go").touch()
            assert next_life.finished(work, again) == ["unknown", "completed"]
            verdicts = [run.outcome for run in next_life.closed(again)]
            assert verdicts == ["unknown", "succeeded"]
            assert [run.outcome for run in next_life.closed(work)] == ["unknown"]
            assert next_life.stop() == 0
    starts = (tmp_path / "starts").read_text().split()
    assert len(starts) == len({*starts}) == 3
    finished = [r.fact.work for r in whole_log(here) if isinstance(r.fact, WorkFinished)]
    assert sorted(finished) == sorted([work, again])


def test_a_job_that_ended_while_the_daemon_was_down_has_its_end(
    here: Places, tmp_path: Path
) -> None:
    with living(here) as daemon:
        work = begun(daemon, "long")
        run = daemon.facts(RunStarted)[0].run
        daemon.kill()
        (tmp_path / "go").touch()
        wait_for((here.data / "outcomes" / run).exists, "its end")
    with living(here) as daemon:
        assert daemon.finished(work) == ["completed"]
        assert not daemon.facts(RunAdopted)
        assert daemon.stop() == 0
    assert (tmp_path / "starts").read_text().count("r") == 1


def test_a_daemon_may_leave_its_jobs_running(tmp_path: Path) -> None:
    here = house(tmp_path, "[executor]\nleave_running = true\n" + jobs(tmp_path))
    with living(here) as daemon:
        work = begun(daemon, "long")
        assert daemon.stop() == 0
        with living(here) as next_life:
            next_life.until(RunAdopted)
            (tmp_path / "go").touch()
            assert next_life.finished(work) == ["completed"]
            assert next_life.stop() == 0
    assert (tmp_path / "starts").read_text().count("r") == 1


def test_a_job_that_ended_while_nobody_looked_is_unknown_and_not_repeated(
    here: Places, tmp_path: Path
) -> None:
    with living(here) as daemon:
        work = begun(daemon, "long")
        started = daemon.facts(RunStarted)[0]
        daemon.kill()
        kill_keepers(here.data)
        (tmp_path / "go").touch()
        process = Path(f"/proc/{started.pid}")
        wait_for(lambda: not process.exists() or "zombie" in (process / "status").read_text(),
                 "its end")  # fmt: skip
    with living(here) as daemon:
        assert daemon.finished(work) == ["unknown"]
        assert daemon.stop() == 0
    assert (tmp_path / "starts").read_text().count("r") == 1


def test_a_stop_and_a_start_keep_what_waits(here: Places) -> None:
    with living(here, "--paused") as daemon:
        works = [daemon.request("echo") for _ in range(5)]
        assert all(daemon.until(WorkHeld, work=work).reason == "paused" for work in works)
        assert daemon.stop() == 0
    with living(here) as daemon:
        assert daemon.told("status")["paused"] is True
        assert not daemon.facts(RunStarting)
        assert daemon.command("resume").exit_code == 0
        assert daemon.finished(*works) == ["completed"] * 5
        assert daemon.stop() == 0
    assert len([r for r in whole_log(here) if isinstance(r.fact, RunClosed)]) == 5


def test_a_pause_asked_for_while_it_is_down_holds_when_it_returns(here: Places) -> None:
    with living(here) as daemon:
        assert daemon.stop() == 0
    result = call(here, "pause", "--reason", "night")
    assert (result.exit_code, "when it returns" in result.output) == (0, True)
    result = call(here, "request", "echo")
    assert (result.exit_code, "horarium run" in result.output) == (3, True)
    with living(here) as daemon:
        assert daemon.until(Paused, scope="all").note == "night"
        work = daemon.request("echo")
        daemon.until(WorkHeld, work=work, reason="paused")
        assert [*here.inbox.iterdir()] == []
        assert daemon.stop() == 0
    assert call(here, "resume").exit_code == 0
    with living(here) as daemon:
        daemon.until(Resumed, scope="all")
        assert daemon.finished(work) == ["completed"]
        assert daemon.stop() == 0


def test_a_category_or_a_lane_is_paused_alone(here: Places) -> None:
    with living(here) as daemon:
        for words, scope in ((["--category", "other"], "category"), (["--lane", "side"], "lane")):
            assert daemon.command("pause", *words).exit_code == 0
            held, free = daemon.request("aside"), daemon.request("echo")
            assert daemon.finished(free) == ["completed"]
            assert daemon.until(WorkHeld, work=held).reason == "paused"
            pauses = daemon.projected().told("status")["pauses"]
            assert [pause["scope"] for pause in pauses] == [scope]
            assert daemon.command("resume", *words).exit_code == 0
            assert daemon.finished(held) == ["completed"]
        assert daemon.stop() == 0


def test_with_a_new_configuration_it_returns_to_the_same_log(here: Places, tmp_path: Path) -> None:
    with living(here, "--paused") as daemon:
        old, gone = daemon.request("echo"), daemon.request("aside")
        daemon.until(WorkHeld, work=gone)
        assert daemon.stop() == 0
    house(tmp_path, f"[actions.echo]\n{sh('echo changed')}\n[actions.new]\n{sh('echo new')}\n")
    with living(here) as daemon:
        assert daemon.command("resume").exit_code == 0
        new = daemon.request("new")
        assert daemon.finished(old, new, gone) == ["completed", "completed", "failed"]
        run = daemon.closed(old)[0].run
        assert daemon.told("output", run)["output"] == "changed\n"
        assert daemon.closed(gone)[0].outcome == "misconfigured"
        assert daemon.stop() == 0
    assert len([r for r in whole_log(here) if isinstance(r.fact, DaemonStarted)]) == 2


PHASED = f"""
[actions.long]
{sh("until [ -e ../../../go ]; do sleep 0.02; done")}
[actions.droppable]
{sh("echo dropped")}
at_phase_end = "drop"
[actions.deferrable]
{sh("echo deferred")}
"""


def test_at_the_end_of_its_phase_what_has_not_started_is_put_off_or_dropped(
    tmp_path: Path,
) -> None:
    here = house(tmp_path, phases_from_now(8, 60) + PHASED)
    with living(here) as daemon:
        long = daemon.request("long", phase="p0")
        dropped = daemon.request("droppable", phase="p0")
        deferred = daemon.request("deferrable", phase="p0")
        later = daemon.request("deferrable", phase="p1")
        reasons = [daemon.until(WorkHeld, work=work).reason for work in (dropped, deferred, later)]
        assert reasons == ["lane_full", "lane_full", "phase_not_open"]
        daemon.until(PhaseEnded, phase="p0")
        (tmp_path / "go").touch()
        assert daemon.until(WorkDropped, work=dropped).reason == "phase_over"
        assert daemon.until(WorkDeferred, work=deferred).phase == "p1"
        assert daemon.finished(long, deferred, later) == ["completed"] * 3
        assert daemon.stop() == 0


def test_a_request_that_was_acknowledged_is_done_by_the_next_life(here: Places) -> None:
    with living(here) as daemon:
        replies = [daemon.ask(WorkRequested("echo", f"k{n}")) for n in range(30)]
        daemon.kill()
    assert all(reply.status in (200, 202) for reply in replies)
    with living(here) as daemon:
        works = [daemon.until(WorkPlanned, key=f"k{n}").work for n in range(30)]
        assert {*daemon.finished(*works)} <= {"completed", "unknown"}
        assert daemon.stop() == 0
    starts = [r.fact.run for r in whole_log(here) if isinstance(r.fact, RunStarting)]
    assert len(starts) == len({*starts}) == 30
