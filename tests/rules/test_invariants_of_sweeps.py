"""What a log proves of sweeps that no run asked for, of processes and of sealed stretches."""

from typing import Any

import pytest
from msgspec.structs import replace

from events.cleanup import (
    DiskSeen,
    EndedProcess,
    Seal,
    Sealed,
    SweepEnded,
    SweepRequested,
    SweepStarting,
)
from events.policies import Foreign
from tests.rules.verifying_story import (
    GOING,
    RESERVED,
    SIX,
    STARTING,
    Edit,
    N,
    Said,
    checked,
    more,
    records,
)

SWEEP = SweepStarting(f"s{N + 1}-1", "", (), SIX, SIX, 1, 5, SIX, occasion="asked", key="k")
ASKED: Said = ("cli", None, SweepRequested("k"))
FULL: Said = ("disk", None, DiskSeen(9, 100))
LOW = replace(SWEEP, occasion="disk_low", key="", until_free_bytes=50)
AGENT = Foreign(program="claude", really=True)


def swept(cause: Said = ASKED, sweep: SweepStarting = SWEEP, **done: Any) -> Edit:
    """It is caused, decided, and ends so."""
    ended = SweepEnded(sweep.sweep, 0, 0, **done)
    return more(cause, ("cleanup", N + 1, sweep), ("sweeper", N + 2, ended))


def process(run: str = "", pattern: str = "") -> tuple[EndedProcess, ...]:
    return (EndedProcess(77, 8, "claude", run, pattern),)


SEALS = replace(SWEEP, seal=Seal(0, 5))
SEALED = Sealed(0, 5, "0" * 40, "sealed/log", 9)
BAD = {
    "it bears the key of another request": swept(sweep=replace(SWEEP, key="other")),
    "nobody asked for it": swept(FULL),
    "the disk was not low": swept(("disk", None, DiskSeen(50, 100)), LOW),
    "a request is said to be a full disk": swept(sweep=LOW),
    "it is for a run, and was asked for": swept(sweep=replace(SWEEP, run="r5-1")),
    "what is not ours is ended": swept(processes=process(pattern="agents")),
    "what is not ours and only to be shown is ended": swept(
        sweep=replace(SWEEP, foreign={"agents": replace(AGENT, really=False)}),
        processes=process(pattern="agents"),
    ),
    "a process is ended for no run of this log": swept(processes=process("r99-1")),
    "what is not written is to be sealed": swept(sweep=replace(SWEEP, seal=Seal(0, 500))),
    "something else is sealed": swept(sweep=SEALS, sealed=replace(SEALED, until=4)),
    "it is sealed unasked": swept(sealed=SEALED),
}
GOOD = {
    "asked for": swept(),
    "a disk that is nearly full": swept(FULL, LOW),
    "ended runs have processes": swept(processes=process("r9-1")),
    "what is not ours is ended by wish": swept(
        sweep=replace(SWEEP, foreign={"agents": AGENT}), processes=process(pattern="agents")
    ),
    "a stretch is sealed": swept(sweep=SEALS, sealed=SEALED),
}


@pytest.mark.parametrize("edit", BAD.values(), ids=BAD)
def test_a_log_that_cannot_be_is_found_out(edit: Edit) -> None:
    assert "sweep" in {it.invariant for it in checked(records(edit))}


@pytest.mark.parametrize("edit", GOOD.values(), ids=GOOD)
def test_what_comes_near_it_is_not_wrong(edit: Edit) -> None:
    assert checked(records(edit)) == []


def test_a_process_of_a_run_that_is_open_must_not_be_ended() -> None:
    ended = SweepEnded("s23-1", 0, 0, processes=process("r19-1"))
    asked = replace(SWEEP, sweep="s23-1")
    later = more(
        RESERVED,
        STARTING,
        ASKED,
        ("cleanup", N + 6, asked),
        ("sweeper", N + 7, ended),
    )
    found = checked(records(GOING, later))
    assert "process 77 of r19-1 was ended, and that is open" in {it.reason for it in found}


def test_a_request_for_a_sweep_wants_an_answer() -> None:
    found = checked(records(more(ASKED)))
    assert [(it.invariant, it.position) for it in found] == [("answer", N + 1)]


def test_a_stretch_is_not_sealed_twice() -> None:
    again = replace(SEALS, sweep=f"s{N + 4}-1", key="j")
    twice = more(
        ("cli", None, SweepRequested("j")),
        ("cleanup", N + 4, again),
        ("sweeper", N + 5, SweepEnded(again.sweep, 0, 0)),
    )
    found = checked(records(swept(sweep=SEALS, sealed=SEALED), twice))
    assert [it.reason for it in found] == [f"{again.sweep} is to seal what is sealed, until 5"]
