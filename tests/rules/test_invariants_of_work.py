"""What a log proves of works and runs: logs that break a promise, and one that nearly does."""

import pytest

from events.budget import FundsReserved, FundsReturned, FundsSettled
from events.configuration import Step
from events.daemon import DaemonStarted, DaemonStopped
from events.requests import (
    CancelRequested,
    PauseRequested,
    ReleaseRequested,
)
from events.runs import RunAdopted, RunCancelling, RunClosed, RunStarted
from events.time import PhaseEnded, TimePassed
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkReturned,
    WorkStopping,
)
from tests.rules.verifying_story import (
    ASKED,
    DAY,
    FAILED,
    GOING,
    HELD,
    HOUR,
    PLANNED,
    RUNNING,
    SIX,
    WAITING,
    Edit,
    N,
    change,
    checked,
    ended,
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
    "work": [
        ("it is planned twice", (more(("planner", 8, planned("w8-1", key="again"))), gone(16))),
        ("it is held and was never planned", (more(("phase_queue", 7, WorkHeld("w7", "paused"))),)),
        ("it finishes twice", (more(("executor", 14, WorkFinished("w8-1", "completed"))),)),
        (
            "it finishes while it waits",
            (WAITING, more(("executor", 14, WorkFinished("w18-1", "failed")))),
        ),
        ("it finishes while a run of it is open", (gone(14, 15, 17),)),
        (
            "it is released while it is on its way",
            (GOING, more(("phase_queue", N + 2, released("w18-1", "r19-2")))),
        ),
        ("it is released for an attempt that is not next", (change(10, attempt=2),)),
        ("it is released for a step that it does not have", (change(9, steps=()),)),
        (
            "it is released with an action that is not its step",
            (change(9, steps=(Step(action="write"),)),),
        ),
        (
            "it is dropped after it has begun",
            (RUNNING, FAILED, more(("phase_queue", 7, WorkDropped("w18-1", "phase_over")))),
        ),
        (
            "it is cancelled while it runs",
            (RUNNING, more(("phase_queue", 7, WorkCancelled("w18-1")))),
        ),
        (
            "it is deferred more often than allowed",
            (WAITING, more(("phase_queue", 7, WorkDeferred("w18-1", "morning", DAY, 2)))),
        ),
        ("it is stopped twice", (RUNNING, more(*[("phase_queue", 7, WorkStopping("w18-1"))] * 2))),
        (
            "it goes on to the step at which it is",
            (
                RUNNING,
                more(
                    ("process", N + 5, ended("r19-1")),
                    ("executor", N + 6, RunClosed("r19-1", "w18-1", "read", "succeeded")),
                    ("executor", N + 6, StepReached("w18-1", "r23-1", "read", 1, "study", 100)),
                ),
            ),
        ),
        ("the attempt after the first is the third", (RUNNING, FAILED, change(N + 8, attempt=3))),
        (
            "its process lives on after an orderly stop",
            (
                RUNNING,
                more(
                    ("process", N + 5, RunStarted("r19-1", 8, "boot", 8, SIX)),
                    ("daemon", None, DaemonStopped("signal")),
                ),
            ),
        ),
    ],
    "run": [
        ("it is started without money", (gone(11),)),
        ("it is started twice", (more(("executor", 11, starting("w8-1", "r9-1"))),)),
        ("it is another action that starts", (change(12, action="write"),)),
        (
            "a process of it is started twice",
            (put(14, "process", 12, RunStarted("r9-1", 8, "boot", 8, SIX)),),
        ),
        (
            "it is adopted by the life that started it",
            (put(13, "process", 12, RunAdopted("r9-1", 7)),),
        ),
        (
            "it is closed twice",
            (more(("executor", 14, RunClosed("r9-1", "w8-1", "read", "failed"))),),
        ),
        ("it is closed and nobody saw its end", (put(14, "timer", None, TimePassed()),)),
        ("it cost something else than it said", (change(15, cost_usd_micros=39),)),
        ("it never started and has lived", (change(14, started=False), change(15, started=False))),
        ("it ends because of a record that did not start it", (change(14, cause=11),)),
        (
            "it is cancelled twice",
            (RUNNING, more(*[("executor", 7, RunCancelling("r19-1", "w18-1"))] * 2)),
        ),
    ],
    "hold": [
        ("it goes before the time that was asked for", (change(9, not_before=SIX + HOUR),)),
        ("it goes before its phase is open", (change(9, day=DAY, phase="evening"),)),
        (
            "it goes after its phase has ended",
            (
                change(9, day=DAY, phase="morning"),
                put(7, "clock", 2, PhaseEnded(DAY, "morning", SIX)),
                put(8, "planner", 7, planned("x")),
            ),
        ),
        (
            "it is tried again before its backoff is over",
            (RUNNING, FAILED, more(("phase_queue", N + 8, released("w18-1", "r25-1", attempt=2)))),
        ),
    ],
    "answer": [
        ("an occurrence gets no verdict", (gone(9, 10, 11, 12, 13, 14, 15, 16, 17),)),
        ("a request gets no answer", (more(ASKED),)),
        ("work is neither held nor released", (gone(10, 11, 12, 13, 14, 15, 16, 17),)),
        ("a release is neither paid nor refused", (gone(11, 12, 13, 14, 15, 16, 17),)),
        ("what is paid for neither starts nor is closed", (gone(12, 13, 14, 15, 16, 17),)),
        ("what ended is not closed", (gone(15, 16, 17),)),
        ("what was closed is not settled", (gone(17),)),
        (
            "a request is answered twice",
            (
                more(
                    ASKED,
                    HELD,
                    ("planner", N + 1, planned("w18-1", key="k")),
                    ("planner", N + 1, planned("w18-2", key="k")),
                ),
            ),
        ),
        (
            "a pause is asked for and nobody answers",
            (more(("cli", None, PauseRequested("all", "p"))),),
        ),
    ],
}

GOOD: dict[str, tuple[Edit, ...]] = {
    "work": (RUNNING, FAILED),
    "run": (
        RUNNING,
        more(
            ("daemon", None, DaemonStarted("0.1", 2, "boot")),
            ("process", N + 5, RunAdopted("r19-1", 8)),
            ("process", N + 5, ended("r19-1", exit_code=None, trouble="lost")),
            ("executor", N + 8, RunClosed("r19-1", "w18-1", "read", "unknown")),
            ("executor", N + 8, WorkFinished("w18-1", "unknown")),
            ("budget", N + 9, FundsSettled("r19-1", "w18-1", "study", DAY, 100, 100, "estimated")),
            ("process", N + 5, ended("r19-1", exit_code=0)),
        ),
    ),
    "hold": (
        more(
            ASKED,
            (
                *PLANNED[:2],
                planned("w18-1", key="k", phase="evening", day=DAY, not_before=SIX + HOUR),
            ),
            ("phase_queue", N + 2, WorkHeld("w18-1", "phase_not_open")),
            ("cli", None, ReleaseRequested("w18-1", "now")),
            ("phase_queue", N + 4, released("w18-1", "r21-1")),
            ("budget", N + 5, FundsReserved("r21-1", "w18-1", "study", 100, DAY)),
            ("executor", N + 6, starting("w18-1", "r21-1")),
        ),
    ),
    "answer": (
        GOING,
        more(
            ("budget", N + 3, FundsReserved("r19-1", "w18-1", "study", 100, DAY)),
            ("executor", N + 4, RunClosed("r19-1", "w18-1", "read", "cancelled", False, "paused")),
            ("executor", N + 4, WorkReturned("w18-1", "r19-1", 1, 1, "paused")),
            ("budget", N + 5, FundsReturned("r19-1", "w18-1", "study", DAY, 100)),
            ("phase_queue", N + 6, WorkHeld("w18-1", "paused")),
            ("cli", None, CancelRequested("w18-1", "c")),
            ("phase_queue", N + 9, WorkCancelled("w18-1")),
        ),
    ),
}


@pytest.mark.parametrize(("invariant", "edits"), sentences(BAD))
def test_it_is_wrong_when(invariant: str, edits: tuple[Edit, ...]) -> None:
    assert invariant in wrong(*edits)


@pytest.mark.parametrize("invariant", GOOD)
def test_what_comes_near_it_is_not_wrong(invariant: str) -> None:
    assert checked(records(*GOOD[invariant])) == []


def test_every_promise_about_work_is_broken_at_least_three_times_and_kept_once() -> None:
    assert all(len(cases) >= 3 for cases in BAD.values())
    assert set(GOOD) == set(BAD)


def test_what_was_not_considered_yet_need_not_be_answered() -> None:
    log = records(more(ASKED))
    assert checked(log, considered=len(log) - 1) == []
