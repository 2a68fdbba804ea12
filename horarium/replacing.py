"""Putting a backup in the place of the log: what it holds, what is given up, how it is done."""

import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from events import codec
from events.left import Stretch, base_of, stretches
from events.record import Record
from events.sqlite import FORMAT
from horarium import reading, sealed
from horarium.places import Places
from horarium.points import link_of

_SUFFIXES = ("", "-wal", "-shm")
_SEALED = re.compile(r"log-\d{10,18}-(\d{10,18})\.jsonl", re.ASCII)
_ID = re.compile(r"[rw](\d{1,18})-\d{1,9}", re.ASCII)


class NoBackup(Exception):
    """The file cannot take the place of the log; the message says why."""


class Copy(Struct, frozen=True):
    """What a checked backup holds. `left` is the last record that had left the log by then."""

    path: Path
    records: int
    until: datetime | None
    left: int = 0

    @property
    def head(self) -> int:
        """The position of its last record."""
        return self.left + self.records


class GivenUp(Struct, frozen=True):
    """The records of the present log that the backup does not have. Counted by kind."""

    after: int  # the last position that both have in common
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    kinds: dict[str, int] = {}
    unreadable: str = ""  # why the present log could not be read, where it could not


def examined(path: Path) -> Copy:
    """Check a backup from its first record to its last. Raises NoBackup."""
    try:
        with closing(_opened(path)) as backup:
            verdict = backup.execute("PRAGMA integrity_check").fetchone()[0]
            if verdict != "ok":
                raise NoBackup(f"{path} is damaged: {verdict}")
            found = backup.execute("PRAGMA user_version").fetchone()[0]
            if not 0 < found <= FORMAT:
                raise NoBackup(f"{path} has format {found}, this version knows {FORMAT}")
            return _read_through(path, backup)
    except (sqlite3.Error, codec.UnreadableRecord) as error:
        raise NoBackup(f"{path} is not a backup of a log: {error}") from error


def given_up(here: Places, copy: Copy) -> GivenUp:
    """Compare the present log with a checked backup."""
    if not here.log.exists():
        return GivenUp(copy.head)
    try:
        with reading.opened(here) as log, closing(_opened(copy.path)) as backup:
            return _counted(log, _common(log, backup, here.data))
    except (reading.NoLog, codec.UnreadableRecord) as error:
        return GivenUp(copy.head, unreadable=str(error))


def replace(here: Places, copy: Copy, common: int) -> Path | None:
    """Move what is there aside and copy the backup in; where to, if anything was there.

    Only under the daemon's lock. The kept head goes last: whatever stops us before that, the
    daemon refuses to start on what is left.
    """
    here.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    needed = files_needed(here, copy)
    ready = here.data / "log.restoring"
    _copied(copy.path, ready)
    there = [file for file in _files(here, common) if file.exists() and file not in needed]
    aside = _free(here) if there else None
    for file in there:
        if aside is not None and file != here.head:
            _moved(here.data, file, aside)
    ready.rename(here.log)
    if aside is not None and here.head in there:
        _moved(here.data, here.head, aside)
    _synced(here.data)
    return aside


def _opened(path: Path) -> sqlite3.Connection:
    """Read-only; a file that nobody writes needs no files beside it."""
    busy = path.with_name(path.name + "-wal").exists()
    mode = "mode=ro" if busy else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def _read_through(path: Path, backup: sqlite3.Connection) -> Copy:
    last: Record | None = None

    def readable() -> Iterator[tuple[int, bytes]]:
        nonlocal last
        for position, state in _states(backup, base_of(backup)):
            last = codec.read(position, state)
            yield position, state

    gone = stretches(backup)
    after, before = (gone[-1].until, gone[-1].last) if gone else (0, codec.GENESIS)
    count = sum(1 for _ in codec.check_chain(readable(), before, after))
    return Copy(path, count, last.at if last else None, after)


def check_left(here: Places, copy: Copy) -> None:
    """Read what had left a checked backup from end to end, in the data folder: without it the
    projections cannot be built. Raises NoBackup."""
    from horarium.trimming import CannotReturn, check_files

    files_needed(here, copy)
    try:
        check_files(here.data, _left(copy), lambda position: None)
    except CannotReturn as error:
        raise NoBackup(f"{copy.path} is whole, but {error}") from error


def files_needed(here: Places, copy: Copy) -> set[Path]:
    """The sealed files of what had left a checked backup: without them it is no whole log. Raises
    NoBackup when one is not in the data folder."""
    gone = _left(copy)
    if why := sealed.missing(here.data, gone):
        raise NoBackup(f"{copy.path} is whole, but {why}")
    return {here.data / stretch.file for stretch in gone}


def _left(copy: Copy) -> list[Stretch]:
    with closing(_opened(copy.path)) as backup:
        return stretches(backup)


def _states(log: sqlite3.Connection, after: int) -> Iterator[tuple[int, bytes]]:
    return ((position, state) for position, _, state in reading.rows(log, after))


def _common(log: sqlite3.Connection, backup: sqlite3.Connection, data: Path) -> int:
    """The last record that both have: links that agree have the same past. What has left either
    lies in the data folder."""
    low, high = 0, min(reading.head(log), reading.head(backup))
    base = max(base_of(log), base_of(backup))
    if base <= high and link_of(log, base) == link_of(backup, base, data):
        low = base
    while low < high:
        middle = (low + high + 1) // 2
        if link_of(log, middle) == link_of(backup, middle, data):
            low = middle
        else:
            high = middle - 1
    return low


def _counted(log: sqlite3.Connection, common: int) -> GivenUp:
    kinds: Counter[str] = Counter()
    times: list[datetime] = []
    for row in reading.rows(log, common):
        kinds[row[1]] += 1
        at = datetime.fromisoformat(reading.document(row)["at"])
        times = [times[0] if times else at, at]
    first, last = times or (None, None)
    return GivenUp(common, kinds.total(), first, last, dict(kinds.most_common()))


def _files(here: Places, common: int) -> list[Path]:
    """Everything that knows of records behind the common ones."""
    databases = [
        file.with_name(file.name + suffix)
        for file in (here.log, here.projections)
        for suffix in reversed(_SUFFIXES)
    ]
    folders = [
        entry
        for root in ("runs", "outcomes", "work", "worktrees")
        for entry in sorted((here.data / root).glob("*"))
        if (match := _ID.fullmatch(entry.name)) and int(match[1]) > common
    ]
    stretched = [
        file
        for file in sorted((here.data / "sealed").glob("log-*.jsonl"))
        if (match := _SEALED.fullmatch(file.name)) and int(match[1]) > common
    ]
    return [*databases, here.data / "crash.json", *folders, *stretched, here.head]


def _free(here: Places) -> Path:
    """A folder of its own for what is replaced."""
    try:
        with reading.opened(here) as log:
            name = f"replaced-{reading.head(log)}"
    except reading.NoLog:
        name = "replaced-unreadable"
    taken, folder = 1, here.data / name
    while folder.exists():
        taken += 1
        folder = here.data / f"{name}-{taken}"
    folder.mkdir(mode=0o700)
    return folder


def _moved(data: Path, file: Path, aside: Path) -> None:
    target = aside / file.relative_to(data)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    file.rename(target)


def _copied(path: Path, ready: Path) -> None:
    ready.unlink(missing_ok=True)
    os.close(os.open(ready, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    with closing(_opened(path)) as source, closing(sqlite3.connect(ready)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    _synced(ready)


def _synced(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
