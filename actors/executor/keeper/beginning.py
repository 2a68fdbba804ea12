"""Where a keeper is found, and how one is begun."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actors.executor import identity
from actors.executor.keeper import words
from actors.executor.recovery import KEEPER

COMMAND = ("-P", "-m", "actors.executor.keeper")  # of the interpreter
FOLDER, LINES = "keeper", "lines"
PATH_MAX_BYTES = 107  # of a Unix socket, the end mark apart
WAITING_MAX = 8  # daemons at its door
PASSED = ("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")  # without which Python may not start


def connected(data: Path) -> socket.socket | None:
    """A connection with the keeper of a data folder, if one lives that speaks our language."""
    there = socket.socket(socket.AF_UNIX)
    try:
        with _reachable(data) as name:
            there.connect(name)
    except OSError:
        there.close()
        return None
    return there


def begun(data: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A new keeper, and a connection with it. OSError when there can be none.

    It can be spoken to at once: it hears when it is ready. One that was found no good is not
    reached any more; it finishes what it keeps.
    """
    folder = data / FOLDER
    folder.mkdir(0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, _reachable(data) as name:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108  It may be a name within /proc.
        listener.bind(name)
        os.chmod(name, 0o600)  # noqa: PTH101
        listener.listen(WAITING_MAX)
        process = _spawned(data, listener.fileno())
        there = socket.socket(socket.AF_UNIX)
        there.connect(name)
    return process, there


def socket_file(data: Path) -> tuple[int, int]:
    """Which file the socket is now; zeros: there is none."""
    with suppress(OSError), _reachable(data) as name:
        found = os.lstat(name)
        return found.st_dev, found.st_ino
    return 0, 0


def remove_socket(data: Path, ours: tuple[int, int]) -> None:
    """It is of no use any more; that of a keeper that came later is left be."""
    with suppress(OSError), _reachable(data) as name:
        if socket_file(data) == ours:
            os.unlink(name)  # noqa: PTH108


@contextmanager
def _reachable(data: Path) -> Iterator[str]:
    """A name of the socket that is short enough: if need be that of its folder, held open."""
    name = f"{words.PROTOCOL}.sock"
    whole = data / FOLDER / name
    if len(os.fsencode(whole)) <= PATH_MAX_BYTES:
        yield str(whole)
        return
    folder = os.open(whole.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"{identity.PROC}/self/fd/{folder}/{name}"
    finally:
        os.close(folder)


def _spawned(data: Path, listener: int) -> subprocess.Popen[bytes]:
    """What it says of its mistakes is in a file of its own, that begins anew with each."""
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    lines = os.open(data / FOLDER / LINES, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(
            (sys.executable, *COMMAND, str(data), str(listener)),
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            cwd="/",
            env={**environment, KEEPER: str(data)},
            pass_fds=(listener,),
            start_new_session=True,
        )
    finally:
        os.close(lines)
