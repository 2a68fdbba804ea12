"""What a log proves of lanes, pauses and sweeps: logs that break it, and one that nearly does."""

import pytest

from events.budget import FundsRefused, FundsReserved
from events.cleanup import SweepEnded, SweepStarting
from events.requests import (
    Paused,
    PauseRequested,
    Resumed,
    ResumeRequested,
    WorkRequested,
)
from events.work import (
    WorkHeld,
)
from tests.rules.verifying_story import (
    ASKED,
    DAY,
    GOING,
    PLANNED,
    RELEASED,
    RESERVED,
    SIX,
    SWEEP,
    SWEEPING,
    Edit,
    N,
    change,
    checked,
    gone,
    more,
    planned,
    put,
    records,
    released,
    sentences,
    starting,
    wrong,
)

Case = tuple[str, tuple[Edit, ...]]

BAD: dict[str, list[Case]] = {
    "lane": [
        ("there are two in a lane for one", (gone(16), GOING)),
        ("a place is given twice without a refusal", (gone(11, 12, 13, 14, 15, 16, 17), GOING)),
        (
            "there are more than the daemon may run",
            (
                gone(16),
                change(9, lane="a"),
                more(
                    ASKED,
                    (*PLANNED[:2], planned("w18-1", key="k", lane="b")),
                    RELEASED,
                    ("cli", None, WorkRequested("read", "j")),
                    ("planner", N + 4, planned("w21-1", key="j", lane="c")),
                    ("phase_queue", N + 5, released("w21-1", "r22-1")),
                ),
            ),
        ),
    ],
    "pause": [
        ("everything is paused and work is released", (put(7, "phase_queue", 2, Paused("all")),)),
        (
            "its lane is paused and work is released",
            (put(7, "phase_queue", 2, Paused("lane", "main")),),
        ),
        (
            "its category is paused and a run is started",
            (put(10, "phase_queue", 2, Paused("category", "study")),),
        ),
        ("a life that began paused starts a run", (change(2, paused=True),)),
        ("a pause is said twice", (more(*[("phase_queue", 2, Paused("lane", "other"))] * 2),)),
        ("what goes on was not paused", (more(("phase_queue", 2, Resumed("all"))),)),
    ],
    "sweep": [
        (
            "an open run is to be swept",
            (
                SWEEPING,
                more(
                    (
                        "cleanup",
                        N + 5,
                        SweepStarting("s22-1", "r19-1", ("r19-1",), SIX, SIX, 1, 5, SIX),
                    )
                ),
            ),
        ),
        (
            "open work is to be swept",
            (
                SWEEPING,
                more(
                    (
                        "cleanup",
                        N + 5,
                        SweepStarting("s22-1", "r19-1", (), SIX, SIX, 1, 5, SIX, ("w18-1",)),
                    )
                ),
            ),
        ),
        (
            "what is no name of ours is to be swept",
            (
                SWEEPING,
                more(
                    (
                        "cleanup",
                        N + 5,
                        SweepStarting("s22-1", "r19-1", ("../home",), SIX, SIX, 1, 5, SIX),
                    )
                ),
            ),
        ),
        (
            "what was not to be swept is gone",
            (
                SWEEPING,
                more(
                    ("cleanup", N + 5, SWEEP),
                    ("sweeper", N + 5, SweepEnded("s22-1", 1, 9, swept_runs=("r5-1",))),
                ),
            ),
        ),
        (
            "more is swept than allowed",
            (
                SWEEPING,
                more(("cleanup", N + 5, SWEEP), ("sweeper", N + 5, SweepEnded("s22-1", 6, 9))),
            ),
        ),
        ("a sweep ends that never began", (more(("sweeper", 12, SweepEnded("s12-1", 1, 9))),)),
    ],
}

GOOD: dict[str, tuple[Edit, ...]] = {
    "lane": (
        GOING,
        more(
            (
                "budget",
                N + 3,
                FundsRefused("r19-1", "w18-1", "study", 700, 0, "over_category_limit"),
            ),
            ("phase_queue", N + 4, WorkHeld("w18-1", "no_funds")),
            ("cli", None, WorkRequested("read", "j")),
            ("planner", N + 6, planned("w23-1", key="j")),
            ("phase_queue", N + 7, released("w23-1", "r24-1")),
            ("budget", N + 8, FundsReserved("r24-1", "w23-1", "study", 100, DAY)),
            ("executor", N + 9, starting("w23-1", "r24-1")),
        ),
        change(N + 3, ceiling_usd_micros=700),
    ),
    "pause": (
        more(
            ASKED,
            PLANNED,
            RELEASED,
            RESERVED,
            ("cli", None, PauseRequested("all", "p")),
            ("phase_queue", N + 5, Paused("all")),
            ("executor", N + 4, starting("w18-1", "r19-1")),
            ("cli", None, ResumeRequested("all", "q")),
            ("phase_queue", N + 8, Resumed("all")),
        ),
    ),
    "sweep": (
        SWEEPING,
        more(
            ("cleanup", N + 5, SWEEP),
            (
                "sweeper",
                N + 5,
                SweepEnded("s22-1", 1, 9, swept_runs=("r9-1",), swept_works=("w8-1",)),
            ),
        ),
    ),
}


@pytest.mark.parametrize(("invariant", "edits"), sentences(BAD))
def test_it_is_wrong_when(invariant: str, edits: tuple[Edit, ...]) -> None:
    assert invariant in wrong(*edits)


@pytest.mark.parametrize("invariant", GOOD)
def test_what_comes_near_it_is_not_wrong(invariant: str) -> None:
    assert checked(records(*GOOD[invariant])) == []


def test_every_promise_about_places_is_broken_at_least_three_times_and_kept_once() -> None:
    assert all(len(cases) >= 3 for cases in BAD.values())
    assert set(GOOD) == set(BAD)
