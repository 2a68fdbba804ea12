"""Sweeping by hand, as a step, and when the disk runs low: with a daemon that lives."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from actors.executor.environment import token
from actors.executor.identity import boot_id
from events.cleanup import DiskSeen, SweepEnded, SweepStarting
from events.configuration import ConfigurationLoaded
from events.intents import AlertCleared, AlertRaised
from tests.whole.daemon_story import Daemon, call, house, living, sh, wait_for

pytestmark = pytest.mark.living

JOBS = f"""
[actions.job]
{sh("echo done; echo x > kept")}
[actions.before]
executor = "sweep"
sweeps = ["processes", "temp"]
[actions.after]
executor = "sweep"
sweeps = ["runs"]
[templates.session]
actions = ["before", "job", {{ action = "after", when = "always" }}]
[cleanup]
runs_keep = "0s"
"""
ALL_THERE_IS = 'disk_low = "900TiB"\n'


def folders(daemon: Daemon, root: str = "runs") -> list[str]:
    return sorted(path.name for path in (daemon.here.data / root).iterdir())


def test_a_dry_run_changes_nothing_and_a_sweep_shows_what_went(tmp_path: Path) -> None:
    with living(house(tmp_path, JOBS)) as daemon:
        work = daemon.request("job")
        (closed,) = daemon.closed(work)
        head = len(daemon.log())
        dry = daemon.told("sweep", "--dry-run")
        assert (dry["dry_run"], dry["items"], dry["swept_runs"]) == (True, 2, [closed.run])
        assert (len(daemon.log()), folders(daemon)) == (head, [closed.run])
        shown = daemon.command("sweep", "--key", "k")
        assert (shown.exit_code, "Gone: 2 things" in shown.output) == (0, True), shown.output
        assert (folders(daemon), folders(daemon, "work")) == ([], [])
        again = daemon.command("sweep", "--key", "k")
        assert "Asked before under this key" in again.output
        assert len(daemon.facts(SweepStarting)) == 1
        assert "a sweep was asked for" in daemon.projected().command("explain", "k").output.lower()
        assert "swept" in daemon.command("output", closed.run).output
        assert daemon.stop() == 0
        assert daemon.command("verify").exit_code == 0


def test_without_a_daemon_only_a_dry_run_is_possible(tmp_path: Path) -> None:
    here = house(tmp_path, JOBS)
    assert call(here, "sweep").exit_code == 3
    assert "nothing has been recorded" in call(here, "sweep", "--dry-run").output
    with living(here) as daemon:
        daemon.closed(daemon.request("job"))
        assert daemon.stop() == 0
    assert call(here, "sweep", "--dry-run").exit_code == 0
    assert call(here, "sweep", "proceses").exit_code == 2


def test_sweeps_before_and_after_a_session_are_steps_of_it(tmp_path: Path) -> None:
    with living(house(tmp_path, JOBS)) as daemon:
        daemon.closed(daemon.request("job"))
        work = daemon.request("session")
        assert [it.outcome for it in daemon.closed(work)] == ["succeeded"] * 3
        first, last = daemon.facts(SweepStarting)
        assert (first.parts, last.parts) == (("processes", "temp"), ("runs",))
        assert len(first.runs) == 0 and len(last.runs) == 1  # That of this very work stays.
        assert daemon.stop() == 0


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfds")
def test_what_escaped_and_whose_run_is_over_is_ended(tmp_path: Path) -> None:
    with living(house(tmp_path, JOBS)) as daemon:
        (closed,) = daemon.closed(daemon.request("job"))
        mine = {
            "HORARIUM_TOKEN": token(closed.run, boot_id()),
            "HORARIUM_DATA": str(daemon.here.data.resolve()),
        }
        escaped = subprocess.Popen(["/bin/sleep", "300"], env=mine, start_new_session=True)
        decoy = subprocess.Popen(["/bin/sleep", "300"], env={}, start_new_session=True)
        try:
            found = daemon.told("sweep", "processes")
            assert [(it["pid"], it["run"]) for it in found["processes"]] == [
                (escaped.pid, closed.run)
            ]
            assert (escaped.wait(5), decoy.poll()) == (-signal.SIGTERM, None)
        finally:
            for process in (escaped, decoy):
                with suppress(ProcessLookupError):
                    process.kill()
                process.wait()
        assert daemon.stop() == 0


def test_when_the_disk_runs_low_it_is_told_and_swept_at_once(tmp_path: Path) -> None:
    keeps = JOBS.replace('"0s"', '"14d"')
    with living(house(tmp_path, keeps)) as daemon:
        daemon.closed(daemon.request("job"))
        assert (daemon.told("sweep")["items"], daemon.facts(DiskSeen)) == (0, [])
        loaded(daemon, keeps + ALL_THERE_IS)
        daemon.told("sweep", "temp")  # Behind each sweep the disk is looked at.
        seen = daemon.until(DiskSeen)
        assert seen.total_bytes > seen.free_bytes > 0
        assert daemon.until(AlertRaised, alert="disk_low").words.endswith("are wanted")
        sweep = daemon.until(SweepStarting, occasion="disk_low").sweep
        assert daemon.until(SweepEnded, sweep=sweep).items == 2
        assert folders(daemon) == []
        assert "disk" in daemon.projected().command("brief").output
        loaded(daemon, keeps)
        daemon.told("sweep", "temp")
        daemon.until(AlertCleared, alert="disk_low")
        assert daemon.stop() == 0
        assert daemon.command("verify").exit_code == 0


def loaded(daemon: Daemon, text: str) -> None:
    before = len(daemon.facts(ConfigurationLoaded))
    house(daemon.here.config.parent, text)
    daemon.send(signal.SIGHUP)
    wait_for(lambda: len(daemon.facts(ConfigurationLoaded)) > before, "the configuration")


def test_what_will_not_go_is_told_until_it_does(tmp_path: Path) -> None:
    with living(house(tmp_path, JOBS)) as daemon:
        (closed,) = daemon.closed(daemon.request("job"))
        run = daemon.here.data / "runs" / closed.run
        run.rename(tmp_path / "aside")
        run.write_bytes(b"in its place")
        shown = daemon.command("sweep")
        assert shown.exit_code == 1 and "would not go: runs/r" in shown.output
        assert "Not a directory" in daemon.until(AlertRaised, alert="sweep_failed").words
        assert folders(daemon, "work") == []  # It went on with the next.
        run.unlink()
        assert daemon.command("sweep").exit_code == 0
        daemon.until(AlertCleared, alert="sweep_failed")
        assert daemon.stop() == 0
