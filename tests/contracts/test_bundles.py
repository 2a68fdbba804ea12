"""A bundle holds a log without its secrets, and nothing in a file is believed."""

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec.json import decode, encode

from actors.replay.stepping import Step
from events import codec
from events.sqlite import SqliteStore
from horarium.bundle import (
    DEPTH_MAX,
    HEADER_MAX_BYTES,
    LINE_MAX_BYTES,
    BadLog,
    BundleRow,
    opened,
    read_bundle,
    too_deep,
)
from horarium.cli import horarium
from horarium.places import Places
from horarium.replaying import foreign_steps
from tests.contracts.bundle_story import CANARIES, a_house, bundled, spellings


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return a_house(tmp_path_factory.mktemp("secretive"))


@pytest.fixture(scope="module")
def bundle(house: Places, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled(house, tmp_path_factory.mktemp("given") / "log.bundle")


@pytest.fixture(scope="module")
def part(house: Places, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled(house, tmp_path_factory.mktemp("part") / "log.bundle", "--since", "400")


def rows(path: Path) -> list[BundleRow]:
    return list(read_bundle(path))


def steps(path: Path) -> list[Step]:
    return list(foreign_steps(path, None, None))


def test_the_log_itself_has_the_canaries(house: Places) -> None:
    kept = house.log.read_bytes()
    assert all(canary.encode() in kept for canary in CANARIES.values())


@pytest.mark.parametrize("name", CANARIES)
def test_no_canary_is_in_a_bundle_however_it_is_spelled(
    bundle: Path, part: Path, name: str
) -> None:
    for path in (bundle, part):
        given = path.read_bytes()
        assert not [form for form in spellings(CANARIES[name]) if form in given]


def test_output_comes_with_a_bundle_when_asked_for_and_secrets_do_not(
    house: Places, tmp_path: Path
) -> None:
    given = bundled(house, tmp_path / "b", "--with-output").read_bytes()
    assert CANARIES["summary"].encode() in given and CANARIES["input"].encode() in given
    for name in ("environment", "argument", "option", "url"):
        assert not [form for form in spellings(CANARIES[name]) if form in given]


def test_a_bundle_has_every_record_with_its_link_and_the_digest_of_its_fact(
    house: Places, bundle: Path
) -> None:
    kept = [(*row[:2], *codec.parts(*row)) for row in stored(house)]
    found = rows(bundle)
    assert [(row.position, row.envelope, row.link) for row in found] == [
        (position, envelope, link) for position, _, envelope, link, _ in kept
    ]
    assert any(row.masked for row in found) and not all(row.masked for row in found)
    assert all(row.fact == body for row, (*_, body) in zip(found, kept, strict=True)
               if not row.masked)  # fmt: skip


def stored(house: Places) -> list[tuple[int, bytes]]:
    store = SqliteStore(house.log)
    found = store.page(limit=10_000)
    store.close()
    return found


def test_a_bundle_is_for_its_owner_alone_and_takes_no_others_place(
    house: Places, bundle: Path
) -> None:
    assert bundle.stat().st_mode & 0o777 == 0o600
    with pytest.raises(AssertionError, match="exists already"):
        bundled(house, bundle)


def test_a_bundle_is_lived_as_the_log_itself_is(house: Places, bundle: Path) -> None:
    ours, theirs = steps(house.log), steps(bundle)
    assert [shape(step) for step in ours] == [shape(step) for step in theirs]


def test_a_bundle_is_decided_as_the_log_was_and_breaks_no_promise(bundle: Path, part: Path) -> None:
    for path in (bundle, part):
        result = CliRunner().invoke(horarium, ["verify", "--json", "--log", str(path)])
        found = decode(result.stdout)
        assert (result.exit_code, found["violations"], found["decided_differently"]) == (0, [], [])


def test_a_part_of_a_log_is_lived_as_it_is_within_the_whole(bundle: Path, part: Path) -> None:
    """What was known at its beginning comes with it."""
    whole = [shape(step) for step in steps(bundle)][399:]
    assert [shape(step) for step in steps(part)] == whole


LEFT_OUT = "data_json"  # what a signal said, which a state may hold


def shape(step: Step) -> tuple[object, ...]:
    considered = [
        (
            each.actor,
            [r.position for r in each.decided],
            [c.path for c in each.changed if c.path != LEFT_OUT],
        )
        for each in step.considered
    ]
    return step.record.position, step.record.fact.kind, considered


Edit = Callable[[list[bytes]], list[bytes]]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:50], lines[51], lines[50], *lines[52:]]


def edited(old: bytes, new: bytes, at: int = -1) -> Edit:
    def edit(lines: list[bytes]) -> list[bytes]:
        number = at if at >= 0 else next(n for n, line in enumerate(lines) if old in line)
        assert old in lines[number]
        return [*lines[:number], lines[number].replace(old, new, 1), *lines[number + 1 :]]

    return edit


def put(line: bytes, at: int) -> Edit:
    return lambda lines: [*lines[:at], line, *lines[at + 1 :]]


DEEP = b"[" * 5_000 + b"]" * 5_000
BAD: dict[str, tuple[Edit, int, str]] = {
    "empty": (lambda lines: [], 0, "not a bundle"),
    "foreign": (put(b'{"a":1}', 0), 0, "not a bundle"),
    "not JSON": (put(b"\xff\xfe\x00", 0), 0, "not a bundle"),
    "an endless header": (put(b" " * (HEADER_MAX_BYTES + 1), 0), 0, "longer than"),
    "newer": (edited(b'"bundle":1', b'"bundle":2'), 0, "newer version"),
    "of no format": (edited(b'"bundle":1', b'"bundle":0'), 0, "no format 0"),
    "absurd": (edited(b'"after":0', b'"after":-1'), 0, "not a bundle"),
    "with a past": (edited(b'"before":"0', b'"before":"1'), 0, "none before it"),
    "with states that are none": (edited(b'"states":0', b'"states":2'), 0, "cannot be read"),
    "truncated": (lambda lines: lines[:100], 100, "breaks off"),
    "without its last": (lambda lines: lines[:-1], -1, "breaks off"),
    "cut in a line": (lambda lines: [*lines[:99], lines[99][:40]], 99, "breaks off|not an env"),
    "with more": (lambda lines: [*lines, lines[-1]], -2, "more than the bundle promises"),
    "reordered": (swapped, 50, "does not fit"),
    "with one missing": (lambda lines: [*lines[:60], *lines[61:]], 60, "does not fit"),
    "edited": (edited(b'"work-planned"', b'"work-planted"'), -3, "does not fit|digest"),
    "with another time": (edited(b"T05:00:00Z", b"T05:00:01Z", 2), 2, "does not fit"),
    "with another author": (edited(b'"by":"', b'"by":"x', 7), 7, "does not fit"),
    "nested": (put(DEEP, 30), 30, "nested"),
    "nested in a mask": (
        put(b'{"masked":"' + b"0" * 64 + b'","record":' + DEEP + b"}", 30), 30, "nested"),
    "very long": (put(b" " * (LINE_MAX_BYTES + 2), 30), 30, "longer than"),
    "with a false digest": (edited(b'{"masked":"', b'{"masked":"zz'), -3, "digest"),
    "with another digest": (
        lambda lines: [re.sub(rb'^\{"masked":"..', b'{"masked":"00', line) for line in lines],
        -3, "does not fit"),
    "with a blank line": (put(b"", 40), 40, "not an envelope"),
    "with a promise it does not keep": (edited(b'"last":"', b'"last":"0'), 0, "not a bundle"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "position", "why"), BAD.values(), ids=BAD)
def test_a_bundle_that_is_not_what_it_should_be_is_refused_where_it_goes_wrong(
    bundle: Path, tmp_path: Path, edit: Edit, position: int, why: str
) -> None:
    lines = bundle.read_bytes().splitlines()
    path = tmp_path / "bad"
    path.write_bytes(b"".join(line + b"\n" for line in edit(lines)))
    with pytest.raises(BadLog, match=why) as found:
        rows(path)
    whole = {-1: len(lines) - 1, -2: len(lines)}
    if position != -3:
        assert found.value.position == whole.get(position, position)


def test_a_masked_fact_that_is_no_fact_is_refused(bundle: Path, tmp_path: Path) -> None:
    """Its bytes are not in the chain, so its shape is checked by itself."""
    lines = bundle.read_bytes().splitlines()
    number = next(n for n, line in enumerate(lines) if line.startswith(b'{"masked"'))
    lines[number] = re.sub(rb'"kind":"[a-z-]+"', b'"kind":"os.system"', lines[number])
    path = tmp_path / "bad"
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(BadLog, match=r"os\.system") as found:
        rows(path)
    assert found.value.position == number


def test_states_that_are_not_ours_are_refused(part: Path, tmp_path: Path) -> None:
    lines = part.read_bytes().splitlines()
    assert lines[1].startswith(b'{"actor":"clock"')
    for line in (b'{"actor":"clock","version":9,"state":{}}', lines[2],
                 b'{"actor":"clock","version":1,"state":' + DEEP + b"}",
                 b'{"actor":"clock","version":1,"state":[]}'):  # fmt: skip
        path = tmp_path / "bad"
        path.write_bytes(b"\n".join([lines[0], line, *lines[2:]]) + b"\n")
        with pytest.raises(BadLog):
            steps(path)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@for_any(some.data())
def test_no_change_of_a_file_does_more_than_being_refused(
    bundle: Path, part: Path, data: some.DataObject
) -> None:
    """What is not refused has the same chain: only a mask was changed, or nothing that counts."""
    whole = data.draw(some.sampled_from((bundle, part))).read_bytes()
    start = data.draw(some.integers(0, len(whole) - 1))
    length = data.draw(some.integers(0, 40))
    put_in = data.draw(some.binary(max_size=20) | some.sampled_from((DEEP, b"}\n{", b'"a":')))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mutant"
        path.write_bytes(whole[:start] + put_in + whole[start + length :])
        try:
            steps(path)
            links = [row.link for row in rows(path)]
        except BadLog:
            return
        assert links == [row.link for row in rows(bundle)][-len(links) :]


def test_only_what_has_an_end_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(BadLog):
            rows(path)


def test_a_backup_is_read_like_a_bundle(house: Places, bundle: Path) -> None:
    assert [row.link for row in rows(house.log)] == [row.link for row in rows(bundle)]
    assert not any(row.masked for row in rows(house.log))


SQL = {
    "no table": ("DROP TABLE stored_events", 0),
    "newer": ("PRAGMA user_version = 99", 0),
    "a view": (
        "ALTER TABLE stored_events RENAME TO kept; "
        "CREATE VIEW stored_events AS SELECT * FROM kept", 0),
    "missing": ("DELETE FROM stored_events WHERE originator_version = 30", 30),
    "no bytes": ("UPDATE stored_events SET state = 'x' WHERE originator_version = 30", 30),
    "edited": ("UPDATE stored_events SET state = replace(CAST(state AS TEXT), 'a', 'b') "
               "WHERE originator_version = 30", 30),
    "huge": ("UPDATE stored_events SET state = zeroblob(9000000) "
             "WHERE originator_version = 30", 30),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "position"), SQL.values(), ids=SQL)
def test_a_database_that_is_not_what_it_should_be_is_refused(
    house: Places, tmp_path: Path, sql: str, position: int
) -> None:
    path = tmp_path / "bad.sqlite"
    with closing(sqlite3.connect(house.log)) as log, closing(sqlite3.connect(path)) as copy:
        log.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.executescript(sql)
        copy.commit()
    with pytest.raises(BadLog) as found:
        rows(path)
    assert found.value.position == position


def test_a_damaged_database_is_refused(house: Places, tmp_path: Path) -> None:
    path = tmp_path / "bad.sqlite"
    whole = house.log.read_bytes()
    for damaged in (whole[:100], whole[: len(whole) // 2], whole[:8192] + b"\xff" * 40_000):
        path.write_bytes(damaged)
        with pytest.raises(BadLog):
            rows(path)


def test_reading_a_file_leaves_nothing_beside_it(house: Places, bundle: Path) -> None:
    for path in (house.log, bundle):
        before = {file.name: file.stat().st_mtime_ns for file in path.parent.iterdir()}
        with opened(path) as source:
            assert sum(1 for _ in source.rows) > 500
        assert {file.name: file.stat().st_mtime_ns for file in path.parent.iterdir()} == before


@for_any(some.text('[]{}"\\a', max_size=300))
def test_depth_is_counted_outside_of_texts(text: str) -> None:
    assert not too_deep(encode([text]))
    assert too_deep(b"[" * (DEPTH_MAX + 1))
