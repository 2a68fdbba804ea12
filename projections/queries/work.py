"""One piece of work in full, with its runs."""

from sqlite3 import Connection
from typing import Any, ClassVar

from msgspec import field
from msgspec.structs import replace

from projections.queries.documents import Document, single, snapshot
from projections.queries.runs import Run, runs_of


class Work(Document, frozen=True):
    """Where it stands and why; `score` is null for what no plan chose."""

    JSON: ClassVar[tuple[str, ...]] = ("actions", "score")

    work: str
    name: str
    source: str
    key: str
    category: str
    lane: str
    priority: str
    day: str | None
    phase: str | None
    actions: list[str]
    state: str
    reason: str
    waiting_since: str | None
    until: str | None
    not_before: str | None
    planned_at: str
    started_at: str | None
    ended_at: str | None
    estimate_usd_micros: int
    cost_usd_micros: int
    expected_seconds: int
    score: dict[str, int] | None
    revision: int
    deferrals: int
    run: str | None  # the newest
    action: str | None
    step: int
    attempt: int
    note: str


class WorkDetail(Work, frozen=True):
    """The same with what it was given and every attempt, the oldest first."""

    JSON: ClassVar[tuple[str, ...]] = ("actions", "score", "input")

    position: int
    input: Any
    runs: list[Run] = field(default_factory=list)


def work(connection: Connection, name: str) -> WorkDetail | None:
    sql = "SELECT *, input_json AS input FROM works WHERE work = :work"
    with snapshot(connection):
        found = single(connection, WorkDetail, sql, work=name)
        return found and replace(found, runs=runs_of(connection, name))
