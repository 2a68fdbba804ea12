"""`python -m horarium.sweeping.sealing DATA AFTER UNTIL`: a stretch of the log, in a file of its
own that `horarium verify --log` reads.

The file is a bundle of the stored records as they stand, with nothing masked: it is as secret as
the log. It is written beside its place, synced, read back record by record, and only then given
its name. The log itself keeps its records.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from sqlite3 import Connection

from msgspec import structs
from msgspec.json import decode, encode

from events import codec
from events.cleanup import Sealed
from horarium import bundle, quiet, reading
from horarium.points import link_of
from horarium.replaying import minds_before
from projections.invariants.check import Violation

FOLDER = "sealed"
NICENESS = 10  # Nobody waits for it.


class CannotSeal(Exception):
    """The stretch cannot be written; the message says why."""


def seal(data: Path, after: int, until: int, *, by: str) -> Sealed:
    """Write the records behind `after` until `until`. Raises CannotSeal, BadLog, OSError."""
    folder = data / FOLDER
    folder.mkdir(0o700, exist_ok=True)
    if folder.is_symlink():
        raise CannotSeal(f"{FOLDER} is a link, and what is secret goes nowhere else")
    path = folder / f"log-{after + 1:010}-{until:010}.jsonl"
    unfinished = path.with_suffix(".new")
    with quiet.opened(data / "log.sqlite") as log:
        before, last = _link(log, after), _link(log, until)
        header = bundle.Header(bundle.FORMAT, by, after, before, until - after, last)
        unfinished.unlink(missing_ok=True)
        try:
            _write(unfinished, header, log)
            _read_back(unfinished)
            unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    _synced(folder)
    return Sealed(after, until, last, f"{FOLDER}/{path.name}", path.stat().st_size)


def disagreeing(data: Path, log: Connection) -> Iterator[Violation]:
    """The sealed files whose ends are not those of the log; of each the first line is read."""
    for path in sorted((data / FOLDER).glob("log-*.jsonl")):
        header = _header(path)
        if header is None:
            yield Violation("seal", 0, f"{path.name} cannot be read")
            continue
        until = header.after + header.records
        for position, said in ((header.after, header.before), (until, header.last)):
            if _differs(log, position, said):
                yield Violation("seal", position, f"is not the record that {path.name} has here")


def _differs(log: Connection, position: int, said: str) -> bool:
    """Whether another record is known to stand there."""
    try:
        return (link_of(log, position) or codec.GENESIS) != said
    except reading.Gone:
        return False


def _header(path: Path) -> bundle.Header | None:
    if not path.is_file():  # A pipe would keep us waiting.
        return None
    try:
        with path.open("rb") as file:
            return decode(file.readline(bundle.HEADER_MAX_BYTES), type=bundle.Header)
    except (OSError, ValueError):
        return None


def _link(log: Connection, position: int) -> str:
    found = link_of(log, position)
    if found is None:
        raise CannotSeal(f"record {position} is missing")
    return found or codec.GENESIS


def _write(path: Path, header: bundle.Header, log: Connection) -> None:
    after, until = header.after, header.after + header.records
    minds = minds_before(log, after) if after else {}
    states = [
        encode({"actor": it.rules.actor, "version": it.rules.version, "state": it.state})
        for it in minds.values()
    ]
    fitting = [state for state in states if len(state) < bundle.STATE_MAX_BYTES]
    header = structs.replace(header, states=len(fitting))
    file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
    with closing(file):
        file.writelines(line + b"\n" for line in (encode(header), *fitting))
        for position, _, state in reading.rows(log, after):
            if position > until:
                break
            file.write(state + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _read_back(path: Path) -> None:
    for _ in bundle.read_bundle(path):
        pass


def _synced(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(data: str, after: str, until: str) -> None:
    """Seal, and say so in JSON; what is wrong is said in a line."""
    os.umask(0o077)
    os.nice(NICENESS)
    try:
        done = seal(Path(data), int(after), int(until), by=version("horarium"))
    except Exception as error:
        sys.exit(f"{error}")
    sys.stdout.write(json.dumps(structs.asdict(done)))


if __name__ == "__main__":
    main(*sys.argv[1:])
