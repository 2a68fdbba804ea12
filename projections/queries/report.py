"""Runs by category, action, phase or executor over a span of days."""

from datetime import date
from sqlite3 import Connection
from typing import Literal

from msgspec import field
from msgspec.structs import replace

from projections.queries.documents import Document, listed, single, snapshot

By = Literal["category", "action", "phase", "executor"]


class Line(Document, frozen=True):
    """Runs that are over. `success_rate_millis` is succeeded * 1000 // runs and
    `mean_duration_ms` that of the runs that started; both are null when there were none."""

    group: str | None  # null for runs without a phase, and for the total
    runs: int
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    misconfigured: int
    too_late: int
    unknown: int
    not_ready: int
    rate_limited: int
    quota_exhausted: int
    success_rate_millis: int | None
    mean_duration_ms: int | None
    cost_usd_micros: int
    reported_usd_micros: int  # of that by the programs themselves
    priced_usd_micros: int  # by tokens
    estimated_usd_micros: int


class Report(Document, frozen=True):
    """`first` and `last` are days, both included: those whose money the runs spent."""

    by: By
    first: str
    last: str
    lines: list[Line] = field(default_factory=list)
    total: Line | None = None


_SUMS = """coalesce(sum(runs), 0) AS runs, coalesce(sum(succeeded), 0) AS succeeded,
    coalesce(sum(failed), 0) AS failed, coalesce(sum(timed_out), 0) AS timed_out,
    coalesce(sum(cancelled), 0) AS cancelled, coalesce(sum(misconfigured), 0) AS misconfigured,
    coalesce(sum(too_late), 0) AS too_late, coalesce(sum(unknown), 0) AS unknown,
    coalesce(sum(not_ready), 0) AS not_ready, coalesce(sum(rate_limited), 0) AS rate_limited,
    coalesce(sum(quota_exhausted), 0) AS quota_exhausted,
    sum(succeeded) * 1000 / nullif(sum(runs), 0) AS success_rate_millis,
    sum(duration_ms) / nullif(sum(started), 0) AS mean_duration_ms,
    coalesce(sum(cost_usd_micros), 0) AS cost_usd_micros,
    coalesce(sum(cost_usd_micros - priced_usd_micros - estimated_usd_micros), 0)
        AS reported_usd_micros,
    coalesce(sum(priced_usd_micros), 0) AS priced_usd_micros,
    coalesce(sum(estimated_usd_micros), 0) AS estimated_usd_micros
    FROM run_tallies WHERE day BETWEEN :first AND :last"""
_COLUMNS: dict[By, str] = {
    "category": "category",
    "action": "action",
    "phase": "phase",
    "executor": "executor",
}


def report(connection: Connection, *, by: By, first: date, last: date) -> Report:
    """The dearest group first, then the one with most runs."""
    column = _COLUMNS[by]
    lines = f"""SELECT nullif({column}, '') AS "group", {_SUMS} GROUP BY {column}
        ORDER BY cost_usd_micros DESC, runs DESC, {column}"""
    total = f'SELECT NULL AS "group", {_SUMS}'
    asked = Report(by=by, first=first.isoformat(), last=last.isoformat())
    with snapshot(connection):
        return replace(
            asked,
            lines=listed(connection, Line, lines, first=asked.first, last=asked.last),
            total=single(connection, Line, total, first=asked.first, last=asked.last),
        )
