"""The rules of the executor, one story each: given, when, then."""

from datetime import date, timedelta

import pytest
from msgspec import msgpack

from actors.executor.brief import INPUT_MAX_BYTES, brief, merged_input, open_runs
from actors.executor.outcomes import verdict
from actors.executor.rules import RULES
from actors.executor.state import Executing
from events.budget import FundsRefused
from events.configuration import Action, ConfigurationLoaded, Step
from events.daemon import DaemonStarted
from events.runs import (
    Outcome,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunResult,
    RunStarted,
    RunStarting,
)
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkStopping,
)
from tests.rules.executor_story import (
    LATEST,
    NOON,
    TODAY,
    closed,
    ended,
    given,
    loaded,
    planned,
    released,
    reserved,
    running,
    seen,
    starting,
    when,
    without,
)

# Starting


def test_what_is_paid_for_starts_and_not_for_ever() -> None:
    state = given(planned("read"), released("read"))
    assert when(state, reserved()) == [
        RunStarting("r1-1", "w1-1", "read", 1, 1, "command", NOON + timedelta(seconds=300), TODAY)
    ]


def test_a_no_op_is_decided_like_everything_else() -> None:
    state = given(planned("clean"), released("clean"))
    assert when(state, reserved()) == [starting("clean")]


def test_money_that_comes_twice_starts_one_run() -> None:
    state = running("read")
    assert when(state, reserved()) == []


def test_money_for_a_run_nobody_asked_for_starts_nothing() -> None:
    assert when(given(), reserved("r9-9")) == []


def test_a_refused_run_is_forgotten_and_its_work_is_not() -> None:
    state = given(planned("read"), released("read"))
    when(state, FundsRefused("r1-1", "w1-1", "research", 40, 0, "day_spent"))
    assert when(state, reserved()) == []
    when(state, released("read", run="r5-1"))
    assert when(state, reserved("r5-1")) == [starting("read", run="r5-1")]


def test_an_action_that_is_configured_no_longer_ends_the_work_with_its_name() -> None:
    state = given(planned("read"), released("read"), without("read"))
    reason = "no action named read is configured any longer"
    assert when(state, reserved()) == [
        closed("read", "misconfigured", reason, started=False),
        WorkFinished("w1-1", "failed", reason),
    ]


def test_an_input_that_is_no_object_starts_nothing() -> None:
    state = given(planned("flaky", input_json="[1]"), released("flaky"))
    reason = "its input is not a JSON object, or is too large"
    assert when(state, reserved()) == [
        closed("flaky", "misconfigured", reason, started=False),
        WorkFinished("w1-1", "failed", reason),
    ]


def test_a_second_run_never_starts_beside_a_live_one() -> None:
    state = running("read")
    when(state, released("read", run="r5-1", attempt=2))
    reason = "r1-1 of this work is still open"
    refused = closed("read", "cancelled", reason, started=False, run="r5-1")
    assert when(state, reserved("r5-1")) == [refused]
    assert when(state, ended()) == [
        closed("read", "succeeded"),
        WorkFinished("w1-1", "completed"),
    ]


def test_money_for_ended_work_goes_back() -> None:
    state = given(planned("read"), released("read"), WorkCancelled("w1-1"))
    assert when(state, reserved()) == [
        closed("read", "cancelled", "its work has ended", started=False)
    ]


# Verdicts


@pytest.mark.parametrize(
    ("end", "outcome", "reason"),
    [
        (seen(exit_code=0), "succeeded", ""),
        (seen(exit_code=0, result=RunResult()), "succeeded", ""),
        (seen(exit_code=3), "failed", "exit code 3"),
        (seen(exit_code=3, detail="2 left"), "failed", "exit code 3: 2 left"),
        (seen(exit_code=-9), "failed", "ended by SIGKILL"),
        (seen(exit_code=-64), "failed", "ended by signal 64"),
        (seen(exit_code=0, result_fault="not_json"), "failed", "its result is not JSON"),
        (seen(exit_code=2, result_fault="not_json"), "failed", "exit code 2"),
        (seen(), "unknown", "its exit code was not seen"),
        (seen(trouble="lost"), "unknown", "nobody saw its end"),
        (seen(trouble="lost", exit_code=0), "unknown", "nobody saw its end"),
        (seen(trouble="timed_out", exit_code=-15), "timed_out", "timed out"),
        (seen(trouble="cancelled", exit_code=-15), "cancelled", "cancelled"),
        (
            seen(trouble="daemon_stopped", exit_code=0),
            "failed",
            "the daemon stopped before it ended",
        ),
        (
            seen(started=False, trouble="daemon_stopped"),
            "cancelled",
            "the daemon stopped before it began",
        ),
        (seen(started=False, trouble="paused"), "cancelled", "paused"),
        (seen(started=False), "failed", "could not be started"),
        (
            seen(started=False, trouble="program_missing", detail="reed"),
            "misconfigured",
            "program missing: reed",
        ),
        (
            seen(started=False, trouble="not_executable"),
            "misconfigured",
            "program not executable",
        ),
        (seen(started=False, trouble="lane_missing"), "misconfigured", "working directory missing"),
        (seen(started=False, trouble="bad_input"), "misconfigured", "input not usable"),
        (seen(started=False, trouble="spawn_failed"), "failed", "could not be started"),
        (seen(started=False, trouble="too_late"), "too_late", "too late"),
        (seen(started=False, trouble="cancelled"), "cancelled", "cancelled"),
        (seen(started=False, trouble="doors_closed"), "cancelled", "safe mode"),
        (
            seen(started=False, trouble="doors_closed", detail="safe mode"),
            "cancelled",
            "safe mode",
        ),
    ],
)
def test_each_end_has_one_verdict(end: RunEnded, outcome: Outcome, reason: str) -> None:
    assert verdict(end) == (outcome, reason)


def test_a_reason_has_its_limit() -> None:
    _, reason = verdict(seen(exit_code=1, detail="x" * 9000))
    assert len(reason) == 500


def test_a_reported_cost_stands_in_the_verdict_also_of_a_failure() -> None:
    end = seen(exit_code=1, result=RunResult(cost_usd_micros=12))
    verdict_of_it, *_ = when(running("read"), end)
    assert verdict_of_it == RunClosed(
        "r1-1", "w1-1", "read", "failed", True, "exit code 1", 12, "reported"
    )


def test_a_cost_in_a_faulty_result_is_not_believed() -> None:
    end = seen(exit_code=0, result=RunResult(cost_usd_micros=12), result_fault="wrong_types")
    verdict_of_it, *_ = when(running("read"), end)
    assert isinstance(verdict_of_it, RunClosed)
    assert (verdict_of_it.cost_usd_micros, verdict_of_it.cost_source) == (None, "estimated")


def test_of_a_lost_run_nobody_says_that_nothing_ran() -> None:
    end = RunEnded("r1-1", started=False, ended_at=NOON, trouble="lost")
    verdict_of_it, *_ = when(running("read"), end)
    assert verdict_of_it == closed("read", "unknown", "nobody saw its end", started=True)


# The end


def test_a_success_completes_the_work_and_nothing_is_left_of_it() -> None:
    state = running("read")
    assert when(state, ended()) == [
        closed("read", "succeeded"),
        WorkFinished("w1-1", "completed"),
    ]
    assert (state.works, state.asked, state.runs) == ({}, {}, {})


def test_an_end_reported_twice_is_heard_once() -> None:
    state = running("read")
    when(state, ended())
    assert when(state, ended(1)) == []


def test_the_end_of_a_run_that_was_never_decided_is_not_heard() -> None:
    assert when(running("read"), ended(run="r7-1")) == []


def test_work_without_further_attempts_fails() -> None:
    assert when(running("read"), ended(3)) == [
        closed("read", "failed", "exit code 3"),
        WorkFinished("w1-1", "failed", "exit code 3"),
    ]


# What the door is told


def test_a_brief_says_all_that_the_door_must_know() -> None:
    state = given(
        loaded(read=Action(command=("true",), input_json='{"a":1,"b":2}')),
        planned("read", input_json='{"b":3}'),
        released("read"),
        starting("read"),
    )
    told = brief(state, "r1-1")
    assert (told.run, told.work, told.name, told.step, told.attempt) == (
        "r1-1",
        "w1-1",
        "read",
        1,
        1,
    )
    assert (told.input_json, told.not_after) == ('{"a":1,"b":3}', LATEST)
    assert (told.lane_directory, told.output_max_bytes) == ("/srv/desk", 1000)
    assert (told.environment, told.key) == (("PATH",), "k1")
    assert (told.day, told.phase) == ("2026-11-20", "morning")


def test_work_that_was_moved_runs_in_the_phase_it_was_moved_to() -> None:
    moved, deferred = WorkMoved("w1-1", "evening"), WorkDeferred("w1-1", "night", date.max, 1)
    state = given(planned("read"), moved, released("read"), starting("read"))
    assert brief(state, "r1-1").phase == "evening"
    state = given(planned("read"), deferred, released("read"), starting("read"))
    assert (brief(state, "r1-1").phase, brief(state, "r1-1").day) == ("night", "9999-12-31")


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("{}", "{}", "{}"),
        ('{"a": [1, 2]}', "{}", '{"a":[1, 2]}'),
        ('{"a":{"x":1}}', '{"a":{"y":2}}', '{"a":{"y":2}}'),
        ("{}", '{"é":"ü"}', '{"é":"ü"}'),
        ("{}", "null", None),
        ("{}", "", None),
        ("{}", "{} {}", None),
        ("[1]", "{}", None),
        ("{}", '{"a":NaN}', None),
        ("{}", '{"a":"' + "x" * INPUT_MAX_BYTES + '"}', None),
        ("{}", '{"a":' + "[" * 50_000, None),
    ],
)
def test_inputs_are_overlaid_key_by_key_or_refused(
    ours: str, theirs: str, merged: str | None
) -> None:
    assert merged_input(ours, theirs) == merged


def test_a_restarted_executor_looks_after_its_open_runs_and_not_after_sweeps() -> None:
    process = RunStarted("r1-1", 123, "boot", 456, NOON)
    state = given(
        planned("read"), released("read"), starting("read"), process, WorkStopping("w1-1")
    )
    RULES.evolve(state, RunCancelling("r1-1", "w1-1"), NOON)
    RULES.evolve(state, sweeping("w2-1"), NOON)
    RULES.evolve(state, WorkReleased("w2-1", "r2-1", "sweep", 1, 1, "house", 0), NOON)
    RULES.evolve(state, RunStarting("r2-1", "w2-1", "sweep", 1, 1, "sweep", LATEST), NOON)
    (run,) = open_runs(state)
    assert (run.run, run.process, run.cancelling) == ("r1-1", process, True)
    assert msgpack.decode(msgpack.encode(state), type=Executing) == state


def test_a_run_remembers_the_boot_of_the_machine_it_was_decided_on() -> None:
    first, second = DaemonStarted("0.1", 10, "boot-1"), DaemonStarted("0.1", 20, "boot-2")
    state = given(first, planned("read"), released("read"), starting("read"), second)
    assert (state.boot, state.runs["r1-1"].boot) == ("boot-2", "boot-1")


def sweeping(name: str) -> WorkPlanned:
    return WorkPlanned(name, "sweep", "intent", "k2", (Step(action="sweep"),), "house", "main")


def test_dropped_work_is_forgotten() -> None:
    state = given(planned("read"), WorkDropped("w1-1", "phase_over"))
    assert state.works == {}


def test_a_configuration_known_by_its_digest_alone_changes_nothing() -> None:
    state = given(planned("read"), released("read"))
    when(state, ConfigurationLoaded("d1"))
    assert when(state, reserved()) == [starting("read")]
