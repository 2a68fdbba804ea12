"""A day begins with the repository's own configuration, and ends when somebody says so."""

import shutil
import signal
import time
from pathlib import Path

import pytest

from events.daemon import DaemonStopped
from events.runs import RunClosed, RunEnded, RunStarted
from events.work import WorkFinished
from horarium.places import places
from tests.whole.daemon_story import Daemon, house, living, sh, wait_for, whole_log

pytestmark = pytest.mark.living

REPOSITORY = Path(__file__).parents[2]
LONG = f"""
[actions.long]
{sh("echo begun; sleep 60")}
[actions.stubborn]
{sh("trap '' TERM; echo begun; while :; do sleep 0.05; done")}
grace = "10m"
"""


def test_the_repositorys_own_configuration_does_real_work_that_can_be_seen(tmp_path: Path) -> None:
    config = shutil.copy(REPOSITORY / "config.toml", tmp_path)
    with living(places(str(config), str(tmp_path / "data"))) as daemon:
        work = daemon.request("workspace-digest")
        assert daemon.finished(work) == ["completed"]
        run = daemon.closed(work)[0].run
        daemon.projected()
        known = {entry["run"]: entry for entry in daemon.told("runs")}
        assert known[run]["state"] == "succeeded"
        assert "files" in known[run]["summary"]
        for words in ("status", "brief", "plan", "runs", "budget", "log", f"output {run}"):
            result = daemon.command(*words.split())
            assert (result.exit_code, bool(result.output)) == (0, True), words
        status = daemon.told("status")
        assert 0 < status["position"] <= status["head"] and not status["paused"]
        assert daemon.stop(signal.SIGINT) == 0
    assert "Traceback" not in daemon.lines
    assert whole_log(daemon.here)[-1].fact == DaemonStopped("signal")


def test_a_signal_stops_it_in_order(tmp_path: Path) -> None:
    with living(house(tmp_path)) as daemon:
        assert daemon.stop(signal.SIGTERM) == 0
    assert whole_log(daemon.here)[-1].fact == DaemonStopped("signal")
    left = {path.name for path in daemon.here.data.iterdir()}
    assert not left & {"horarium.sock", "socket"}


@pytest.mark.parametrize("action", ["long", "stubborn"])
def test_a_second_signal_ends_it_at_once_and_loses_nothing(tmp_path: Path, action: str) -> None:
    with living(house(tmp_path, LONG)) as daemon:
        work = daemon.request(action)
        run = daemon.until(RunStarted).run
        output = daemon.here.output(run)
        wait_for(lambda: output.exists() and output.read_text(), "the first line")
        daemon.send(signal.SIGTERM)
        wait_for(lambda: not (daemon.here.data / "socket").exists(), "the end of the web")
        began = time.monotonic()
        daemon.send(signal.SIGTERM)
        assert daemon.process.wait(20) == 0
        assert time.monotonic() - began < 5
    facts = [record.fact for record in whole_log(daemon.here)]
    assert isinstance(facts[-1], DaemonStopped)
    kinds = (RunEnded, RunClosed, WorkFinished)
    ends = [fact for fact in facts if isinstance(fact, kinds)]
    assert [type(fact) for fact in ends] == [*kinds]
    assert isinstance(ends[-1], WorkFinished) and ends[-1].work == work


def test_sigusr1_prints_every_threads_stack_and_it_goes_on(tmp_path: Path) -> None:
    noop = '[actions.nothing]\nexecutor = "noop"\n'
    with living(house(tmp_path, noop)) as daemon:
        for times in range(1, 31):  # At moments when its threads are at work.
            daemon.request("nothing", f"k{times}")
            ask_for_stacks(daemon, times)
        for name in ("actors", "committer", "Projecting", "web", "timer"):
            assert f"Thread {name}" in daemon.lines
        assert daemon.status()["store"] == "ok"
        assert daemon.stop() == 0


def ask_for_stacks(daemon: Daemon, times: int) -> None:
    daemon.send(signal.SIGUSR1)
    wait_for(lambda: daemon.lines.count("Thread MainThread:") >= times, "the stacks")
