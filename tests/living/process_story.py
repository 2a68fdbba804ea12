"""The words in which tests tell what a door was asked and what it said."""

import os
import select
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from actors.executor.brief import RunBrief
from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from events.catalogue import AnyObservation
from events.configuration import Action
from events.runs import RunEnded

PATIENCE_SECONDS = 30
ANSWERS = 42  # the position of the decision that the door answers


def now() -> datetime:
    return datetime.now(UTC)


class Told:
    """What a door told, in order; a test waits for it instead of sleeping. What it told of
    itself, and not of a run, is apart."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[int, AnyObservation]] = SimpleQueue()
        self.of_itself: SimpleQueue[AnyObservation] = SimpleQueue()

    def __call__(self, cause: int, facts: Sequence[AnyObservation]) -> None:
        for fact in facts:
            if cause:
                self._queue.put((cause, fact))
            else:
                self.of_itself.put(fact)

    def get(self, seconds: float = PATIENCE_SECONDS) -> tuple[int, AnyObservation]:
        """The next thing told, with what it answers."""
        return self._queue.get(timeout=seconds)

    def next(self, kind: type[Any]) -> Any:
        """The next thing told, which must be of that kind and answer our decision."""
        cause, fact = self.get()
        assert cause == ANSWERS
        assert type(fact) is kind, fact
        return fact

    def ended(self) -> RunEnded:
        """The next end that is told, passing over beginnings."""
        while True:
            fact = self._queue.get(timeout=PATIENCE_SECONDS)[1]
            if isinstance(fact, RunEnded):
                return fact

    def rest(self) -> list[AnyObservation]:
        """What has been told and not been asked for."""
        facts = []
        try:
            while True:
                facts.append(self._queue.get_nowait()[1])
        except Empty:
            return facts


def brief_of(action: Action, run: str = "r1-1", **changes: Any) -> RunBrief:
    known: dict[str, Any] = {
        "run": run,
        "work": "w1-1",
        "name": "act",
        "action": action,
        "step": 1,
        "attempt": 1,
        "input_json": action.input_json,
        "not_after": now() + timedelta(seconds=300),
        "lane_directory": "",
        "output_max_bytes": 1024 * 1024,
        "environment": ("PATH",),
        "day": "2026-11-20",
        "phase": "morning",
        "key": "key",
    }
    return RunBrief(**known | changes)


def command(*argv: str, **settings: Any) -> Action:
    return Action(command=argv, **{"grace_seconds": 0, "timeout_seconds": 60} | settings)


def shell(script: str, **settings: Any) -> Action:
    return command("sh", "-c", script, **settings)


def has_died(pid: int) -> bool:
    """Whether it is dead or dies within the next seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE_SECONDS)[0])
    finally:
        os.close(descriptor)


OURS = {
    "PATH": os.environ["PATH"],
    "APP_ONE": "1",
    "APP_TWO": "2",
    "EXTRA": "extra",
    "API_KEY": "secret",
    "HORARIUM_SECRET": "secret",
}


class House:
    """A door with its data folder, and what it told."""

    def __init__(
        self, data: Path, umask: int = -1, kind: type[Processes | Kept] = Processes
    ) -> None:
        self.data, self.told = data, Told()
        self.door = kind(data, self.told, now, OURS, umask)
        self._runs = 0

    def start(self, action: Action, **changes: Any) -> str:
        self._runs += 1
        run = f"r{self._runs}-1"
        self.door.start(brief_of(action, run, **changes), ANSWERS)
        return run

    def end_of(self, action: Action, **changes: Any) -> RunEnded:
        self.start(action, **changes)
        return self.told.ended()

    def file(self, name: str) -> Path:
        """A file of the run that was started last."""
        return self.data / "runs" / f"r{self._runs}-1" / name

    def printed(self) -> bytes:
        path = self.file("output.log")
        return path.read_bytes() if path.exists() else b""
