"""`horarium verify` over a data folder, over a file, beside a living daemon: it changes nothing."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from actors.replay.books import BOOKS
from events.head import HeadFile
from events.record import Record
from events.runs import RunCancelling, RunStarted
from events.sqlite import SqliteStore
from events.store import Row, Store, pages
from events.work import WorkFinished, WorkPlanned
from horarium.patience import RanTooLong, patience
from horarium.places import Places, places
from projections.projector import rebuild
from tests.rules.planted_story import lived, saying, with_
from tests.rules.verifying_story import END, SMALL_DAY, recorded, stored
from tests.whole.daemon_story import call, house, living

LOG, _ = lived(BOOKS, 3)
HEAD = len(LOG)


def filled(folder: Path, log: Sequence[Record] = LOG, considered: int = HEAD) -> Places:
    """A data folder that a daemon has left, with everything that is kept beside the log."""
    folder.mkdir(exist_ok=True)
    here = places(str(folder / "config.toml"), str(folder))
    store = SqliteStore(here.log)
    rows = [Row(at, log[at - 1].fact.kind, state) for at, state in stored(log)]
    store.commit(rows, {book.actor: considered for book in BOOKS})
    rebuild(here.projections, pages(store))
    keep_head(store, here)
    store.close()
    return here


def keep_head(store: Store, here: Places) -> None:
    kept = HeadFile(here.head, lambda: 0.0)
    kept.write(store.head())
    kept.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return filled(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def here(whole: Places, tmp_path: Path) -> Places:
    """A folder of our own, to be damaged."""
    shutil.copytree(whole.data, tmp_path / "data")
    return places(str(tmp_path / "config.toml"), str(tmp_path / "data"))


def told(result: Result) -> Any:
    assert not isinstance(result.exception, Exception), result.output
    return json.loads(result.stdout)


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_whole_log_is_said_to_be_whole_and_nothing_is_changed(whole: Places) -> None:
    before = contents(whole.data)
    result = call(whole, "verify")
    assert (result.exit_code, contents(whole.data)) == (0, before)
    assert result.stdout == (
        f"{HEAD} records, nothing wrong.\nEvery decision comes out the same again.\n"
    )


def test_json_has_what_was_found(whole: Places) -> None:
    found = told(call(whole, "verify", "--json"))
    assert found["records"] == HEAD
    assert found["violations"] == found["decided_differently"] == []


def test_what_is_decided_differently_now_is_told_apart_and_is_no_fault(tmp_path: Path) -> None:
    other = saying("planner", WorkPlanned, with_(note=lambda it: "as it was"))
    here = filled(tmp_path, lived(other, 3)[0])
    result = call(here, "verify", "--json")
    found = told(result)
    assert (result.exit_code, found["violations"]) == (0, [])
    first = found["decided_differently"][0]
    assert first["then"]["note"] == "as it was" and "note" not in first["now"]
    words = call(here, "verify").stdout
    assert "Decided differently now" in words and "note=as it was" in words
    assert told(call(here, "verify", "--json", "--no-recompute"))["decided_differently"] == []


@pytest.mark.parametrize(
    ("statement", "position", "invariant"),
    [
        ("DELETE FROM stored_events WHERE originator_version = 100", 100, "shape"),
        ("UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'timer', 'tamer') "
         "AS BLOB) WHERE originator_version = (SELECT min(originator_version) FROM stored_events "
         "WHERE topic = 'time-passed')", None, "chain"),
        ("UPDATE stored_events SET state = CAST(state AS TEXT) WHERE originator_version = 7",
         7, "readable"),
        ("DELETE FROM stored_events WHERE originator_version > 300", 300, "head"),
        ("UPDATE tracking SET notification_id = 1000000", HEAD, "head"),
    ],
)  # fmt: skip
def test_a_damaged_log_is_wrong_at_its_first_bad_record(
    here: Places, statement: str, position: int | None, invariant: str
) -> None:
    change(here.log, statement)
    result = call(here, "verify", "--json")
    first = told(result)["violations"][0]
    assert (result.exit_code, first["invariant"]) == (1, invariant)
    assert position in (None, first["position"])
    assert str(first["position"]) in call(here, "verify").stdout


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE categories SET settled_usd_micros = settled_usd_micros + 1",
        "DELETE FROM runs WHERE position = (SELECT max(position) FROM runs)",
        "UPDATE positions SET hash = 'another'",
        "UPDATE positions SET position = position + 1000",
    ],
)
def test_projections_that_do_not_tell_the_truth_are_found_out(here: Places, statement: str) -> None:
    change(here.projections, statement)
    found = told(call(here, "verify", "--json"))
    assert {it["invariant"] for it in found["violations"]} == {"projection"}


def test_projections_that_lag_tell_the_truth_of_where_they_are(here: Places) -> None:
    store = SqliteStore(here.log)
    rebuild(here.projections, [page[:200] for page in pages(store)][:1])
    store.close()
    assert told(call(here, "verify", "--json"))["violations"] == []


def test_decisions_missing_at_the_tail_are_wrong_where_they_were_considered(
    tmp_path: Path,
) -> None:
    last = next(record for record in reversed(LOG) if isinstance(record.fact, WorkFinished))
    assert LOG[last.position - 2].cause == last.cause, "it was one of several decisions"
    here = filled(tmp_path, LOG[: last.position - 1], last.cause or 0)
    found = told(call(here, "verify", "--json"))["violations"]
    assert ("tail", last.cause) in [(it["invariant"], it["position"]) for it in found]


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    result = call(places(str(tmp_path / "config.toml")), "verify")
    assert result.exit_code == 1 and "nothing has been recorded" in result.output


def text_log(path: Path, log: Sequence[Record] = LOG) -> Path:
    path.write_bytes(b"".join(state + b"\n" for _, state in stored(log)))
    return path


def test_a_file_of_stored_records_and_a_copy_of_the_log_are_read_too(
    whole: Places, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(whole.log, copy)
    before = contents(tmp_path)
    for file in (text_log(tmp_path / "text.log"), copy):
        before |= {str(file): sha256(file.read_bytes()).hexdigest()}
        found = told(call(whole, "verify", "--json", "--log", str(file)))
        assert (found["records"], found["violations"]) == (HEAD, [])
        assert found["decided_differently"] == []
    assert contents(tmp_path) == before


@pytest.mark.parametrize("since", [1, 2, 100, HEAD // 2, HEAD - 10])
def test_a_bundle_is_read_from_wherever_it_begins(
    whole: Places, tmp_path: Path, since: int
) -> None:
    bundle = str(tmp_path / "bundle")
    exported = call(whole, "export", "--bundle", bundle, "--since", str(since), "--with-output")
    assert exported.exit_code == 0, exported.output
    found = told(call(whole, "verify", "--json", "--log", bundle))
    assert (found["records"], found["violations"]) == (HEAD - since + 1, [])
    assert found["decided_differently"] == []


GOOD = [state for _, state in stored(LOG)]
DEEP = b'{"position":1,"at":' + b"[" * 100_000
BAD_FILES: dict[str, tuple[bytes, int]] = {
    "is empty": (b"", 0),
    "is foreign": (b"GIF89a" + bytes(200), 0),
    "is cut off": (b"\n".join(GOOD)[:-30], HEAD),
    "is reordered": (b"\n".join([*GOOD[:5], GOOD[6], GOOD[5], *GOOD[7:]]) + b"\n", 6),
    "is edited": (b"\n".join([*GOOD[:5], GOOD[5].replace(b"2026", b"2027")]) + b"\n", 6),
    "is newer": (GOOD[0].replace(b"configuration-loaded", b"configuration-merged") + b"\n", 1),
    "is hostile": (DEEP + b"\n", 1),
    "is a line without end": (b'{"position":1' + bytes(9 << 20), 1),
    "names what it wants imported": (
        GOOD[0].replace(b'"kind":"', b'"__class__":"os:system","kind":"') + b"\n", 1),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_FILES)
def test_nothing_is_believed_of_a_file_that(what: str, tmp_path: Path) -> None:
    content, position = BAD_FILES[what]
    file = tmp_path / "some.log"
    file.write_bytes(content)
    result = call(places(str(tmp_path / "config.toml")), "verify", "--json", "--log", str(file))
    first = told(result)["violations"][0]
    assert (result.exit_code, first["position"]) == (1, position)
    assert first["reason"]


def test_a_newer_file_is_not_read(here: Places) -> None:
    change(here.log, "PRAGMA user_version = 99")
    result = call(here, "verify", "--json", "--log", str(here.log))
    assert result.exit_code == 1 and "newer" in told(result)["violations"][0]["reason"]
    assert "newer" in call(here, "verify").output


def test_a_view_in_the_place_of_the_records_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "view.sqlite"
    change(file, "CREATE VIEW stored_events AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL "
           "SELECT x FROM n) SELECT x AS originator_version, 'log' AS originator_id, "
           "'' AS topic, x AS state FROM n")  # fmt: skip
    found = told(call(places(str(tmp_path / "c")), "verify", "--json", "--log", str(file)))
    assert found["records"] == 0 and len(found["violations"]) == 1


@pytest.mark.living
def test_a_living_a_killed_and_a_stopped_daemon_have_nothing_to_hide(tmp_path: Path) -> None:
    here = house(tmp_path, '[executor]\nstop_within = "1s"\n[actions.nothing]\ncommand = ["true"]\n'
                 '[actions.long]\ncommand = ["sleep", "60"]\nlane = "other"\n')  # fmt: skip
    with living(here) as daemon:
        daemon.finished(*[daemon.request("nothing") for _ in range(5)])
        daemon.request("long")
        daemon.until(RunStarted, run=daemon.facts(RunStarted)[-1].run)
        assert daemon.told("verify")["violations"] == []
        daemon.kill()
        assert told(call(here, "verify", "--json"))["violations"] == []
    with living(here) as daemon:
        daemon.finished(daemon.request("nothing"))
        assert daemon.stop() == 0
    before = contents(tmp_path)
    found = told(call(here, "verify", "--json"))
    assert found["violations"] == found["decided_differently"] == []
    assert contents(tmp_path) == before


def test_what_the_rules_cannot_live_again_is_told_with_its_record(tmp_path: Path) -> None:
    said = [*SMALL_DAY, ("executor", END, RunCancelling("r1-1", "w1-1"))]
    file = text_log(tmp_path / "some.log", recorded(said))
    found = told(call(places(str(tmp_path / "c")), "verify", "--json", "--log", str(file)))
    choked = [it for it in found["violations"] if it["invariant"] == "relive"]
    assert [it["position"] for it in choked] == [END]
    assert choked[0]["reason"] == "executor cannot live it again: KeyError: 'r1-1'"


def test_rules_that_go_round_and_round_are_interrupted() -> None:
    with pytest.raises(RanTooLong), patience(0.05):
        while True:
            pass
