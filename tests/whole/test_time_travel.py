"""The past on the command line: as of, differences, replays, bundles; and nothing is touched."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actors.replay.books import BOOKS
from events.codec import read
from horarium.asof import as_of, opened_log
from horarium.bundle import read_bundle
from horarium.cli import horarium
from horarium.places import Places
from projections.projector import rebuild
from tests.contracts.bundle_story import a_house, a_life, bundled
from tests.rules.stepping_story import stored
from tests.rules.test_golden_logs import decided_otherwise

Call = Callable[..., Result]
SHOWING = ("plan", "runs", "days", "budget", "queue", "status")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Places:
    here = a_house(tmp_path_factory.mktemp("house"))
    rebuild(here.projections, [[read(row.position, row.state) for row in stored(a_life())]])
    return here


@pytest.fixture
def call(here: Places) -> Call:
    def called(*words: str) -> Result:
        return CliRunner().invoke(horarium, [*words, "--data", str(here.data)])

    return called


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", SHOWING)
def test_what_a_command_shows_as_of_the_end_is_what_it_shows_now(call: Call, name: str) -> None:
    now, then = (told(call(name, "--json", *past)) for past in ((), ("--as-of", "2100-01-01")))
    if name == "status":  # Nobody lives now; who lived then is told by the log.
        assert (now.pop("daemon")["state"], then.pop("daemon")["state"]) == (
            "not_running", "was_running")  # fmt: skip
        for intent in (*now["intents"], *then["intents"]):
            intent.pop("next_due_at")  # It is reckoned from now, or from then.
        for shown in (now, then):
            shown["intents"].sort(key=lambda it: it["intent"])
        assert now.pop("needs") == [] and then.pop("needs") is not None
    assert now == then


@pytest.mark.parametrize("name", SHOWING)
def test_a_command_shows_the_past_and_says_which(call: Call, name: str) -> None:
    result = call(name, "--as-of", "200")
    assert result.exit_code == 0 and "As of record 200, " in result.stderr


def test_the_past_holds_nothing_of_what_came_later(call: Call) -> None:
    then = told(call("runs", "--json", "--limit", "1000", "--as-of", "300"))
    now = told(call("runs", "--json", "--limit", "1000"))
    assert 0 < len(then) < len(now)
    assert told(call("status", "--json", "--as-of", "300"))["head"] == 300
    assert told(call("queue", "--json", "--as-of", "0")) == []
    at = told(call("status", "--json", "--as-of", "300"))["at"]
    assert told(call("status", "--json", "--as-of", at))["position"] >= 300


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["plan", "--as-of", "soon"], 2, "or a position"),
        (["budget", "--as-of", "99999999"], 1, "the log ends at"),
        (["plan", "--as-of", "0"], 1, "no day has been planned yet"),
        (["diff", "--from", "200", "--to", "100"], 2, "lies behind"),
        (["replay", "--step"], 2, "needs a terminal"),
        (["replay", "--from", "300", "--to", "100"], 1, "lies behind"),
        (["replay", "--log", __file__], 1, "not a bundle"),
        (["export", "--bundle", "/no/such/folder/file"], 1, "cannot write"),
    ],
)
def test_what_cannot_be_done_is_said(call: Call, words: list[str], code: int, hint: str) -> None:
    result = call(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert hint in result.stderr


@pytest.mark.parametrize("position", ["0", "1", "250", "600"])
def test_nothing_is_different_from_itself(call: Call, position: str) -> None:
    found = told(call("diff", "--json", "--from", position, "--to", position))
    assert found.pop("since") == found.pop("until")
    assert not any(found.values())
    assert "Nothing in plan or budget is different" in call("diff", "--from", position,
                                                            "--to", position).stdout  # fmt: skip


def works(here: Places, position: int) -> set[str]:
    with opened_log(here) as log, as_of(here, log, position) as connection:
        return {work for (work,) in connection.execute("SELECT work FROM works")}


def test_a_difference_tells_what_happened_in_between(call: Call, here: Places) -> None:
    found = told(call("diff", "--json", "--from", "20", "--to", "400"))
    assert {each["work"] for each in found["added"]} == works(here, 400) - works(here, 20) != set()
    money = next(each for each in found["money"] if each["category"] == "work")
    for side, at in (("before", "20"), ("after", "400")):
        shown = told(call("budget", money["day"], "--json", "--as-of", at))["categories"]
        spent = next(each for each in shown if each["category"] == "work")
        assert spent["settled_usd_micros"] == money[side]["settled_usd_micros"]
    assert "Added" in (said := call("diff", "--from", "100", "--to", "400").stdout)
    assert "Money" in said


def test_the_whole_log_is_a_difference_from_nothing(call: Call) -> None:
    found = told(call("diff", "--json", "--from", "0"))
    assert found["added"] and not found["changed"] and not found["moved"]


def test_a_replay_names_what_each_actor_knew_and_decided(call: Call) -> None:
    steps = [json.loads(line) for line in call("replay", "--json").stdout.splitlines()]
    assert [step["position"] for step in steps] == list(range(1, len(steps) + 1))
    by = {
        decision["position"]: each["actor"]
        for step in steps
        for each in step["considered"]
        for decision in each["decided"]
    }
    actors = {book.actor for book in BOOKS}
    assert by == {s["position"]: s["by"] for s in steps if s["by"] in actors}


def test_a_replay_can_be_of_one_actor_and_of_a_part(call: Call) -> None:
    lines = call("replay", "--json", "--by", "budget", "--from", "100", "--to", "300").stdout
    steps = [json.loads(line) for line in lines.splitlines()]
    assert all(100 <= step["position"] <= 300 for step in steps)
    assert {each["actor"] for step in steps for each in step["considered"]} == {"budget"}
    whole = call("replay", "--json", "--by", "budget").stdout.splitlines()
    assert set(lines.splitlines()) < set(whole)


def test_a_bundle_is_decided_upon_as_the_log_was(here: Places, tmp_path: Path) -> None:
    records = [row.record for row in read_bundle(bundled(here, tmp_path / "b"))]
    for book in BOOKS:
        assert list(decided_otherwise(book, records)) == []


def test_a_part_since_a_time_begins_behind_it(call: Call, here: Places, tmp_path: Path) -> None:
    path = bundled(here, tmp_path / "b", "--since", "2026-11-20T12:00:00Z")
    first = next(read_bundle(path)).record
    assert first.at.isoformat() > "2026-11-20T12:00:00"
    result = call("replay", "--log", str(path), "--json")
    assert json.loads(result.stdout.splitlines()[0])["position"] == first.position


READS = (
    *((name, "--as-of", "300") for name in SHOWING),
    *((name,) for name in SHOWING),
    ("plan", "--as-of", "2026-11-20T12:00:00Z"),
    ("diff", "--from", "100", "--to", "400"),
    ("replay", "--from", "300"),
    ("replay", "--by", "clock", "--json"),
)


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_asking_changes_no_byte_and_leaves_no_file(
    call: Call, here: Places, words: tuple[str, ...]
) -> None:
    def files() -> dict[str, bytes]:
        found = (path for path in here.data.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in found}

    before = files()
    assert call(*words).exit_code == 0
    assert files() == before


def test_an_export_writes_its_file_and_nothing_else(
    call: Call, here: Places, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in here.data.iterdir()}
    found = told(call("export", "--json", "--bundle", str(tmp_path / "b"), "--since", "500"))
    assert found["first"] == 500 and found["bytes"] == (tmp_path / "b").stat().st_size
    assert {path: path.read_bytes() for path in here.data.iterdir()} == before
