"""A sweep is killed in its middle: what it had begun is finished, and nothing else is touched."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from events.cleanup import SweepEnded, SweepStarting
from events.intents import AlertCleared, AlertRaised
from events.runs import RunClosed
from tests.whole.daemon_story import Daemon, house, living, sh, wait_for

pytestmark = pytest.mark.living

FILES = 8_000  # in the folder of each run: so it takes a while until it is gone
RUNS = 6


def jobs(gate: Path) -> str:
    return f"""
[lanes.main]
concurrency = 2
[actions.job]
{sh("echo done")}
[actions.waits]
{sh(f"echo kept > $TMPDIR/mine; cat {gate}; test -e $TMPDIR/mine")}
timeout = "5m"
[actions.clean]
executor = "sweep"
sweeps = ["runs"]
[cleanup]
runs_keep = "0s"
"""


def filled(daemon: Daemon) -> list[Path]:
    """The folders of runs that have ended, with so much in each that it does not go at once."""
    found = []
    for _ in range(RUNS):
        (closed,) = daemon.closed(daemon.request("job"))
        found.append(daemon.here.data / "runs" / closed.run)
        for number in range(FILES):
            (found[-1] / f"{number}").touch()
    return found


@pytest.mark.timeout(180)
def test_a_daemon_that_is_killed_over_a_sweep_finishes_what_is_left(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    here = house(tmp_path, jobs(gate))
    with living(here) as first:
        waits = first.request("waits")
        old = filled(first)
        sweep = first.request("clean")
        wait_for(lambda: not all(path.exists() for path in old), "a folder that is gone")
        first.kill()
        assert first.facts(SweepEnded) == []
        assert any(path.exists() for path in old)
        with living(here) as second:
            (verdict,) = second.closed(sweep)
            assert verdict.outcome == "succeeded"
            (starting,) = second.facts(SweepStarting)
            (ended,) = second.facts(SweepEnded)
            assert (ended.sweep, ended.failed) == (starting.sweep, ())
            (live,) = (path for path in (here.data / "runs").iterdir() if (path / "mine").exists())
            assert live.name not in starting.runs
            second.told("sweep", "runs")
            assert not any(path.exists() for path in old)
            gate.write_text("")
            assert [it.outcome for it in second.closed(waits)] == ["succeeded"]
            assert len(second.facts(RunClosed, work=sweep)) == 1
            assert second.stop() == 0
            assert second.command("verify").exit_code == 0


def sealing_process(data: Path) -> int:
    """The process that writes a stretch of this log into a file of its own; 0: there is none."""
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
            if b"horarium.sweeping.sealing" in words and os.fsencode(data) in words:
                return int(folder.name)
    return 0


@pytest.mark.timeout(180)
def test_a_sweep_whose_process_is_killed_says_so_and_the_next_one_does_it(tmp_path: Path) -> None:
    text = '[actions.nothing]\nexecutor = "noop"\n[cleanup]\nseal_every_records = 1000\n'
    text += '[actions.clean]\nexecutor = "sweep"\nsweeps = ["log"]\n'
    with living(house(tmp_path, text)) as daemon:
        for number in range(140):
            daemon.request("nothing", f"k{number}")
        wait_for(lambda: len(daemon.log()) > 1_001, "so many records")
        sweep = daemon.request("clean")
        sealing = wait_for(lambda: sealing_process(daemon.here.data.resolve()), "its process")
        os.kill(sealing, signal.SIGKILL)
        assert len(daemon.closed(sweep)) == 1
        assert daemon.until(SweepEnded).failing == ("log",)
        assert "log" in daemon.until(AlertRaised, alert="sweep_failed").words
        assert daemon.told("sweep", "log")["sealed"]
        daemon.until(AlertCleared, alert="sweep_failed")
        (sealed,) = (daemon.here.data / "sealed").glob("*.jsonl")
        assert daemon.command("verify", "--log", str(sealed)).exit_code == 0
        assert daemon.stop() == 0
        assert daemon.command("verify").exit_code == 0
