"""A copy of the log through SQLite's backup API, checked by opening it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from events.codec import GENESIS, check_chain
from events.left import stretches

PAGES_AT_ONCE = 1_000


def backup(given: dict[str, Any]) -> dict[str, Any]:
    """Copy the log into `archives` in the data folder. Raises when the copy is not whole."""
    data = Path(os.environ["HORARIUM_DATA"])
    target = _free_name(data / "archives", os.environ.get("HORARIUM_DAY") or "day")
    unfinished = data / "temp" / f"{target.name}.{os.environ['HORARIUM_RUN']}"  # Swept if left.
    try:
        _copy(data / "log.sqlite", unfinished)
        records = checked(unfinished)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    size = target.stat().st_size
    return {
        "summary": f"{records} records, {size / 1e6:.1f} MB, checked: {target.name}",
        "cost_usd": 0,
        "data": {"file": str(target), "records": records, "bytes": size},
    }


def checked(path: Path) -> int:
    """How many records a copy holds. Raises ValueError or UnreadableRecord for one that is not
    whole."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise ValueError(f"the copy is damaged: {verdict}")
        rows = copy.execute(
            "SELECT originator_version, state FROM stored_events ORDER BY originator_version"
        )
        gone = stretches(copy)
        after, before = (gone[-1].until, gone[-1].last) if gone else (0, GENESIS)
        return sum(1 for _ in check_chain(rows, before, after))


def _copy(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as log,
        closing(sqlite3.connect(target)) as copy,
    ):
        log.backup(copy, pages=PAGES_AT_ONCE, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")  # One file, whole by itself.


def _free_name(folder: Path, day: str) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    taken = 1
    while (path := folder / f"log-{day}-{taken}.sqlite").exists():
        taken += 1
    return path
