"""A log from elsewhere, read as something that nobody vouches for: a bundle or a SQLite file.

A bundle is lines of JSON. The first says what it is: the version of this format, that of Horarium,
the position and link in front of its first record, how many records and which link end it, and
how many states follow. A line with a state says what an actor knew in front of the first record.
Every other line is a record: the stored one as it stands in the log, or
`{"masked":"DIGEST","record":RECORD}`, where the fact of the record is masked and the digest is the
SHA-256 of the fact's own bytes, so that the link still fits.
"""

import os
import re
import stat
from binascii import unhexlify
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple

from msgspec import Meta, MsgspecError, Raw, Struct
from msgspec.json import Decoder

from events import codec
from events.record import Record

FORMAT = 1
LINE_MAX_BYTES = 8 << 20  # A configuration, the longest of all facts, is a tenth of that.
STATE_MAX_BYTES = 16 << 20
HEADER_MAX_BYTES = 64 << 10
FILE_MAX_BYTES = 4 << 30
STATES_MAX = 100
DEPTH_MAX = 64  # of lists and objects within each other
SQLITE = b"SQLite format 3\0"

_MASKED, _RECORD = b'{"masked":"', b'","record":'
_DIGEST_DIGITS = 64
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")

Whole = Annotated[int, Meta(ge=0, le=1 << 53)]
Link = Annotated[str, Meta(pattern=f"^[0-9a-f]{{{codec.LINK_DIGITS}}}$")]


class BadLog(Exception):
    """A file that is no log, or breaks off being one: `position` is that of the first bad record,
    0 when it is the file as a whole; the message says why."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"record {position}: {why}" if position else why)
        self.position, self.why = position, why


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a bundle."""

    bundle: int
    horarium: Annotated[str, Meta(max_length=100)]
    after: Whole
    before: Link  # the link of the record at `after`
    records: Whole
    last: Link
    states: Annotated[int, Meta(ge=0, le=STATES_MAX)] = 0


class KeptState(Struct, frozen=True, forbid_unknown_fields=True):
    """What an actor knew when it had considered all in front of the first record, as JSON."""

    actor: Annotated[str, Meta(max_length=100)]
    version: int
    state: Raw


class BundleRow(NamedTuple):
    """A record that fits the one before it.

    `digest` is the SHA-256 of the fact's bytes as the log has them; `fact` are the bytes found
    here, which differ from those when it is `masked`.
    """

    position: int
    envelope: bytes
    link: str
    digest: bytes
    fact: bytes
    masked: bool
    record: Record


class Source(NamedTuple):
    """A log that is open: where it begins, and what was known there."""

    after: int
    before: str
    states: Mapping[str, KeptState]
    rows: Iterator[BundleRow]


_header = Decoder(Header).decode
_state = Decoder(KeptState).decode
_version = Decoder(dict[str, Any]).decode


def read_bundle(path: Path) -> Iterator[BundleRow]:
    """Every record of a bundle, checked. Raises BadLog at the first that is not what it should
    be."""
    with opened(path) as source:
        yield from source.rows


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A bundle, or a SQLite file that holds a log, from which nothing is believed. Raises BadLog,
    also while its rows are read."""
    try:
        with _regular(path) as file:
            if file.read(len(SQLITE)) != SQLITE:
                file.seek(0)
                yield _bundle(file)
                return
        from horarium.foreign import sqlite_rows

        with sqlite_rows(path) as found:
            rows = _checked_rows(found.rows, found.after, found.before)
            yield Source(found.after, found.before, found.states, rows)
    except OSError as error:
        raise BadLog(0, f"cannot read {path}: {error.strerror or error}") from error


def _regular(path: Path) -> IO[bytes]:
    """Only what has an end: no pipe, no device."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_size <= FILE_MAX_BYTES:
        return file
    file.close()
    raise BadLog(0, f"{path} is not a regular file of at most {FILE_MAX_BYTES:,} bytes")


def _bundle(file: IO[bytes]) -> Source:
    header = _read_header(_line(file, 0, HEADER_MAX_BYTES))
    states: dict[str, KeptState] = {}
    for _ in range(header.states):
        try:
            kept = _state(_line(file, 0, STATE_MAX_BYTES))
        except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadLog(0, f"a state of the bundle cannot be read: {error}") from error
        if kept.actor in states:
            raise BadLog(0, f"the bundle has two states of {kept.actor!r}")
        states[kept.actor] = kept
    return Source(header.after, header.before, states, _rows(file, header))


def _read_header(line: bytes) -> Header:
    try:
        found = _version(line).get("bundle")
        if isinstance(found, int) and found > FORMAT:
            raise BadLog(0, f"written by a newer version (format {found}, this one knows {FORMAT})")
        header = _header(line)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadLog(0, f"not a bundle: {error}") from error
    if header.bundle != FORMAT:
        raise BadLog(0, f"not a bundle: there is no format {header.bundle}")
    if not header.after and header.before != codec.GENESIS:
        raise BadLog(0, "not a bundle: the first record of a log has none before it")
    return header


def _rows(file: IO[bytes], header: Header) -> Iterator[BundleRow]:
    before, last = header.before, header.after + header.records
    for position in range(header.after + 1, last + 1):
        row = _row(position, before, _line(file, position, LINE_MAX_BYTES))
        yield row
        before = row.link
    if before != header.last:
        raise BadLog(last, "is not the last one that the bundle promises")
    if file.read(1):
        raise BadLog(last + 1, "more than the bundle promises")


def _line(file: IO[bytes], position: int, most: int) -> bytes:
    line = file.readline(most + 1)
    if not line:
        raise BadLog(position, "missing: the bundle breaks off" if position else "not a bundle")
    if len(line) > most:
        raise BadLog(position, f"longer than {most:,} bytes")
    if line[-1:] != b"\n":
        raise BadLog(position, "breaks off in the middle of a line")
    if too_deep(line):
        raise BadLog(position, f"nested deeper than {DEPTH_MAX}")
    return line[:-1]


def too_deep(text: bytes) -> bool:
    """Whether JSON has more lists and objects within each other than any fact of ours."""
    if text.count(b"[") + text.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for found in _BRACKETS.finditer(_TEXTS.sub(b"", text)):
        depth += 1 if found[0] in b"[{" else -1
        if depth > DEPTH_MAX:
            return True
    return False


def _row(position: int, before: str, line: bytes) -> BundleRow:
    if not line.startswith(_MASKED):
        return checked(position, before, line)
    digits = line[len(_MASKED) : len(_MASKED) + _DIGEST_DIGITS]
    start = len(_MASKED) + _DIGEST_DIGITS
    if line[start : start + len(_RECORD)] != _RECORD or line[-1:] != b"}":
        raise BadLog(position, "not a digest and a masked record")
    try:
        digest = unhexlify(digits)
    except ValueError as error:
        raise BadLog(position, "its digest is not one") from error
    return checked(position, before, line[start + len(_RECORD) : -1], digest)


def checked(position: int, before: str, state: bytes, digest: bytes | None = None) -> BundleRow:
    """A stored record that must stand here and fit the link before; `digest` is that of its fact
    when the fact is masked. Raises BadLog."""
    try:
        envelope, link, body = codec.parts(position, state)
        own = sha256(body).digest() if digest is None else digest
        if link != _linked(before, envelope, own):
            raise BadLog(position, "does not fit the record before it")
        record = codec.read(position, state)
    except codec.UnreadableRecord as error:
        raise BadLog(position, error.why) from error
    except RecursionError as error:
        raise BadLog(position, "nested too deep") from error
    if record.hash != link or envelope != _envelope(record):
        raise BadLog(position, "its envelope says two things")
    return BundleRow(position, envelope, link, own, body, digest is not None, record)


def _linked(before: str, envelope: bytes, digest: bytes) -> str:
    return sha256(before.encode() + envelope + digest).hexdigest()[: codec.LINK_DIGITS]


def _envelope(record: Record) -> bytes:
    """As we would write it: what is read twice must not be read in two ways."""
    said = codec.Entry(record.at, record.cause, record.depth, record.fact, b"")
    by = record.by.encode("utf-8", "replace").decode()
    return codec.parts(record.position, codec.written(record.position, by, said, "")[0])[0]


def _checked_rows(
    rows: Iterator[tuple[int, bytes]], after: int, before: str
) -> Iterator[BundleRow]:
    for expected, (position, state) in enumerate(rows, after + 1):
        if position != expected:
            raise BadLog(expected, "missing")
        if len(state) > LINE_MAX_BYTES or too_deep(state):
            raise BadLog(position, "too long, or nested too deep")
        row = checked(position, before, state)
        yield row
        before = row.link


def masked_line(envelope: bytes, link: str, digest: bytes, fact: bytes) -> bytes:
    """The line of a record whose fact is masked, without its end."""
    return b"%b%b%b%b}" % (_MASKED, digest.hex().encode(), _RECORD, _joined(envelope, link, fact))


def stored(row: BundleRow) -> bytes:
    """A record as the log has it; of a masked one, what is left of it."""
    return _joined(row.envelope, row.link, row.fact)


def _joined(envelope: bytes, link: str, fact: bytes) -> bytes:
    return b'%b,"hash":"%b","fact":%b}' % (envelope, link.encode(), fact)
