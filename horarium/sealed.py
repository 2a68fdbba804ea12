"""Records that have left a log, read in the sealed files that lie beside it.

A file is used when its first line says the very stretch that left; whether what it holds was
changed since, only `horarium verify` finds out.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO

from msgspec import MsgspecError
from msgspec.json import decode

from events.left import Stretch
from horarium.bundle import FORMAT, HEADER_MAX_BYTES, LINE_MAX_BYTES, STATE_MAX_BYTES, Header
from horarium.reading import Gone, Row

_RECORD = re.compile(
    rb'\{"position":(\d+),[^\n]*?,"hash":"([0-9a-f]{40})","fact":\{"kind":"([a-z-]+)"'
)


def missing(folder: Path, gone: Sequence[Stretch]) -> str:
    """Why not all of it can be read here: a file is not there, or another one; "" if it can."""
    for stretch in reversed(gone):
        try:
            with _opened(folder, stretch):
                pass
        except Gone as error:
            return str(error)
    return ""


def lines(folder: Path, stretch: Stretch) -> Iterator[tuple[int, bytes]]:
    """What stands in a file in the place of each record, as it is. Raises Gone."""
    with _opened(folder, stretch) as file:
        for position in range(stretch.after + 1, stretch.until + 1):
            line = file.readline(LINE_MAX_BYTES + 1)
            if not line:
                return
            yield position, line[:-1]


def rows(
    folder: Path, gone: Sequence[Stretch], after: int, kinds: Sequence[str] = ()
) -> Iterator[Row]:
    """The records behind a position that have left, in order. Raises Gone, before anything is
    read if a file is not there."""
    wanted = [stretch for stretch in gone if stretch.until > after]
    if why := missing(folder, wanted):
        raise Gone(why)
    for stretch in wanted:
        last = stretch.after
        for position, line in lines(folder, stretch):
            last = position
            if position > after and (row := _row(stretch, position, line, kinds)) is not None:
                yield row
        if last < stretch.until:
            raise _damaged(stretch, last + 1)


def newest(
    folder: Path, gone: Sequence[Stretch], before: int, kinds: Sequence[str] = ()
) -> Iterator[Row]:
    """Those in front of a position backwards, from the last that left. Raises Gone."""
    for stretch in reversed(gone):
        for position in range(min(before - 1, stretch.until), stretch.after, -1):
            found = _row(stretch, position, _line(folder, stretch, position), kinds)
            if found is not None:
                yield found


def row(folder: Path, gone: Sequence[Stretch], position: int) -> Row | None:
    """A single one. Raises Gone."""
    for stretch in gone:
        if stretch.after < position <= stretch.until:
            return _row(stretch, position, _line(folder, stretch, position), ())
    return None


def _row(stretch: Stretch, position: int, line: bytes, kinds: Sequence[str]) -> Row | None:
    """None for a record of another kind."""
    found = _RECORD.match(line)
    if found is None or int(found[1]) != position:
        raise _damaged(stretch, position)
    if position == stretch.until and found[2].decode() != stretch.last:
        raise _damaged(stretch, position)
    kind = found[3].decode()
    return (position, kind, line) if not kinds or kind in kinds else None


def _damaged(stretch: Stretch, position: int) -> Gone:
    return Gone(f"{stretch.file} is damaged at record {position}; `horarium verify` says more")


def _line(folder: Path, stretch: Stretch, position: int) -> bytes:
    path, begins = folder / stretch.file, _begins(folder, stretch, _seen(folder, stretch))
    with path.open("rb") as file:
        file.seek(begins[min(position - stretch.after - 1, len(begins) - 1)])
        return file.readline(LINE_MAX_BYTES + 1)[:-1]


def _seen(folder: Path, stretch: Stretch) -> tuple[int, int, int]:
    """By what a file is known to be as it was; nothing for one that is not there."""
    with suppress(OSError):
        found = (folder / stretch.file).stat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return 0, 0, 0


@lru_cache(maxsize=4)
def _begins(folder: Path, stretch: Stretch, seen: tuple[int, int, int]) -> "array[int]":
    """Where each line from the first record on begins."""
    with _opened(folder, stretch) as file:
        found = array("Q", [file.tell()])
        for line in file:
            found.append(found[-1] + len(line))
    return found


@contextmanager
def _opened(folder: Path, stretch: Stretch) -> Iterator[IO[bytes]]:
    """The file of a stretch, at its first record. Raises Gone."""
    path = folder / stretch.file
    if not path.is_file():  # A pipe would keep us waiting.
        raise _absent(folder, stretch, "is not there")
    try:
        with path.open("rb") as file:
            header = decode(file.readline(HEADER_MAX_BYTES), type=Header)
            for _ in range(header.states):
                file.readline(STATE_MAX_BYTES)
            if header.bundle != FORMAT or not is_of(header, stretch):
                raise _absent(folder, stretch, "holds other records")
            yield file
    except (OSError, MsgspecError, UnicodeDecodeError) as error:
        raise _absent(folder, stretch, "cannot be read") from error


def is_of(header: Header, stretch: Stretch) -> bool:
    """Whether a file says of itself that it holds the very records that left."""
    ends = (header.after, header.after + header.records, header.before, header.last)
    return ends == (stretch.after, stretch.until, stretch.before, stretch.last)


def _absent(folder: Path, stretch: Stretch, why: str) -> Gone:
    return Gone(
        f"records {stretch.after + 1} to {stretch.until} have left this log, and {stretch.file} "
        f"{why}: bring it back to {(folder / stretch.file).parent}; then "
        "`horarium trim --back --really` puts them back"
    )
