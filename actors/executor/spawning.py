"""Making a process of a run: its own session, nothing inherited but what was allowed, and no shell
unless its action says so.

It prints into a pipe which it holds open for reading as well. So it outlives the daemon: while
nobody reads it waits when the pipe is full (64 KiB on Linux) instead of dying of SIGPIPE, and the
next life opens the pipe again through /proc and reads on. A file in its place would outlive the
daemon too, but could not be held to its limit. Without /proc it is a pipe like any other.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from errno import EACCES, ENOENT, ENOEXEC
from pathlib import Path
from typing import NamedTuple

from msgspec import MsgspecError, Raw, json

from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.folders import Folders
from actors.executor.sandbox import Wall, bare
from events.configuration import Action
from events.runs import Trouble

_object = json.Decoder(dict[str, Raw])

SHELL = "/bin/sh"
OUTPUT = "HORARIUM_OUTPUT"  # the name of its pipe, by which a later life finds it again


class NotStarted(NamedTuple):
    """Why there is no process."""

    trouble: Trouble
    detail: str


class Spawned(NamedTuple):
    """A process, and where what it prints can be read without waiting."""

    process: subprocess.Popen[bytes]
    reader: int


def prepared(brief: RunBrief, folders: Folders) -> NotStarted | None:
    """Make the run's folders; None when all is well. Once made, they are proof of a start."""
    try:
        _object.decode(brief.input_json)
    except (MsgspecError, RecursionError, UnicodeError) as error:
        return NotStarted("bad_input", f"the input is not a JSON object: {error}")
    if brief.lane_directory and not folders.place.is_dir():
        return NotStarted("lane_missing", f"no directory {brief.lane_directory}")
    try:
        folders.make(brief.input_json)
    except FileExistsError:
        return NotStarted("lost", "it had been started before")
    except OSError as error:
        return NotStarted("spawn_failed", f"cannot make its folder: {error}")
    return None


def launched(
    argv: Sequence[str],
    place: Path,
    environment: Mapping[str, str],
    umask: int,
    wall: Wall = bare,
    stdin: Path | None = None,
) -> Spawned | NotStarted:
    """Start a program with its arguments, behind that wall. `environment` is all that it will see
    of ours; a `umask` of -1 is ours. It reads that file, or nothing."""
    try:
        program = resolved(argv[0], place, environment.get("PATH", os.defpath))
        if isinstance(program, NotStarted):
            return program
        with open(stdin or os.devnull, "rb") as given:  # noqa: PTH123  A Path would take longer.
            return _spawn(*wall(program, argv), place, environment, umask, given.fileno())
    except (OSError, ValueError) as error:
        return refused(error)


def _spawn(
    program: str,
    argv: Sequence[str],
    place: Path,
    environment: Mapping[str, str],
    umask: int,
    stdin: int,
) -> Spawned:
    reader, writer = make_pipe()
    try:
        process = subprocess.Popen(
            argv,
            executable=program,
            stdin=stdin,
            stdout=writer,
            stderr=writer,
            cwd=place,
            env={**environment, OUTPUT: pipe_name(reader)},
            start_new_session=True,
            umask=umask,
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    return Spawned(process, reader)


def make_pipe() -> tuple[int, int]:
    """Our end of it, and the process's."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with suppress(OSError):
        both = os.open(f"{identity.PROC}/self/fd/{writer}", os.O_RDWR)
        os.close(writer)
        writer = both
    return reader, writer


def pipe_name(descriptor: int) -> str:
    """As /proc calls it."""
    return f"pipe:[{os.fstat(descriptor).st_ino}]"


def reopened(pid: int) -> int | None:
    """Our end of the pipe of a process of an earlier life, if that has it still."""
    name = identity.environment(pid).get(OUTPUT.encode(), b"").decode(errors="replace")
    with suppress(OSError):
        for held in (identity.PROC / str(pid) / "fd").iterdir():
            if str(held.readlink()) == name:
                return os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    return None


def arguments(action: Action) -> Sequence[str]:
    """The program and its arguments, each exactly as it was written.

    A function is called by an interpreter like ours that trusts no module in the working
    directory before those that are installed (`-P`). A line for a shell is given to it whole.
    """
    if action.shell and action.executor == "command":
        return SHELL, "-c", *action.command[:1]
    if action.executor == "python":
        return sys.executable, "-P", "-m", "horarium.jobs.call", action.function
    return action.command or ("",)


def resolved(program: str, place: Path, search: str) -> str | NotStarted:
    """The file to run: by the process's own PATH, or from its directory when it has a slash."""
    folders = [""] if "/" in program else search.split(os.pathsep)
    files = [_below(_below(str(place), folder), program) for folder in folders]
    for file in files:
        if os.access(file, os.X_OK) and Path(file).is_file():
            return file
    for file in files:
        if Path(file).is_file():
            return NotStarted("not_executable", f"{file} is not executable")
    where = f"in {search}" if "/" not in program else f"in {place}"
    return NotStarted("program_missing", f"no program {program!r} {where}")


def _below(folder: str, name: str) -> str:
    """Joined as text: a Path takes ten times as long, and this is done for all of PATH."""
    return name if name.startswith("/") else f"{folder}/{name}" if name else folder


def refused(error: OSError | ValueError) -> NotStarted:
    """What the kernel said when it was asked to run it."""
    if not isinstance(error, OSError):
        return NotStarted("bad_input", f"cannot be passed to a program: {error}")
    known: dict[int | None, Trouble] = {
        ENOENT: "program_missing",  # of a script, the interpreter that it names
        EACCES: "not_executable",
        ENOEXEC: "not_executable",
    }
    return NotStarted(known.get(error.errno, "spawn_failed"), str(error))
