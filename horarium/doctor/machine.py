"""What is doubtful about this machine and the way the daemon is run on it."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from horarium.configuration.fault import Fault

BUILD_YEAR = 2026  # No clock of a machine that runs this shows less.
SQLITE_SOUND = (3, 51, 3)


def config_findings(config: Path) -> Iterator[Fault]:
    """Who else may write the file that says what is run here?"""
    try:
        mode = config.stat().st_mode
    except OSError:
        return  # That it is missing has been said.
    if mode & 0o022:
        message = f"others may write it, and so say what is run here; say: chmod go-w {config}"
        yield Fault("", None, message, severity="warning", file=str(config))


def machine_findings(
    now: datetime,
    sqlite: tuple[int, ...] = sqlite3.sqlite_version_info,
    user: int | None = None,
) -> Iterator[Fault]:
    """The clock, the database library, the account. `user` is the effective user id."""
    if now.year < BUILD_YEAR:
        yield Fault("", None, f"the clock is in the past: it says {now:%Y-%m-%d %H:%M} UTC")
    if sqlite < SQLITE_SOUND:
        yield _warning(
            f"SQLite {'.'.join(map(str, sqlite))} has the WAL-reset defect: two connections that "
            "write at the same moment can damage a database. The daemon writes each with one "
            "connection only; let nothing else write there, or take 3.51.3 or newer"
        )
    if (os.geteuid() if user is None else user) == 0:
        yield _warning("this is root, and every job would be too; give it an account of its own")


def _warning(message: str) -> Fault:
    return Fault("", None, message, severity="warning")
