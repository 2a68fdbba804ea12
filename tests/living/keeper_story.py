"""Daemons that are killed, and keepers that are."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep

from msgspec import json

from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.environment import token
from actors.executor.keeper.client import Kept
from actors.executor.marks import Census, mark_of
from actors.executor.recovery import KEEPER
from events.configuration import Action
from tests.living.process_story import PATIENCE_SECONDS, Told, now, shell
from tests.living.zoo_story import processes

DAEMON = """
import sys
from pathlib import Path
import msgspec
from actors.executor.brief import RunBrief
from actors.executor.environment import token
from actors.executor.keeper.client import Kept
from actors.executor.marks import Census, mark_of
from tests.living.process_story import now

def tell(cause, facts):
    for fact in facts:
        sys.stdout.write(msgspec.json.encode(fact).decode() + "\\n")
        sys.stdout.flush()

door = Kept(Path(sys.argv[1]), tell, now)
for line in sys.stdin:
    if line.startswith("{"):
        door.start(msgspec.json.decode(line, type=RunBrief), 42)
    else:
        door.stop(line.strip())
"""


class OtherDaemon:
    """A daemon in a process of its own, with a keeper."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", DAEMON, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )

    def start(self, brief: RunBrief) -> None:
        self._say(json.encode(brief))

    def stop(self, run: str) -> None:
        self._say(run.encode())

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def told(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def kill(self) -> None:
        self._process.kill()
        with self._process:
            pass


@contextmanager
def other_daemon(data: Path) -> Iterator[OtherDaemon]:
    daemon = OtherDaemon(data)
    try:
        yield daemon
    finally:
        daemon.kill()


def keepers(data: Path) -> list[int]:
    """The keepers of a data folder that live."""
    mark, name = os.fsencode(data), KEEPER.encode()
    return [pid for pid in processes() if identity.environment(pid).get(name) == mark]


def kill_keepers(data: Path) -> None:
    """And wait until they are dead."""
    for pid in keepers(data):
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            os.kill(pid, SIGKILL)
            select.select([descriptor], [], [], PATIENCE_SECONDS)
            os.close(descriptor)


def end_all(data: Path) -> None:
    """The keepers of that folder, and whatever bears the mark of a run of it, in any way."""
    kill_keepers(data)
    marks = [mark_of(token(run.name, identity.boot_id()), data) for run in data.glob("runs/*")]
    until_killed = monotonic() + PATIENCE_SECONDS
    while living := [pid for mark in marks for pid in Census().of(mark, inf)]:
        assert monotonic() < until_killed, living
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)


def until(condition: Callable[[], object]) -> None:
    """Wait for what the world does not tell."""
    end = monotonic() + PATIENCE_SECONDS
    while not condition():
        assert monotonic() < end
        sleep(0.005)


def pid_in(file: Path) -> int:
    """The number that a job writes there."""
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


class Doors:
    """The doors of one data folder, one after the other, and what they told."""

    def __init__(self, data: Path, told: Told) -> None:
        self._data, self._told = data, told
        self._made: list[Kept] = []

    def __call__(self, leaves: bool = False) -> Kept:
        self._made.append(Kept(self._data, self._told, now, leaves=lambda: leaves))
        return self._made[-1]

    def close(self) -> None:
        """Them, their keepers, and what these have left."""
        for door in self._made:
            door.close(0)
        end_all(self._data)


def gated(folder: Path, after: str = "exit 3", before: str = ":") -> tuple[Action, Path]:
    """A job that marks its start, and goes on when somebody opens the gate for writing."""
    gate = folder / "gate"
    os.mkfifo(gate)
    mark = f"echo $HORARIUM_RUN >> {folder}/starts"
    return shell(f"{before}; {mark}; echo before; cat {gate}; echo after; {after}"), gate


def open_gate(gate: Path) -> None:
    gate.write_text("")


def starts(folder: Path) -> list[str]:
    path = folder / "starts"
    return path.read_text().split() if path.exists() else []
