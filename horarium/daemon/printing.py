"""Facts as lines, by one subscriber to the bus: the daemon logs nothing that it records."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

import orjson
from loguru import logger
from msgspec import Struct
from pykka import ActorDeadError, ActorRef

from events.bus import Subscribe
from events.policies import Lines
from events.record import Record
from horarium.daemon.lines import LINES, level_of, line_of, one_line
from horarium.daemon.terminal import Terminal
from horarium.daemon.watcher import Watcher

TEXT = "{time:HH:mm:ss.SSS} <level>{level: <7}</level> {extra[at]} {message}"


def open_lines(settings: Lines, data: Path, as_json: bool) -> Terminal:
    """Send lines to the terminal, and to a file where one is configured."""
    terminal = Terminal(sys.stdout)
    logger.remove()
    form = "{extra[json]}" if as_json else TEXT
    logger.configure(extra={"at": "", "json": ""}, patcher=_with_json if as_json else None)
    logger.add(terminal, format=form, colorize=None, diagnose=False, backtrace=False)
    if settings.file:
        logger.add(
            data / settings.file,
            format=form,
            rotation=settings.rotation_bytes or None,
            retention=settings.retention_count,
            diagnose=False,
            backtrace=False,
            opener=_private,
        )
    return terminal


def say(level: str, line: str, **extra: object) -> None:
    """One line; of the daemon's own, when it is about something that the log does not hold."""
    logger.bind(**extra).log(level, "{}", one_line(line))


class Flush(Struct, frozen=True):
    """The second is over: tell how many lines it kept back."""


class Printing(Watcher):
    """At most so many lines a second, then a count of those that were kept back."""

    def __init__(
        self,
        bus: ActorRef[Any],
        after: int,
        per_second_max: int,
        monotonic: Callable[[], float],
        terminal: Terminal,
    ) -> None:
        super().__init__()
        self._bus, self._after, self._terminal = bus, after, terminal
        self._most, self._monotonic = per_second_max, monotonic
        self._second, self._said, self._kept_back = 0.0, 0, 0

    def on_start(self) -> None:
        self._bus.tell(Subscribe(self.actor_ref, self._after, frozenset(LINES)))

    def on_receive(self, message: object) -> None:
        if isinstance(message, Flush):
            self._tell_kept_back()
        else:
            super().on_receive(message)

    def on_stop(self) -> None:
        super().on_stop()
        self._tell_kept_back()

    def look(self, records: Sequence[Record]) -> None:
        for record in records:
            self._print(record)

    def _print(self, record: Record) -> None:
        if self._monotonic() - self._second >= 1:
            self._tell_kept_back()
            self._second, self._said = self._monotonic(), 0
        if self._said >= self._most:
            if not self._kept_back:
                self._flush_later()
            self._kept_back += 1
            return
        self._said += 1
        if (line := line_of(record)) is not None:
            say(level_of(record.fact), line, at=record.position, kind=record.fact.kind)

    def _tell_kept_back(self) -> None:
        count = self._kept_back + self._terminal.lost
        self._kept_back = self._terminal.lost = 0
        if count:
            say("INFO", f"and {count} more lines; `horarium log` has them all", kind="kept-back")

    def _flush_later(self) -> None:
        later = Timer(1, _flush, (self.actor_ref,))
        later.daemon = True
        later.start()


def _flush(printing: ActorRef[Any]) -> None:
    with suppress(ActorDeadError):
        printing.tell(Flush())


def _with_json(line: Any) -> None:
    extra = {key: value for key, value in line["extra"].items() if key != "json"}
    line["extra"]["json"] = orjson.dumps(
        {
            "time": line["time"].isoformat(),
            "level": line["level"].name,
            "line": line["message"],
            "position": extra.pop("at", None) or None,
            **extra,
        },
        default=str,
    ).decode()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
