"""What was asked for, what is paused, and the daemon's lives."""

from sqlite3 import Connection

from projections.queries.documents import Document, bounded, listed, single


class Request(Document, frozen=True):
    """What somebody asked for; `answer` is "" while there is none. It is planned, repeated,
    drawn, released, held, moved, cancelled, stopping, paused, resumed, reopened, due, added,
    removed, enabled, disabled, revived or refused."""

    key: str
    kind: str  # work, replan, release, move, cancel, pause, resume, revive, signal, intent_*
    subject: str
    at: str
    note: str
    answer: str
    work: str | None
    reason: str
    answered_at: str | None


class Pause(Document, frozen=True):
    """A scope (all, category, lane) of which nothing more is started."""

    scope: str
    name: str
    since: str
    note: str


class Life(Document, frozen=True):
    """A life of the daemon. `ending` is "" until it ended: asked, signal, failed; or vanished,
    when the next began without a word of goodbye, and `ended_at` is that moment."""

    started_at: str
    version: str
    pid: int
    paused: bool
    safe_mode: bool
    ended_at: str | None
    ending: str


def request(connection: Connection, key: str) -> Request | None:
    """The first request with that key: to ask again with it changes nothing."""
    sql = "SELECT * FROM requests WHERE key = :key ORDER BY position LIMIT 1"
    return single(connection, Request, sql, key=key)


def pauses(connection: Connection) -> list[Pause]:
    """What is paused now."""
    sql = "SELECT * FROM pauses WHERE paused ORDER BY scope, name"
    return listed(connection, Pause, sql)


def lives(connection: Connection, *, limit: int = 20) -> list[Life]:
    """The newest first."""
    sql = "SELECT * FROM lives ORDER BY position DESC LIMIT :limit"
    return listed(connection, Life, sql, limit=bounded(limit))
