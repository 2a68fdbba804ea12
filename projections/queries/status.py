"""Where everything stands, on one page."""

from sqlite3 import Connection

from projections.database import place_of
from projections.queries.budget import Purse, purse
from projections.queries.documents import Document, latest, listed, snapshot
from projections.queries.executors import Executor, executors
from projections.queries.queue import waiting_for
from projections.queries.requests import Life, Pause, lives, pauses

RUNNING_MAX = 100


class Running(Document, frozen=True):
    """A run that has not ended. `started_at` is null until its process was seen."""

    run: str
    work: str
    action: str
    name: str
    category: str
    lane: str
    executor: str
    state: str  # starting or running; waiting, while others of its executor have its place
    step: int
    attempt: int
    since: str  # when its money was reserved
    started_at: str | None


class Status(Document, frozen=True):
    """`phase` is the one that began last of those in progress. `paused` means everything is;
    `pauses` names what. `head` is the newest record of the log, `position` the newest known here,
    `behind` the difference. `waiting` counts, `waiting_for` counts by reason."""

    day: str | None
    phase: str | None
    phases: list[str]  # all that are in progress
    paused: bool
    pauses: list[Pause]
    head: int
    position: int
    behind: int
    at: str | None  # the time of that record
    running: list[Running]
    waiting: int
    waiting_for: dict[str, int]
    budget: Purse | None  # of the day
    executors: list[Executor]
    daemon: Life | None  # the latest life; whether it still lives the file cannot know


def status(connection: Connection, *, head: int | None = None) -> Status:
    """`head` is the position of the log's newest record, when the caller knows it."""
    with snapshot(connection):
        day = latest(connection, "day")
        place = place_of(connection)
        phases = _phases(connection)
        paused = pauses(connection)
        waiting = waiting_for(connection)
        return Status(
            day=day,
            phase=phases[0] if phases else None,
            phases=phases,
            paused=any(pause.scope == "all" for pause in paused),
            pauses=paused,
            head=place.position if head is None else head,
            position=place.position,
            behind=0 if head is None else max(0, head - place.position),
            at=place.at or None,
            running=running(connection),
            waiting=sum(waiting.values()),
            waiting_for=waiting,
            budget=purse(connection, day),
            executors=executors(connection),
            daemon=next(iter(lives(connection, limit=1)), None),
        )


def running(connection: Connection, *, limit: int = RUNNING_MAX) -> list[Running]:
    """The oldest first."""
    sql = """SELECT *, at AS since FROM runs
        WHERE state IN ('starting', 'waiting', 'running') AND state <> 'succeeded'
        ORDER BY position LIMIT :limit"""
    return listed(connection, Running, sql, limit=limit)


def unfinished(connection: Connection, *, limit: int = RUNNING_MAX) -> list[str]:
    """The runs that have not ended, or else the works that are between two of them."""
    if found := running(connection, limit=limit):
        return [run.run for run in found]
    sql = "SELECT work FROM works WHERE ended_at IS NULL AND waiting_since IS NULL LIMIT ?"
    return [str(work) for (work,) in connection.execute(sql, (limit,))]


def _phases(connection: Connection) -> list[str]:
    """The one that began last comes first."""
    sql = "SELECT phase FROM phases WHERE state = 'in_progress' ORDER BY starts_at DESC, phase"
    return [str(phase) for (phase,) in connection.execute(sql)]
