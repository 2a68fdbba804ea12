"""The log as a reader sees it from outside: opened read-only, read in short steps."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import orjson

from horarium.places import Places
from horarium.quiet import reading_uri

PAGE_RECORDS = 2_000
BUSY_SECONDS = 5
FORMAT = 1  # of the log, see events.sqlite
_SELECT = "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = 'log'"

Row = tuple[int, str, bytes]


class NoLog(Exception):
    """There is no log that can be read here; the message says why and what to do."""


@contextmanager
def opened(here: Places) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises NoLog, also when reading fails halfway."""
    if not here.log.exists():
        raise NoLog(
            f"nothing has been recorded in {here.data} yet; "
            "start the daemon with `horarium run`, or name another folder with --data"
        )
    try:
        with closing(_connection(here)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise NoLog(f"cannot read {here.log}: {error}") from error


def _connection(here: Places) -> sqlite3.Connection:
    connection = sqlite3.connect(
        reading_uri(here.log), uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        connection.close()
        raise NoLog(
            f"{here.log} was written by a newer version (format {found}, this one knows {FORMAT})"
        )
    return connection


def head(connection: sqlite3.Connection) -> int:
    """The position of the newest record; 0 for an empty log."""
    found = connection.execute(
        "SELECT max(originator_version) FROM stored_events WHERE originator_id = 'log'"
    ).fetchone()[0]
    return int(found or 0)


def rows(connection: sqlite3.Connection, after: int, kinds: Sequence[str] = ()) -> Iterator[Row]:
    """The records behind a position, in order. Each page is one short read."""
    page = f"{_SELECT} {_among(kinds)} AND originator_version > ? ORDER BY 1 LIMIT {PAGE_RECORDS}"
    while found := connection.execute(page, (*kinds, after)).fetchall():
        yield from found
        after = found[-1][0]


def newest(connection: sqlite3.Connection, kinds: Sequence[str] = ()) -> Iterator[Row]:
    """The records from the newest backwards, likewise."""
    page = (
        f"{_SELECT} {_among(kinds)} AND originator_version < ? ORDER BY 1 DESC LIMIT {PAGE_RECORDS}"
    )
    before = 1 << 62
    while found := connection.execute(page, (*kinds, before)).fetchall():
        yield from found
        before = found[-1][0]


def position_before(connection: sqlite3.Connection, moment: datetime) -> int:
    """A position behind which all records of that moment and later lie.

    Clocks are set back at times: it is found where a page of records running is older.
    """
    older = 0
    for row in newest(connection):
        older = older + 1 if datetime.fromisoformat(document(row)["at"]) < moment else 0
        if older == PAGE_RECORDS:
            return row[0]
    return 0


def _among(kinds: Sequence[str]) -> str:
    return f"AND topic IN ({','.join('?' * len(kinds))})" if kinds else ""


def document(row: Row) -> dict[str, Any]:
    """A record as everybody outside sees it: its kind beside its fact. Raises NoLog."""
    position, kind, state = row
    try:
        kept = orjson.loads(state)
        fact = {name: value for name, value in kept["fact"].items() if name != "kind"}
        return {
            "position": position,
            "at": kept["at"],
            "by": kept["by"],
            "cause": kept.get("cause"),
            "kind": kind,
            "fact": fact,
            "hash": kept["hash"],
            "depth": kept.get("depth", 0),
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise NoLog(f"record {position} cannot be read: {error}") from error


def configuration(connection: sqlite3.Connection) -> Mapping[str, Any]:
    """The settings in force, as the log has them; without those that have their default."""
    for row in newest(connection, ["configuration-loaded"]):
        found = document(row)["fact"].get("configuration")
        if found is not None:
            return dict(found)
    return {}


def names(here: Places, *kinds: str) -> list[str]:
    """What the settings in force name of these kinds; nothing where there is no log."""
    try:
        with opened(here) as connection:
            settings = configuration(connection)
    except NoLog:
        return []
    return list(dict.fromkeys(name for kind in kinds for name in _NAMED[kind](settings)))


def _of_actions(field: str, default: str) -> Callable[[Mapping[str, Any]], Iterable[str]]:
    return lambda settings: (
        action.get(field, default) for action in settings.get("actions", {}).values()
    )


_NAMED: Mapping[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    "action": lambda settings: settings.get("actions", ()),
    "template": lambda settings: settings.get("templates", ()),
    "phase": lambda settings: (phase["name"] for phase in settings.get("phases", ())),
    "category": _of_actions("category", "general"),
    "lane": _of_actions("lane", "main"),
    "run": lambda settings: (),  # The settings name none.
}


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence that offers what comes nearest, else what there is; "" when nothing is known."""
    if near := get_close_matches(name, known, n=3):
        return f" Did you mean {' or '.join(near)}?"
    if not known:
        return ""
    more = ", ..." if len(known) > 12 else ""
    return f" There are: {', '.join(known[:12])}{more}"
