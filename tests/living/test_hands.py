"""Other processes of ours: none stays behind, and one that fails is seen to have failed."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from events.sqlite import SqliteStore
from horarium.deciding import Deciding
from horarium.hands import COMMAND, LENGTH_BYTES, Undone, divided, hands

pytestmark = pytest.mark.living

FOR_EVER = 10**12


@pytest.fixture
def endless(tmp_path: Path) -> Deciding:
    """A part that is never done: pages without records."""
    log = tmp_path / "log.sqlite"
    SqliteStore(log).close()
    return Deciding(str(log), FOR_EVER, ("budget",), {})


def test_a_process_ends_with_whoever_waits_for_it(endless: Deciding) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        hands([endless, endless]) as working,
    ):
        processes = [hand._process for hand in working]
        raise KeyboardInterrupt
    assert [process.returncode for process in processes] == [-9, -9]


def test_a_process_ends_when_nobody_is_left_to_whom_it_could_tell_anything(
    endless: Deciding,
) -> None:
    said = msgpack.encode(endless)
    with subprocess.Popen(
        (sys.executable, *COMMAND), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(len(said).to_bytes(LENGTH_BYTES, "big") + said)
        process.stdin.close()
        assert process.wait(60) == 1


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_a_part_whose_process_dies_is_undone(
    endless: Deciding, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("horarium.hands.COMMAND", ("-c", code))
    with hands([endless]) as (hand,), pytest.raises(Undone):
        hand.result()


def test_a_part_whose_process_cannot_be_started_is_undone(
    endless: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("horarium.hands.sys.executable", "/nowhere/python")
    with pytest.raises(Undone), hands([endless]):
        pass


@given(
    st.dictionaries(st.text(max_size=3), st.floats(0, 10), max_size=8),
    st.floats(0, 10),
    st.integers(1, 5),
)
def test_everything_is_done_by_exactly_one(
    weights: dict[str, float], ours: float, into: int
) -> None:
    shares = divided(weights, ours, 0.3, into)
    assert len(shares) == into
    assert sorted(name for share in shares for name in share) == sorted(weights)


def test_whoever_has_much_to_do_besides_gets_less() -> None:
    assert divided({"a": 1.0, "b": 1.0, "c": 1.0}, 2.5, 0.0, 2) == [[], ["a", "b", "c"]]
