"""The days: how their work ended, what it cost, which phases went well, and a few words on each."""

from collections.abc import Sequence
from datetime import date
from sqlite3 import Connection

from msgspec import field
from msgspec.structs import replace

from projections.queries.documents import Document, bounded, listed, snapshot

LINES_MAX = 5  # summaries of runs, for each day
LOOKED_AT_MAX = 200  # the newest runs of a day, for these lines
LINE_MAX = 160  # characters
LOST = ("missed", "expired", "skipped")
ENDS = ("failed", "unknown", "dropped", "cancelled", "buried")


class Tally(Document, frozen=True):
    """How work ended. `completion_rate_millis` is completed * 1000 // (completed + failed +
    unknown + dropped + cancelled + buried), and null while nothing has ended."""

    planned: int
    completed: int
    failed: int
    unknown: int
    dropped: int
    cancelled: int
    buried: int
    deferred: int  # went to another phase or day, and count there
    completion_rate_millis: int | None


class PhaseTally(Tally, frozen=True):
    """A phase of a day."""

    phase: str
    state: str  # pending, in_progress, completed, missed


class Day(Tally, frozen=True):
    """A day in figures and words. Of the phases in which work ended, the strongest has the
    highest rate of completion and the weakest the lowest, if that is a lower one; among equals
    the first of the day is named."""

    day: str
    starts_at: str | None
    ends_at: str | None
    occurrences: dict[str, int] = field(default_factory=dict)  # by verdict
    cost_usd_micros: int = 0
    cost_by_category: dict[str, int] = field(default_factory=dict)
    phases: list[PhaseTally] = field(default_factory=list)
    phases_completed: int = 0
    phases_missed: int = 0
    strongest_phase: str | None = None
    weakest_phase: str | None = None
    summary: str = ""


_TALLY = """ifnull(planned, 0) AS planned, ifnull(completed, 0) AS completed,
    ifnull(failed, 0) AS failed, ifnull(unknown, 0) AS unknown, ifnull(dropped, 0) AS dropped,
    ifnull(cancelled, 0) AS cancelled, ifnull(buried, 0) AS buried,
    ifnull(deferred, 0) AS deferred, completed * 1000
        / nullif(completed + failed + unknown + dropped + cancelled + buried, 0)
        AS completion_rate_millis"""


def days(connection: Connection, *, until: date | None = None, limit: int = 7) -> list[Day]:
    """The newest first, up to and with `until`."""
    sql = f"""SELECT days.day, starts_at, ends_at, {_TALLY}
        FROM days LEFT JOIN tallies ON tallies.day = days.day AND phase = ''
        WHERE starts_at IS NOT NULL AND days.day <= :until
        ORDER BY days.day DESC LIMIT :limit"""  # noqa: S608 the fragment is our own
    last = (until or date.max).isoformat()
    with snapshot(connection):
        found = listed(connection, Day, sql, until=last, limit=bounded(limit))
        return [_full(connection, day) for day in found]


def rolling_summary(newest_first: Sequence[Day]) -> str:
    """A few lines on each of these days, the oldest first: what a new day should know."""
    return "\n\n".join(day.summary for day in reversed(newest_first))


def _full(connection: Connection, day: Day) -> Day:
    costs = _costs(connection, day.day)
    phases = _phases(connection, day.day)
    strongest, weakest = _extremes(phases)
    day = replace(
        day,
        occurrences=_occurrences(connection, day),
        cost_usd_micros=sum(costs.values()),
        cost_by_category=costs,
        phases=phases,
        phases_completed=sum(phase.state == "completed" for phase in phases),
        phases_missed=sum(phase.state == "missed" for phase in phases),
        strongest_phase=strongest,
        weakest_phase=weakest,
    )
    return replace(day, summary=_words(day, _told(connection, day.day)))


def _costs(connection: Connection, day: str) -> dict[str, int]:
    sql = """SELECT category, settled_usd_micros FROM categories
        WHERE day = ? AND settled_usd_micros > 0 ORDER BY category"""
    return dict(connection.execute(sql, (day,)).fetchall())


def _occurrences(connection: Connection, day: Day) -> dict[str, int]:
    """A range that reaches over days counts to the one in which it begins."""
    sql = """SELECT verdict, sum(count) FROM verdicts
        WHERE due_at >= ? AND due_at < ? AND (reopened_after IS NULL OR due_at <= reopened_after)
        GROUP BY verdict ORDER BY verdict"""
    return dict(connection.execute(sql, (day.starts_at, day.ends_at)).fetchall())


def _phases(connection: Connection, day: str) -> list[PhaseTally]:
    sql = f"""SELECT phases.phase, state, {_TALLY}
        FROM phases LEFT JOIN tallies USING (day, phase)
        WHERE phases.day = :day AND (state <> 'withdrawn' OR planned > 0)
        ORDER BY minute, phases.phase"""  # noqa: S608 the fragment is our own
    return listed(connection, PhaseTally, sql, day=day)


def _extremes(phases: Sequence[PhaseTally]) -> tuple[str | None, str | None]:
    rates = {p.phase: r for p in phases if (r := p.completion_rate_millis) is not None}
    if not rates:
        return None, None
    strongest, weakest = max(rates, key=rates.__getitem__), min(rates, key=rates.__getitem__)
    return strongest, weakest if rates[weakest] < rates[strongest] else None


def _told(connection: Connection, day: str) -> list[str]:
    """The last word of each kind of work that was done and spoke, the newest kinds only, in order
    of time."""
    sql = """SELECT name, summary FROM runs
        WHERE day = ? AND summary <> '' AND state = 'succeeded'
        ORDER BY at DESC, position DESC LIMIT ?"""
    told: dict[str, str] = {}
    for name, summary in connection.execute(sql, (day, LOOKED_AT_MAX)):
        told.setdefault(name, _line(summary))
    newest = list(told.items())[:LINES_MAX]
    return [f"{name}: {line}" for name, line in reversed(newest)]


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE_MAX else line[: LINE_MAX - 1] + "…"


def _words(day: Day, told: Sequence[str]) -> str:
    """Figures in the first line, phases in the second, then what the newest runs said."""
    ends = [f"{count} {state}" for state in ENDS if (count := getattr(day, state))]
    cost = f"{day.cost_usd_micros / 1_000_000:.2f} USD"
    lost = [f"{count} {name}" for name in LOST if (count := day.occurrences.get(name))]
    missed = [f"occurrences: {', '.join(lost)}"] if lost else []
    first = ", ".join([f"{day.day}: {day.completed} of {day.planned} completed", *ends, cost])
    phases = ", ".join(_phase_words(phase) for phase in day.phases)
    return "\n".join(
        [first, *([f"phases: {phases}"] if phases else []), *missed, *(f"- {t}" for t in told)]
    )


def _phase_words(phase: PhaseTally) -> str:
    return f"{phase.phase} {phase.state.replace('_', ' ')} ({phase.completed}/{phase.planned})"
