"""What was asked for, what became of occurrences, what is paused, and the daemon's lives."""

from sqlite3 import Connection

from projections.queries.documents import Document, bounded, listed, single


class Request(Document, frozen=True):
    """What somebody asked for; `answer` is "" while there is none. It is planned, repeated,
    drawn, released, held, moved, cancelled, stopping, paused, resumed, reopened or refused."""

    key: str
    kind: str  # work, replan, release, move, cancel, pause, resume
    subject: str
    at: str
    note: str
    answer: str
    work: str | None
    reason: str
    answered_at: str | None


class Occurrences(Document, frozen=True):
    """What became of the occurrences of an intent, in counts, and of the last one."""

    intent: str
    due: int
    planned: int
    skipped: int
    missed: int
    last_due_at: str | None
    last_verdict: str
    last_reason: str
    last_work: str | None


class Verdict(Document, frozen=True):
    """One verdict, on `count` missed occurrences together; `at_least` when more were not
    counted."""

    at: str
    intent: str
    verdict: str
    due_at: str
    last_due_at: str
    count: int
    at_least: bool
    reason: str
    work: str | None


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


def occurrences(connection: Connection, *, limit: int = 1_000) -> list[Occurrences]:
    sql = "SELECT * FROM intents ORDER BY intent LIMIT :limit"
    return listed(connection, Occurrences, sql, limit=bounded(limit))


def verdicts(connection: Connection, intent: str, *, limit: int = 50) -> list[Verdict]:
    """The newest first."""
    sql = "SELECT * FROM verdicts WHERE intent = :intent ORDER BY position DESC LIMIT :limit"
    return listed(connection, Verdict, sql, intent=intent, limit=bounded(limit))


def pauses(connection: Connection) -> list[Pause]:
    """What is paused now."""
    sql = "SELECT * FROM pauses WHERE paused ORDER BY scope, name"
    return listed(connection, Pause, sql)


def lives(connection: Connection, *, limit: int = 20) -> list[Life]:
    """The newest first."""
    sql = "SELECT * FROM lives ORDER BY position DESC LIMIT :limit"
    return listed(connection, Life, sql, limit=bounded(limit))
