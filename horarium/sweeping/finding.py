"""Which processes a sweep may end, each known beyond doubt.

An orphan is a process of our user that bears the token or the mark of a run of this data folder
and this boot, and of that run the log holds the end. A foreign one fits a pattern that somebody
wrote down. Never found are we ourselves, our ancestors, other daemons, keepers, and other users'
processes.
"""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from actors.executor import identity
from actors.executor.environment import token
from actors.executor.marks import Census, mark_of
from actors.executor.recovery import KEEPER
from events import codec
from events.cleanup import EndedProcess
from events.left import base_of
from events.policies import Foreign
from events.runs import RunClosed
from horarium import quiet, reading

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
NAME_CHARACTERS = 40
OURS, WORDS_OF_OURS = "horarium", 4  # `python -P -m horarium.part` has so many
_TOKEN, _DATA = b"HORARIUM_TOKEN", b"HORARIUM_DATA"
_RUN = re.compile(r"r([0-9]{1,18})-[0-9]{1,9}", re.ASCII)
_CLOSED = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = 'log' "
    "AND originator_version > ? AND topic = 'run-closed' AND instr(state, ?) > 0 ORDER BY 1"
)


class Place(NamedTuple):
    """Where the runs are whose processes are looked for; `daemon` is the process that lives
    there, as well as it is known."""

    data: Path  # resolved
    boot: str
    daemon: int

    @property
    def log(self) -> Path:
        """The log of the runs."""
        return self.data / "log.sqlite"


def orphans(here: Place, ended: Iterable[str]) -> list[EndedProcess]:
    """Those of runs that are over. `ended` are runs whose marks may be met, too."""
    marks = {mark_of(token(run, here.boot), here.data): run for run in ended}
    found = [
        (pid, run) for pid in _candidates(here) if (run := run_of(here, pid, marks)) is not None
    ]
    over = {run for run in {run for _, run in found} if is_over(here, run)}
    seen = [described(pid, run=run) for pid, run in found if run in over]
    return [it for it in seen if it is not None]


def run_of(here: Place, pid: int, marks: dict[int, str]) -> str | None:
    """Whose it is by its mark, else by its token. One that bears the mark of a run that may go
    on is not one of another run, whatever its token says."""
    if mark := Census().mark_of(pid):
        return marks.get(mark) or _by_token(here, pid, mark)
    return _by_token(here, pid, 0)


def _by_token(here: Place, pid: int, mark: int) -> str | None:
    environment = identity.environment(pid)
    if environment.get(_DATA) != os.fsencode(here.data):
        return None
    run, _, boot = environment.get(_TOKEN, b"").decode("ascii", "replace").partition(":")
    if boot != here.boot or not _RUN.fullmatch(run):
        return None
    is_its_own = not mark or mark == mark_of(token(run, here.boot), here.data)
    return run if is_its_own else None


def is_over(here: Place, run: str) -> bool:
    """Whether the log holds its verdict. A log that cannot be read says nothing."""
    named = _RUN.fullmatch(run)
    if named is None:
        return False
    try:
        with quiet.opened(here.log) as log:
            after, name = int(named[1]), f'"run":"{run}"'.encode()
            said = log.execute(_CLOSED, (after, name)).fetchall() or _that_left(log, after, name)
            return any(_closes(position, state, run) for position, state in said)
    except (sqlite3.Error, codec.UnreadableRecord, reading.NoLog):
        return False


def _that_left(log: sqlite3.Connection, after: int, name: bytes) -> Iterator[tuple[int, bytes]]:
    """What was closed in records that have left the log, where they can be read."""
    base = base_of(log)
    for position, _, state in reading.rows(log, after, ["run-closed"]) if after < base else ():
        if position > base:
            return
        if name in state:
            yield position, state


def _closes(position: int, state: bytes, run: str) -> bool:
    fact = codec.read(position, state).fact
    return isinstance(fact, RunClosed) and fact.run == run


def foreign(here: Place, patterns: dict[str, Foreign]) -> list[EndedProcess]:
    """Those that fit a pattern, and that no run of anybody's began."""
    found = []
    for pid in _candidates(here) if patterns else ():
        name = next((name for name, it in patterns.items() if fits(pid, it)), None)
        if name is not None and not _is_of_a_run(pid) and not _is_of_ours(pid):
            found.append(described(pid, pattern=name))
    return [it for it in found if it is not None]


def fits(pid: int, pattern: Foreign) -> bool:
    """Its program has the very name, all words stand in its command line, and it is old."""
    words = command_line(pid)
    names = {_comm(pid), Path(words[0]).name if words else "", _executable(pid)}
    if pattern.program not in names or not all(it in " ".join(words) for it in pattern.words):
        return False
    seen = identity.stat(pid)
    return seen is not None and identity.age_seconds(seen.ticks) >= pattern.older_seconds


def command_line(pid: int) -> list[str]:
    """Its words; none when it is gone or is no program."""
    try:
        said = (identity.PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(word) for word in said.rstrip(b"\0").split(b"\0")] if said else []


def described(pid: int, *, run: str = "", pattern: str = "") -> EndedProcess | None:
    """Who it is now; None when it is dead."""
    seen = identity.stat(pid)
    if seen is None or not seen.lives:
        return None
    name = _comm(pid)[:NAME_CHARACTERS]
    return EndedProcess(pid, seen.ticks, name, run, pattern, _resident_bytes(pid))


def _candidates(here: Place) -> Iterator[int]:
    """None where we cannot see all whose children we are."""
    spared, keeper = _spared(here), KEEPER.encode()
    for pid in identity.numbers() if spared else ():
        if pid not in spared and is_of_our_user(pid) and keeper not in identity.environment(pid):
            yield pid


def is_of_our_user(pid: int) -> bool:
    """Whether it is, as far as the kernel says."""
    return identity.owner(pid) == os.getuid()


def _spared(here: Place) -> set[int]:
    """The daemon, whoever asks, and all their ancestors; nobody, where these cannot be seen."""
    ours = _line(os.getpid())
    if identity.stat(ours[-1]) is None:
        return set()
    return {1, *ours, *_line(here.daemon)}


def _line(pid: int) -> Sequence[int]:
    found: list[int] = []
    while pid > 0 and pid not in found:
        found.append(pid)
        seen = identity.stat(pid)
        pid = 0 if seen is None else seen.parent
    return found


def _is_of_a_run(pid: int) -> bool:
    return bool(Census().mark_of(pid)) or _TOKEN in identity.environment(pid)


def _is_of_ours(pid: int) -> bool:
    """Whether it is a daemon, also of another data folder, or what one of them began."""
    words = command_line(pid)[:WORDS_OF_OURS]
    return any(Path(word).name.partition(".")[0] == OURS for word in words)


def _comm(pid: int) -> str:
    try:
        return (identity.PROC / str(pid) / "comm").read_text("utf-8", "replace").rstrip("\n")
    except OSError:
        return ""


def _executable(pid: int) -> str:
    try:
        return (identity.PROC / str(pid) / "exe").readlink().name
    except OSError:
        return ""


def _resident_bytes(pid: int) -> int:
    try:
        return int((identity.PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
