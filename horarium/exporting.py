"""Writing a bundle: a log that replays elsewhere, without secrets. See `horarium.bundle`."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from sqlite3 import Connection
from typing import IO, Any

from msgspec import MsgspecError, Struct, json

from actors.replay.stepping import Mind
from events import codec
from events.catalogue import AnyFact
from horarium import reading
from horarium.bundle import (
    DEPTH_MAX,
    FORMAT,
    LINE_MAX_BYTES,
    STATE_MAX_BYTES,
    Header,
    masked_line,
    too_deep,
)
from horarium.masking import Masker
from horarium.points import link_of
from horarium.replaying import minds_before

CONFIGURATION = "configuration-loaded"

_fact = json.Decoder(AnyFact).decode
_document = json.Decoder(dict[str, Any]).decode


class CannotExport(Exception):
    """The log cannot be written as a bundle; the message says why."""


class Exported(Struct, frozen=True):
    """What a bundle holds. `first` is 0 when it holds no record."""

    file: str
    records: int
    first: int
    last: int
    masked: int
    bytes: int


def export(log: Connection, path: Path, since: int, *, with_output: bool, version: str) -> Exported:
    """Write the records from `since` on into a new file, for its owner alone. Raises CannotExport,
    UnreadableRecord, OSError."""
    head, after = reading.head(log), max(0, since - 1)
    masker = Masker(_environments(log), with_output=with_output)
    minds = minds_before(log, after) if after else {}
    before, last = _link_at(log, after), _link_at(log, head)
    file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
    try:
        with file:
            header = Header(FORMAT, version, after, before, head - after, last, len(minds))
            file.write(json.encode(header) + b"\n")
            for mind in minds.values():
                file.write(_state(mind, masker) + b"\n")
            masked = _write(file, log, after, head, before, masker)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    first = after + 1 if head > after else 0
    return Exported(str(path), head - after, first, head, masked, size)


def _write(
    file: IO[bytes], log: Connection, after: int, head: int, before: str, masker: Masker
) -> int:
    """Write the records; how many of them are masked."""
    masked = 0
    rows = ((row[0], row[2]) for row in reading.rows(log, after))
    for position, state in rows:
        if position > head:
            break
        *_, (_, before) = codec.check_chain([(position, state)], before, position - 1)
        envelope, link, body = codec.parts(position, state)
        line = state
        if (other := _masked(position, body, masker)) is not None:
            line = masked_line(envelope, link, sha256(body).digest(), other)
            masked += 1
        if len(line) >= LINE_MAX_BYTES or too_deep(line):
            most = f"{LINE_MAX_BYTES:,} bytes, or nested deeper than {DEPTH_MAX}"
            raise CannotExport(f"record {position} is longer than {most}")
        file.write(line + b"\n")
    return masked


def _masked(position: int, body: bytes, masker: Masker) -> bytes | None:
    """The bytes of the fact without secrets; None where it has none."""
    try:
        found = _document(body)
        other = masker.document(found)
        if other == found:
            return None
        masked = json.encode(other)
        _fact(masked)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotExport(f"record {position} cannot be masked: {error}") from error
    return masked


def _state(mind: Mind, masker: Masker) -> bytes:
    """What an actor knew, as the line of a bundle."""
    known = masker.document(_plain(mind.state))
    rules = mind.rules
    line = json.encode({"actor": rules.actor, "version": rules.version, "state": known})
    if len(line) >= STATE_MAX_BYTES:
        raise CannotExport(f"what {rules.actor} knew is longer than {STATE_MAX_BYTES:,} bytes")
    return line


def _plain(state: Struct) -> Any:
    """As it comes back from JSON: lists, and nothing that only looks like one."""
    return json.decode(json.encode(state))


def _environments(log: Connection) -> Iterator[str]:
    """Every value that an action's environment ever had."""
    for row in reading.rows(log, 0, [CONFIGURATION]):
        settings = reading.document(row)["fact"].get("configuration") or {}
        for action in settings.get("actions", {}).values():
            yield from action.get("environment", {}).values()


def _link_at(log: Connection, position: int) -> str:
    found = link_of(log, position)
    if found is None:
        raise CannotExport(f"record {position} is missing")
    return found or codec.GENESIS
