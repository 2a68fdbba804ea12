"""What is done about a keeper that does not answer, and what is said of one that is gone."""

import os
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT

from actors.executor import identity
from actors.executor.keeper.beginning import FOLDER, LINES
from actors.executor.recovery import KEEPER
from actors.executor.watching import open_pidfd, send

LAST_BYTES = 500  # of what it said of its mistakes


def heeded(data: Path) -> str:
    """Let those go on that somebody has stopped; in words."""
    name, mark = KEEPER.encode(), os.fsencode(data)
    stopped = [
        pid
        for pid in identity.numbers()
        if identity.environment(pid).get(name) == mark and _go_on(pid)
    ]
    if stopped:
        return f"the keeper (pid {stopped[0]}) had been stopped; it was told to go on (SIGCONT)"
    return "the keeper does not answer; what was asked of it waits"


def _go_on(pid: int) -> bool:
    pidfd = open_pidfd(pid)
    if pidfd is None:
        return False
    at = identity.stat(pid)
    if is_stopped := at is not None and at.state == "T":
        send(pidfd, SIGCONT)
    os.close(pidfd)
    return is_stopped


def last_words(data: Path) -> str:
    """The last line of what the latest keeper said of its mistakes."""
    with suppress(OSError):
        said = (data / FOLDER / LINES).read_bytes()[-LAST_BYTES:].decode(errors="replace")
        return said.strip().rpartition("\n")[2]
    return ""
