"""The run history: the newest runs that fit a description, one run in full, where its output is."""

from datetime import datetime
from sqlite3 import Connection
from typing import Any, ClassVar

from projections.moments import rfc3339
from projections.queries.documents import Document, bounded, containing, listed, single

_FILTERS = {
    "action": "action = :action",
    "template": "name = :template",
    "category": "category = :category",
    "phase": "phase = :phase",
    "state": "state = :state",
    "since": "at >= :since",
    "until": "at < :until",
    "text": """(action LIKE :text ESCAPE '\\' OR name LIKE :text ESCAPE '\\'
        OR reason LIKE :text ESCAPE '\\' OR summary LIKE :text ESCAPE '\\'
        OR insights LIKE :text ESCAPE '\\' OR questions LIKE :text ESCAPE '\\'
        OR tail LIKE :text ESCAPE '\\')""",
}
_ONE = "SELECT * FROM runs WHERE run = :run"


class Run(Document, frozen=True):
    """One attempt at one action. `started_at` is null for one that never started, and
    `cost_usd_micros` until it is settled."""

    JSON: ClassVar[tuple[str, ...]] = ("insights", "questions")

    run: str
    work: str
    action: str
    name: str  # of the template; of the action when no template stands behind it
    category: str
    phase: str | None
    day: str  # whose money it spends
    lane: str
    executor: str
    step: int
    attempt: int
    state: str
    reason: str
    started_at: str | None
    ended_at: str | None
    exit_code: int | None
    cost_usd_micros: int | None
    cost_source: str | None
    reserved_usd_micros: int
    duration_ms: int
    cpu_ms: int
    peak_bytes: int
    output_bytes: int
    model: str  # that answered
    tokens: int | None
    trouble: str | None
    settled_by: str | None  # who said what became of it: person or probe
    summary: str
    insights: list[str]
    questions: list[str]

    @property
    def told(self) -> str:
        """In a line: what it said of itself if it went well, else why it did not."""
        return self.summary if self.state == "succeeded" else self.reason or self.summary


class RunDetail(Run, frozen=True):
    """A run with all that is known of it."""

    JSON: ClassVar[tuple[str, ...]] = ("insights", "questions", "artifacts", "data")

    position: int
    at: str  # when its money was reserved
    detail: str
    result_fault: str | None
    output_cut: bool
    adopted: bool
    swept: bool
    settled_note: str
    input_tokens: int | None  # of the tokens, those that were in no cache
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    turns: int
    session: str  # the program's own
    resets_at: str | None  # when it may work again, by its own word
    is_empty: bool  # It said that there was nothing to do.
    artifacts: list[str]
    data: Any
    tail: str


class Output(Document, frozen=True):
    """What is known of a run's output; the files themselves lie in the folder of the run."""

    run: str
    work: str
    action: str
    state: str
    output_bytes: int  # as printed, also what was cut off
    output_cut: bool
    swept: bool  # the folder is gone: the tail is all that is left
    tail: str


def runs(
    connection: Connection,
    *,
    action: str | None = None,
    template: str | None = None,
    category: str | None = None,
    phase: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str | None = None,
    limit: int = 50,
) -> list[Run]:
    """The newest first. `since` and `until` (exclusive) bound the moment at which its money was
    reserved; `text` may stand anywhere in names, reason, summary, insights, questions or tail,
    and only the case of ASCII letters is ignored."""
    asked: dict[str, str | None] = {
        "action": action,
        "template": template,
        "category": category,
        "phase": phase,
        "state": state,
        "since": rfc3339(since) if since else None,
        "until": rfc3339(until) if until else None,
        "text": containing(text) if text else None,
    }
    clauses = [_FILTERS[name] for name, value in asked.items() if value is not None]
    if state is not None and state != "succeeded":
        clauses.append("state <> 'succeeded'")  # Says that the index of these will do.
    where = " AND ".join(clauses) or "1"
    # The clauses are our own; what was asked is bound.
    sql = f"SELECT * FROM runs WHERE {where} ORDER BY at DESC, position DESC LIMIT :limit"  # noqa: S608 see above
    return listed(connection, Run, sql, **asked, limit=bounded(limit))


def runs_of(connection: Connection, work: str, *, limit: int = 200) -> list[Run]:
    """The runs of a piece of work, the oldest first."""
    sql = "SELECT * FROM runs WHERE work = :work ORDER BY position LIMIT :limit"
    return listed(connection, Run, sql, work=work, limit=bounded(limit))


def run(connection: Connection, name: str) -> RunDetail | None:
    return single(connection, RunDetail, _ONE, run=name)


def output(connection: Connection, name: str) -> Output | None:
    return single(connection, Output, _ONE, run=name)
