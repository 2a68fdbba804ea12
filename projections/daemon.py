"""The daemon's lives, and what is paused."""

from typing import Final

from events.daemon import DaemonStarted, DaemonStopped
from events.record import Record
from events.requests import Paused, Resumed
from projections.rows import Handlers, Tables
from projections.tables import Life

NAME: Final = "daemon"


def daemon_started(tables: Tables, record: Record, fact: DaemonStarted, at: str) -> None:
    _end(tables, "vanished", at)
    tables.lives.add(
        Life(record.position, at, fact.version, fact.pid, fact.boot, fact.paused, fact.safe_mode)
    )
    tables.latest.make("life").value = str(record.position)


def daemon_stopped(tables: Tables, record: Record, fact: DaemonStopped, at: str) -> None:
    _end(tables, fact.reason, at)


def paused(tables: Tables, record: Record, fact: Paused, at: str) -> None:
    pause = tables.pauses.make(fact.scope, fact.name)
    pause.paused = True
    pause.since = at
    pause.note = fact.note
    pause.resumed_at = None


def resumed(tables: Tables, record: Record, fact: Resumed, at: str) -> None:
    pause = tables.pauses.make(fact.scope, fact.name)
    pause.paused = False
    pause.resumed_at = at


def _end(tables: Tables, ending: str, at: str) -> None:
    latest = tables.latest.see("life")
    life = tables.lives.find(int(latest.value)) if latest else None
    if life and life.ended_at is None:
        life.ended_at = at
        life.ending = ending


HANDLERS: Handlers = {
    DaemonStarted: daemon_started,
    DaemonStopped: daemon_stopped,
    Paused: paused,
    Resumed: resumed,
}
