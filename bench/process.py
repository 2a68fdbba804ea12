"""The daemon as people run it: the installed command, a process of its own."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from signal import SIGTERM
from time import monotonic, sleep
from typing import NamedTuple

SECONDS = 60.0  # until something has gone wrong
LOOK_SECONDS = 0.002
COMMAND = Path(sys.executable).with_name("horarium")


class Daemon(NamedTuple):
    pid: int
    data: Path

    @property
    def log(self) -> Path:
        return self.data / "log.sqlite"


@contextmanager
def daemon(config: Path, data: Path, end: int = SIGTERM) -> Iterator[Daemon]:
    """`horarium run`, ended by a signal and awaited."""
    command = (COMMAND, "--config", config, "--data", data, "run")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment())
    try:
        yield Daemon(process.pid, data)
        if process.poll() is not None:
            raise RuntimeError(f"the daemon ended by itself with {process.returncode}")
    finally:
        process.send_signal(end)
        process.wait(SECONDS)


def _environment() -> dict[str, str]:
    """Without what would change our settings or the way Python works."""
    changing = ("HORARIUM_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}


def head(log: Path) -> int:
    """The position of the newest record; 0 where there is no log yet."""
    return _asked(log, "SELECT max(originator_version) FROM stored_events", ())


def count(log: Path, kind: str) -> int:
    """How many facts of a kind there are."""
    return _asked(log, "SELECT count(*) FROM stored_events WHERE topic = ?", (kind,))


def wait_until_past(log: Path, position: int) -> None:
    """Until a record behind that position is in the log."""
    until = monotonic() + SECONDS
    while head(log) <= position:
        if monotonic() > until:
            raise TimeoutError(f"nothing behind record {position}")
        sleep(LOOK_SECONDS)


def _asked(log: Path, sql: str, values: tuple[str, ...]) -> int:
    if not log.exists():
        return 0
    with closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            found = connection.execute(sql, values).fetchone()[0]
        except sqlite3.OperationalError:  # Its tables are being made just now.
            return 0
    return int(found or 0)
