"""The plan of a day: its phases, the work in each, and what was passed over and why."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from sqlite3 import Connection
from typing import ClassVar

from msgspec import field
from msgspec.structs import replace

from projections.queries.documents import Document, bounded, latest, listed, single, snapshot
from projections.queries.work import Work


class PassedOver(Document, frozen=True):
    """A template that could have been planned into a phase and was not."""

    JSON: ClassVar[tuple[str, ...]] = ("score",)

    template: str
    phase: str
    reason: str
    score: dict[str, int]  # in thousandths


class PlannedPhase(Document, frozen=True):
    """A phase and its work, by priority and age. `window_*` are local times as configured;
    `starts_at` and `ends_at` are null until the clock has told them."""

    phase: str
    state: str  # pending, in_progress, completed, missed
    reason: str
    window_start: str | None
    window_end: str | None
    starts_at: str | None
    ends_at: str | None
    works: list[Work] = field(default_factory=list)


class Plan(Document, frozen=True):
    """The newest revision; revision 0 when nothing has been planned for that day."""

    day: str
    revision: int = 0
    because: str = ""
    drawn_at: str | None = None
    left_usd_micros: int = 0
    set_aside_usd_micros: int = 0
    set_aside_count: int = 0
    phases: list[PlannedPhase] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)  # those that wait for no phase
    passed_over: list[PassedOver] = field(default_factory=list)
    works_left_out: int = 0  # beyond the limit


def plan(connection: Connection, day: date | None = None, *, limit: int = 1_000) -> Plan | None:
    """The plan of a day, by default of the one that is open; None for a day nobody knows."""
    with snapshot(connection):
        on = day.isoformat() if day else latest(connection, "day")
        phases = _phases(connection, on)
        works = _works(connection, on, limit)
        drawn = _drawn(connection, on)
        if on is None or not (drawn or phases or works):
            return None
        drawn = drawn or Plan(on)
        of_phase = _by_phase(works)
        return replace(
            drawn,
            phases=[replace(phase, works=of_phase.pop(phase.phase, [])) for phase in phases],
            works=[work for rest in of_phase.values() for work in rest],
            passed_over=_passed_over(connection, on, drawn.revision, limit),
            works_left_out=max(0, _count(connection, on) - len(works)),
        )


def _drawn(connection: Connection, day: str | None) -> Plan | None:
    """The phases it covers stand in `plans`; those of the day are listed from `phases`."""
    sql = """SELECT day, revision, because, drawn_at, left_usd_micros, set_aside_usd_micros,
        set_aside_count FROM plans WHERE day = :day ORDER BY revision DESC LIMIT 1"""
    return single(connection, Plan, sql, day=day)


def _phases(connection: Connection, day: str | None) -> list[PlannedPhase]:
    sql = """SELECT * FROM phases WHERE day = :day AND (state <> 'withdrawn' OR EXISTS (
            SELECT 1 FROM tallies WHERE tallies.day = phases.day
            AND tallies.phase = phases.phase AND planned > 0))
        ORDER BY minute, phase"""
    return listed(connection, PlannedPhase, sql, day=day)


def _works(connection: Connection, day: str | None, limit: int) -> list[Work]:
    sql = "SELECT * FROM works WHERE day = :day ORDER BY position LIMIT :limit"
    return listed(connection, Work, sql, day=day, limit=bounded(limit))


def _count(connection: Connection, day: str) -> int:
    sql = "SELECT planned FROM tallies WHERE day = ? AND phase = ''"
    found = connection.execute(sql, (day,)).fetchone()
    return int(found[0]) if found else 0


def _passed_over(connection: Connection, day: str, revision: int, limit: int) -> list[PassedOver]:
    sql = """SELECT * FROM passed_over WHERE day = :day AND revision = :revision
        ORDER BY position LIMIT :limit"""
    return listed(connection, PassedOver, sql, day=day, revision=revision, limit=bounded(limit))


def _by_phase(works: Iterable[Work]) -> dict[str | None, list[Work]]:
    """Within a phase by priority, then by age, in which order they come."""
    of_phase = defaultdict(list)
    for work in sorted(works, key=lambda work: _RANKS.get(work.priority, len(_RANKS))):
        of_phase[work.phase].append(work)
    return of_phase


_RANKS = {name: rank for rank, name in enumerate(("critical", "high", "normal", "low", "idle"))}
