"""The page on debugging: its logs, lived by the real rules, and its commands.

`python -m tests.whole.puzzles_story` from the root writes logs and output anew.
"""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from actors.executor.state import OpenRun
from actors.replay.books import BOOKS
from actors.replay.courses import Course
from actors.replay.naming import RunName
from actors.replay.world import World
from events.catalogue import AnyObservation
from events.codec import GENESIS, entry, written
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.record import Record
from events.requests import PauseRequested, WorkRequested
from events.sqlite import SqliteStore
from events.store import Row
from horarium.configuration.digest import digest_of
from horarium.configuration.loading import load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "debugging.md"
LOGS = ROOT / "docs" / "logs"
_SHOWN = re.compile(r"^```\n\$ (horarium [^\n]+)\n(.*?)^```$", re.M | re.S)
MINUTE = 60_000
WAL_FILES = ("", "-wal", "-shm")


class Puzzle(NamedTuple):
    """A stretch of time: how each action goes, in order, the last for ever; and who says what."""

    begin: datetime
    end: datetime
    courses: Mapping[str, Sequence[Course]]
    said: Mapping[datetime, AnyObservation]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2025."""
    return datetime(2025, 3, day, hour, minute, tzinfo=UTC)


def took(minutes: int, cents: int | None = None) -> Course:
    """It went well."""
    return Course(minutes * MINUTE, cost_usd_micros=None if cents is None else cents * 10_000)


PUZZLES: Mapping[str, Puzzle] = {
    "quiet-night": Puzzle(
        at(4, 12),
        at(6, 8),
        {
            "journal": [took(2, 8), took(3, 9)],
            "scan": [took(14), took(16)],
            "reindex": [took(38, 36)],
            "summaries": [took(21, 27)],
        },
        {
            at(5, 19, 20): PauseRequested(
                "lane", "ada-1", "library", note="the disk makes noises, listening"
            )
        },
    ),
    "overrun": Puzzle(
        at(10, 7),
        at(11, 7),
        {
            "read": [took(9, 18), took(11, 20), took(8, 15)],
            "deep-read": [took(74, 230)],
            "essay": [took(22, 55)],
        },
        {at(10, 15, 5): WorkRequested("read", "ben-1", note="what is new on tides?")},
    ),
    "small-budget": Puzzle(
        at(17, 7),
        at(18, 7),
        {
            "digest": [took(11, 48), took(9, 45), took(10, 50)],
            "essay": [took(31, 76)],
            "review": [took(14, 82)],
        },
        {},
    ),
}


def lived(name: str) -> list[Record]:
    """The log of a puzzle."""
    puzzle = PUZZLES[name]
    past: dict[str, int] = {}

    def course(_: RunName, run: OpenRun) -> Course:
        known = puzzle.courses[run.name]
        past[run.name] = past.get(run.name, -1) + 1
        return known[min(past[run.name], len(known) - 1)]

    world = World(course)
    world.true = puzzle.begin
    settings = load(LOGS / f"{name}.toml", {}).configuration
    loaded = ConfigurationLoaded(digest_of(settings), settings, f"{name}.toml")
    world.tell("daemon", [loaded, DaemonStarted("0.1.0", 1, "1")])
    for moment, fact in sorted(puzzle.said.items()):
        world.run_until(moment)
        world.tell("cli", [fact])
    world.run_until(puzzle.end)
    return world.log


def rows_of(log: Sequence[Record]) -> list[Row]:
    """Its records as a store keeps them."""
    rows, link = [], GENESIS
    for record in log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, link = written(record.position, record.by, said, link)
        rows.append(Row(record.position, record.fact.kind, state))
    return rows


def write(path: Path, log: Sequence[Record]) -> None:
    """A file as a backup leaves it."""
    for suffix in WAL_FILES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    store = SqliteStore(path)
    store.commit(rows_of(log), {book.actor: len(log) for book in BOOKS})
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("VACUUM")
    path.chmod(0o644)


class Shown(NamedTuple):
    """A command of the page and what the page says that it prints."""

    command: str
    output: str


def shown(page: str) -> list[Shown]:
    """What the page shows, in its order: a block of code for each command."""
    return [Shown(command, output) for command, output in _SHOWN.findall(page)]


def furnish(folder: Path) -> None:
    """A folder from which the commands find what a fresh clone has."""
    (folder / "docs").symlink_to(ROOT / "docs")


def ask(command: str, folder: Path) -> str:
    """What it prints in a pipe, errors among it; everywhere the same."""
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment |= {"TZ": "UTC", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "HOME": str(folder)}
    asked = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    said = "\n".join(line.rstrip() for line in asked.stdout.splitlines()) + "\n"
    return said if not asked.returncode else f"{said}exit code {asked.returncode}\n"


def answered(page: str, answer: Callable[[str], str]) -> str:
    """The page with the output that its commands have now."""
    return _SHOWN.sub(lambda it: f"```\n$ {it[1]}\n{answer(it[1])}```", page)


def rewrite() -> None:
    """Write the logs and the page anew."""
    for name in PUZZLES:
        write(LOGS / f"{name}.backup", lived(name))
    with TemporaryDirectory() as name:
        furnish(Path(name))
        page = answered(PAGE.read_text("utf-8"), lambda command: ask(command, Path(name)))
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    rewrite()
