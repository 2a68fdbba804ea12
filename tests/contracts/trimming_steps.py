"""What the tests of a trimmed log do with one, and what they do to its files."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec import msgpack

from events.left import stretches
from horarium import leaving
from horarium.leaving import Plan, planned
from horarium.places import Places
from horarium.reading import opened as reading_opened
from horarium.trimming import give_back, trim
from tests.contracts.trimming_story import (
    remembered,
)
from tests.whole.daemon_story import call

STAYING = 200


def quiet(position: int) -> None:
    """Nobody watches."""


def plan_of(here: Places, until: int | None = None, staying: int = STAYING) -> Plan:
    """What may leave, were so many of the newest records to stay."""
    with pytest.MonkeyPatch.context() as patch, reading_opened(here) as log:
        patch.setattr(leaving, "STAYING_RECORDS", staying)
        return planned(here, log, until, quiet)


def let_leave(here: Places, until: int) -> None:
    trim(here.data, plan_of(here, until).leaving)
    give_back(here.data)


def file_of(here: Places, number: int) -> Path:
    return sorted((here.data / "sealed").iterdir())[number]


def base_of(here: Places) -> int:
    with reading_opened(here) as log:
        return stretches(log)[-1].until if stretches(log) else 0


def minds(here: Places) -> dict[str, Any]:
    return {
        actor: (msgpack.encode(it.state), it.considered, [*it.unheard], it.head)
        for actor, it in remembered(here).items()
    }


def said(here: Places, *words: str) -> str:
    result = call(here, *words)
    assert not isinstance(result.exception, Exception), result.output
    return result.output


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")


SPOILS: dict[str, Callable[[Path], object]] = {
    "is gone": Path.unlink,
    "is edited": lambda it: it.write_bytes(b"oftem".join(it.read_bytes().rsplit(b"often", 1))),
    "ends early": lambda it: it.write_bytes(it.read_bytes()[:-30]),
    "goes on": lambda it: it.write_bytes(it.read_bytes() + b"more\n"),
    "is empty": lambda it: it.write_bytes(b""),
    "is another": lambda it: shutil.copy(it.parent / "log-0000000001-0000001000.jsonl", it),
}
