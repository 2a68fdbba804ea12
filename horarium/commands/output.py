"""What a run printed, and what it goes on to print."""

import os
import re
import stat
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

import click

from horarium.commands.looking import looking
from horarium.commands.options import Refusal, with_places
from horarium.places import Places
from horarium.tables import note, show_json
from projections.queries.runs import Output, runs_of
from projections.queries.runs import output as known_output

POLL_SECONDS = 0.2
CHUNK_BYTES = 64 * 1024
OPEN = ("starting", "waiting", "running")
_RUN = re.compile(r"r\d{1,18}-\d{1,9}", re.ASCII)
_WORK = re.compile(r"w\d{1,18}-\d{1,9}", re.ASCII)
# All that could steer a terminal, but for tab and line feed.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@click.command()
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@with_places
def output(here: Places, as_json: bool, run: str, follow: bool) -> None:
    """What a run printed: as it is into a pipe, harmless on a terminal."""
    if as_json and follow:
        raise click.UsageError("either --json or --follow, not both")
    if not _RUN.fullmatch(run):
        raise Refusal(_no_run(here, run))
    known, path = _known(here, run), here.output(run)
    is_there = path.is_file() and not path.is_symlink()
    if known is None and not is_there:
        raise Refusal(_no_run(here, run))
    if as_json:
        show_json({**_described(known, run), "output": _whole(known, path)})
    elif known is not None and not is_there and not follow:
        _tell_tail(known)
    else:
        _copy(here, run, path, follow)


def _known(here: Places, run: str) -> Output | None:
    with looking(here, quiet=True) as connection:
        return known_output(connection, run)


def _no_run(here: Places, name: str) -> str:
    if not _WORK.fullmatch(name):
        return f"no run is called {name!r}; `horarium runs` lists them"
    with looking(here, quiet=True) as connection:
        found = [run.run for run in runs_of(connection, name)]
    return f"{name} is a piece of work; its runs: {', '.join(found) or 'none yet'}"


def _described(known: Output | None, run: str) -> dict[str, object]:
    return {
        "run": run,
        "state": known.state if known else None,
        "output_bytes": known.output_bytes if known else None,
        "output_cut": known.output_cut if known else False,
        "swept": known.swept if known else False,
    }


def _whole(known: Output | None, path: Path) -> str:
    file = _opened(path)
    if file is None:
        return known.tail if known else ""
    with file:
        return file.read().decode("utf-8", "replace")


def _opened(path: Path) -> BinaryIO | None:
    """The file of a run, if it is there. A job can put a link or a pipe in its place."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
    return None


def _tell_tail(known: Output) -> None:
    """All that is left when the file is gone."""
    if known.tail:
        click.echo(harmless(known.tail))
    if known.swept:
        note("The output was swept away; this is what the log kept of its end.")
    elif known.tail:
        note("Its output is not there any more; this is what the log kept of its end.")
    else:
        note("It has printed nothing.")


def _copy(here: Places, run: str, path: Path, follow: bool) -> None:
    write = _writer()
    with ExitStack() as opened:
        file: BinaryIO | None = None
        while True:
            known = _known(here, run)  # Before the file: what has ended has written all of it.
            if file is None and (found := _opened(path)) is not None:
                file = opened.enter_context(found)
            for chunk in _chunks(file) if file else ():
                write(chunk)
            sys.stdout.flush()
            if not follow or (known is not None and known.state not in OPEN):
                break
            time.sleep(POLL_SECONDS)
    if known is not None and known.output_cut:
        note(f"It printed {known.output_bytes:,} bytes; what was too much was cut off.")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _writer() -> Callable[[bytes], object]:
    """Writes bytes as they are; to a terminal as text that moves nothing but the cursor down."""
    if not sys.stdout.isatty():
        return sys.stdout.buffer.write
    decoder = getincrementaldecoder("utf-8")("replace")
    return lambda chunk: sys.stdout.write(harmless(decoder.decode(chunk)))


def harmless(text: str) -> str:
    """Lines of text as they are, control characters as ^X; a lone return begins a line."""
    return _CONTROLS.sub(_shown, text.replace("\r\n", "\n").replace("\r", "\n"))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"^{chr(code ^ 0x40)}" if code < 0x80 else f"<{code:04x}>"
