"""Somebody else has his hands on the log while the daemon lives."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from horarium import client
from tests.whole.daemon_story import house, living, sh, wait_for, whole_log

pytestmark = pytest.mark.living

ECHO = f"[actions.echo]\n{sh('echo hello')}\n"


def test_a_second_writer_stops_it(tmp_path: Path) -> None:
    with living(house(tmp_path, ECHO)) as daemon:
        head = len(daemon.log())
        with closing(sqlite3.connect(daemon.here.log)) as log:
            log.execute(
                "INSERT INTO stored_events SELECT originator_id, ?, topic, state "
                "FROM stored_events WHERE originator_version = ?", (head + 1, head)
            )  # fmt: skip
            log.commit()
        with pytest.raises((client.GaveUp, AssertionError)):
            daemon.request("echo")
        assert daemon.process.wait(20) == 70
    assert "somebody else writes this log" in daemon.lines


def test_a_database_that_is_held_for_a_moment_only_delays(tmp_path: Path) -> None:
    with living(house(tmp_path, ECHO)) as daemon:
        with closing(sqlite3.connect(daemon.here.log, isolation_level=None)) as log:
            log.execute("BEGIN IMMEDIATE")
            works: list[str] = []
            asking = Thread(target=lambda: works.append(daemon.request("echo")))
            asking.start()
            asking.join(0.5)
            assert works == []
            log.execute("ROLLBACK")
        asking.join(20)
        assert daemon.finished(*works) == ["completed"]
        assert daemon.stop() == 0
    whole_log(daemon.here)


def test_a_folder_that_is_taken_away_stops_it(tmp_path: Path) -> None:
    with living(house(tmp_path, ECHO)) as daemon:
        path = client.socket_path(daemon.here)
        daemon.here.data.rename(tmp_path / "elsewhere")
        house(tmp_path, ECHO).data.mkdir()
        (daemon.here.data / "socket").write_text(path.replace("/data/", "/elsewhere/"))
        number = iter(range(1_000))

        def gone() -> bool:
            try:
                daemon.request("echo", f"k{next(number)}")
            except (client.GaveUp, client.NotRunning, client.NotAnswering, AssertionError):
                return daemon.process.poll() is not None
            time.sleep(0.05)
            return False

        wait_for(gone, "its end")
        assert daemon.process.returncode == 70
    assert "was taken away" in daemon.lines
    shutil.rmtree(tmp_path / "elsewhere")
