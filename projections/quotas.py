"""The quotas of executors: what is gone of each window, and whether it is known to be spent."""

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.json import decode, encode

from events.budget import FundsSettled, QuotaReset, QuotaSpent
from events.configuration import Configuration, ConfigurationLoaded, Day
from events.policies import Quota as Limit
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.time import DayStarted
from projections.moments import rfc3339
from projections.rows import Handlers, Tables
from projections.tables import Quota
from projections.windows import window_from

NAME: Final = "quotas"


class Configured(Struct, frozen=True):
    """What is known of quotas without looking at their rows."""

    day: Day = Day()
    limits: dict[str, dict[str, Limit]] = {}  # by executor and name


def configuration_loaded(
    tables: Tables, record: Record, fact: ConfigurationLoaded, at: str
) -> None:
    if (house := fact.configuration) is None:
        return
    told = _configured(house)
    if told.limits or tables.latest.see("quotas"):
        tables.latest.make("quotas").value = encode(told).decode() if told.limits else ""
    for row in tables.quotas.select("WHERE is_configured"):
        row.is_configured = row.quota in told.limits.get(row.executor, {})
    for executor, limits in told.limits.items():
        for name, limit in limits.items():
            _define(tables.quotas.make(executor, name), limit)


def day_started(tables: Tables, record: Record, fact: DayStarted, at: str) -> None:
    """Where the clock came back, windows that it left in the future are none."""
    if fact.again:
        for row in tables.quotas.select("WHERE since > ? AND spent_until IS NULL", at):
            _empty(row)


def run_starting(tables: Tables, record: Record, fact: RunStarting, at: str) -> None:
    for row in _used(tables, fact.executor, record.at):
        row.requests += 1


def run_closed(tables: Tables, record: Record, fact: RunClosed, at: str) -> None:
    """The tokens; what it cost is known when it is settled."""
    if fact.tokens and fact.started and _is_paid(tables, fact.run):
        for row in _used(tables, fact.executor, record.at):
            row.tokens += fact.tokens


def funds_settled(tables: Tables, record: Record, fact: FundsSettled, at: str) -> None:
    latest = tables.latest.see("quotas")
    run = tables.runs.see(fact.run) if latest is not None and latest.value else None
    if run is not None:
        for row in _used(tables, run.executor, record.at):
            row.usd_micros += fact.cost_usd_micros


def quota_spent(tables: Tables, record: Record, fact: QuotaSpent, at: str) -> None:
    tables.quotas.make(fact.executor, fact.quota).spent_until = rfc3339(fact.until)


def quota_reset(tables: Tables, record: Record, fact: QuotaReset, at: str) -> None:
    row = tables.quotas.make(fact.executor, fact.quota)
    row.spent_until = None
    if not _is_open(row, at):
        _empty(row)


def _configured(house: Configuration) -> Configured:
    limits: dict[str, dict[str, Limit]] = {
        kind: dict(provider.quotas) for kind, provider in house.executors.items() if provider.quotas
    }
    return Configured(house.day, limits)


def _define(row: Quota, limit: Limit) -> None:
    row.is_configured = True
    row.window_seconds, row.counted_from = limit.window_seconds, limit.counted_from
    row.requests_max, row.tokens_max = limit.requests, limit.tokens
    row.usd_micros_max, row.holds_ceilings = limit.usd_micros, limit.holds_ceilings


def _is_paid(tables: Tables, name: str) -> bool:
    run = tables.runs.see(name)
    return run is not None and run.cost_usd_micros is None


def _used(tables: Tables, executor: str, at: datetime) -> list[Quota]:
    """The quotas of an executor, with their windows open."""
    latest = tables.latest.see("quotas")
    if latest is None or not latest.value:
        return []
    told = decode(latest.value, type=Configured)
    rows = []
    for name, limit in told.limits.get(executor, {}).items():
        row = tables.quotas.make(executor, name)
        if not _is_open(row, rfc3339(at)):
            _empty(row)
            since, until = window_from(limit, told.day, at)
            row.since, row.until = rfc3339(since), rfc3339(until)
        rows.append(row)
    return rows


def _is_open(row: Quota, at: str) -> bool:
    return row.since is not None and row.until is not None and row.since <= at < row.until


def _empty(row: Quota) -> None:
    row.since = row.until = None
    row.requests = row.tokens = row.usd_micros = 0


HANDLERS: Handlers = {
    ConfigurationLoaded: configuration_loaded,
    DayStarted: day_started,
    RunStarting: run_starting,
    RunClosed: run_closed,
    FundsSettled: funds_settled,
    QuotaSpent: quota_spent,
    QuotaReset: quota_reset,
}
