"""The log as a reader sees it from outside: opened read-only, read in short steps.

What has left it is read in the sealed files beside it, as if it stood there still.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson
from msgspec import MsgspecError, msgpack, to_builtins

from events.left import Stretch, base_of, stretches
from horarium.places import Places
from horarium.quiet import reading_uri

PAGE_RECORDS = 400
OLDER_RECORDS = 2_000  # running, and all before them is older too
BUSY_SECONDS = 5
FORMAT = 2  # of the log, see events.sqlite
_SELECT = "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = 'log'"

Row = tuple[int, str, bytes]


class NoLog(Exception):
    """There is no log that can be read here; the message says why and what to do."""


class Gone(NoLog):
    """Records that have left the log cannot be read where they should lie now."""


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
    """The records behind a position, in order. Each page is one short read. Raises Gone."""
    page = f"{_SELECT} {_among(kinds)} AND originator_version > ? ORDER BY 1 LIMIT {PAGE_RECORDS}"
    while True:
        found = connection.execute(page, (*kinds, after)).fetchall()
        if after < base_of(connection):  # Looked at behind the page: they may leave meanwhile.
            from horarium import sealed

            gone = stretches(connection)
            yield from sealed.rows(folder_of(connection), gone, after, kinds)
            after = gone[-1].until
        elif found:
            yield from found
            after = found[-1][0]
        else:
            return


def newest(connection: sqlite3.Connection, kinds: Sequence[str] = ()) -> Iterator[Row]:
    """The records from the newest backwards, likewise."""
    before = 1 << 62
    for row in _newest_here(connection, kinds):
        yield row
        before = row[0]
    if gone := stretches(connection):
        from horarium import sealed

        yield from sealed.newest(folder_of(connection), gone, before, kinds)


def _newest_here(connection: sqlite3.Connection, kinds: Sequence[str]) -> Iterator[Row]:
    """Those that have not left."""
    page = (
        f"{_SELECT} {_among(kinds)} AND originator_version < ? ORDER BY 1 DESC LIMIT {PAGE_RECORDS}"
    )
    before = 1 << 62
    while found := connection.execute(page, (*kinds, before)).fetchall():
        yield from found
        before = found[-1][0]


def record(connection: sqlite3.Connection, position: int, folder: Path | None = None) -> Row | None:
    """A single one; None when there is none. Raises Gone. What has left lies in its own data
    folder, or in another."""
    found: Row | None = connection.execute(
        f"{_SELECT} AND originator_version = ?", (position,)
    ).fetchone()
    if found is None and 0 < position <= base_of(connection):
        from horarium import sealed

        return sealed.row(folder or folder_of(connection), stretches(connection), position)
    return found


def folder_of(connection: sqlite3.Connection) -> Path:
    """The data folder whose log it is."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent


def older_base(connection: sqlite3.Connection, moment: datetime) -> int:
    """The last record that has left, if all of them are older than a moment; else 0."""
    gone = stretches(connection)
    return gone[-1].until if gone and _latest(gone) < moment else 0


def _latest(gone: Sequence[Stretch]) -> datetime:
    return datetime.fromisoformat(gone[-1].latest_at)


def position_before(connection: sqlite3.Connection, moment: datetime) -> int:
    """A position behind which all records of that moment and later lie.

    Clocks are set back at times: it is found where so many records running are older.
    """
    older, base = 0, older_base(connection, moment)
    for row in newest(connection):
        older = older + 1 if datetime.fromisoformat(document(row)["at"]) < moment else 0
        if older == OLDER_RECORDS:
            return row[0]
        if row[0] == base + 1:
            return base
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
    for row in _newest_here(connection, ["configuration-loaded"]):
        found = document(row)["fact"].get("configuration")
        if found is not None:
            return dict(found)
    return _configuration_at(connection, base_of(connection))


def _configuration_at(connection: sqlite3.Connection, base: int) -> Mapping[str, Any]:
    """What the planner knew of them when all had left that has left."""
    known = "SELECT state FROM snapshots WHERE actor = 'planner' AND position = ?"
    found = connection.execute(known, (base,)).fetchone() if base else None
    try:
        kept = msgpack.decode(found[0]).get("configuration") if found else None
    except (MsgspecError, UnicodeDecodeError, AttributeError) as error:
        raise NoLog(f"what the planner knew at record {base} cannot be read: {error}") from error
    return dict(to_builtins(kept or {}))


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


def _lanes(settings: Mapping[str, Any]) -> Iterable[str]:
    of_templates = (it.get("lane") for it in settings.get("templates", {}).values())
    named = (*settings.get("lanes", ()), *_of_actions("lane", "main")(settings), *of_templates)
    return [lane for lane in ("main", *named) if lane]


_NAMED: Mapping[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    "action": lambda settings: settings.get("actions", ()),
    "template": lambda settings: settings.get("templates", ()),
    "phase": lambda settings: (phase["name"] for phase in settings.get("phases", ())),
    "category": _of_actions("category", "general"),
    "lane": _lanes,
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
