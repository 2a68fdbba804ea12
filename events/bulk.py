"""Many rows in few statements.

`executemany` gives up the interpreter lock at every row and queues for it again: beside one busy
thread it wrote 6,600 rows a second where statements of fifty rows wrote 240,000.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from sqlite3 import Cursor
from typing import Any

ROWS_AT_ONCE = 50


def insert_rows(
    cursor: Cursor, into: str, row: str, rows: Sequence[Sequence[Any]], after: str = ""
) -> None:
    """Insert rows. All texts are constants: `into` such as `INSERT INTO t`, `row` such as
    `(?, ?)`, and `after` may say what happens on conflict."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        cursor.execute(_statement(into, row, len(some), after), [*chain.from_iterable(some)])


@cache
def _statement(into: str, row: str, count: int, after: str) -> str:
    return f"{into} VALUES {', '.join([row] * count)} {after}"
