"""How runs go in an invented world: hangs, escapes, limits, ceilings, probes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from actors.executor.outcomes import verdict
from actors.executor.simulated import ESCAPED, Course, SimulatedDoor
from events.catalogue import AnyObservation
from events.configuration import Action
from events.runs import Outcome, ProbeEnded, RunEnded
from tests.living.process_story import brief_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASK = Action(executor="claude", prompt="?", timeout_seconds=60)


class Lived:
    """A door to which one run was handed, and what it told after an hour."""

    def __init__(self, course: Course) -> None:
        self.told: list[AnyObservation] = []
        self.now = NOON
        self.door = SimulatedDoor(self.tell, lambda: self.now, {"ask": course})
        late = NOON + timedelta(hours=1)
        self.brief = brief_of(ASK, name="ask", not_after=late)
        self.door.start(self.brief, 7)
        self.now = NOON + timedelta(hours=1)
        self.door.pass_until(self.now)

    def tell(self, answers: int, facts: Sequence[AnyObservation]) -> None:
        assert answers == 7
        self.told += facts

    @property
    def ended(self) -> RunEnded:
        (found,) = [it for it in self.told if isinstance(it, RunEnded)]
        return found


@pytest.mark.parametrize(
    ("course", "outcome", "started"),
    [
        (Course(), "succeeded", True),
        (Course(outcome="failed"), "failed", True),
        (Course(outcome="said_failed"), "failed", True),
        (Course(outcome="refused"), "failed", True),
        (Course(outcome="at_ceiling", cost_usd_micros=110), "failed", True),
        (Course(outcome="too_little"), "failed", True),
        (Course(outcome="artifact_missing"), "failed", True),
        (Course(outcome="not_successful"), "failed", True),
        (Course(outcome="rate_limited", resets_after_seconds=60), "rate_limited", True),
        (Course(outcome="quota_exhausted"), "quota_exhausted", True),
        (Course(outcome="misconfigured"), "misconfigured", True),
        (Course(outcome="lost"), "unknown", True),
        (Course(outcome="not_ready"), "not_ready", False),
        (Course(outcome="program_missing"), "misconfigured", False),
        (Course(outcome="sandbox_missing"), "misconfigured", False),
        (Course(seconds=10**6), "timed_out", True),
    ],
)
def test_a_course_comes_to_its_outcome(course: Course, outcome: Outcome, started: bool) -> None:
    ended = Lived(course).ended
    assert (verdict(ended)[0], ended.started) == (outcome, started)


def test_one_that_hangs_is_stopped_when_its_time_is_up() -> None:
    ended = Lived(Course(seconds=10**6)).ended
    assert ended.ended_at == NOON + timedelta(seconds=60)


def test_one_that_is_turned_away_says_until_when() -> None:
    ended = Lived(Course(outcome="rate_limited", resets_after_seconds=60)).ended
    assert ended.resets_at == NOON + timedelta(seconds=61)


def test_what_escapes_is_told_of() -> None:
    assert Lived(Course(escapes=True)).ended.detail == ESCAPED


@pytest.mark.parametrize("code", [0, 1, None])
def test_its_probe_says_what_it_was_given_to_say(code: int | None) -> None:
    lived = Lived(Course(outcome="lost", probe_exit_code=code))
    lived.door.probe(lived.brief, "p1-1", 7)
    assert lived.told[-1] == ProbeEnded("p1-1", code)
    lived.door.close(0)
    lived.door.probe(lived.brief, "p1-2", 7)
    assert lived.told[-1] == ProbeEnded("p1-1", code)
