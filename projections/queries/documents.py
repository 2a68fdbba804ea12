"""Rows as documents: what every question needs to put SQL into Structs."""

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any, ClassVar, TypeVar, dataclass_transform

from msgspec import DecodeError, Struct, convert, field
from msgspec.json import decode

LIMIT_MAX = 10_000  # of anything that is listed

D = TypeVar("D", bound="Document")
Value = str | int | None


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Document(Struct, frozen=True):
    """What a person is shown. `JSON` names the fields that are kept as JSON text."""

    JSON: ClassVar[tuple[str, ...]] = ()


def listed(connection: Connection, shape: type[D], sql: str, **values: Value) -> list[D]:
    """A document for each row; columns that it has no field for are left out."""
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [_document(shape, dict(zip(names, row, strict=True))) for row in cursor]


def single(connection: Connection, shape: type[D], sql: str, **values: Value) -> D | None:
    """The document of the first row, if there is one."""
    return next(iter(listed(connection, shape, sql, **values)), None)


def bounded(limit: int) -> int:
    return max(0, min(limit, LIMIT_MAX))


def containing(text: str) -> str:
    """A pattern for `LIKE ? ESCAPE '\\'` that finds the text itself anywhere."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """All that is asked within it is answered from one moment."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def latest(connection: Connection, name: str) -> str | None:
    """What the fold remembers under a name: `day` is the day opened last."""
    found = connection.execute("SELECT value FROM latest WHERE name = ?", (name,)).fetchone()
    return str(found[0]) if found else None


def _document(shape: type[D], row: dict[str, Any]) -> D:
    for name in shape.JSON:
        row[name] = _decoded(row[name])
    return convert(row, shape, strict=False)


def _decoded(text: str | None) -> Any:
    """What a job called JSON may be anything."""
    try:
        return None if text is None else decode(text)
    except (DecodeError, RecursionError):
        return text
