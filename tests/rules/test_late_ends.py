"""An end that is seen just before the machine sleeps, and thought about long after it woke."""

from datetime import timedelta

import pytest

from actors.replay.courses import Course
from actors.replay.lives import Crash, MortalWorld
from events.configuration import Action, Budget, Configuration, Step, Template
from events.policies import Plan
from events.requests import WorkRequested
from events.runs import RunEnded, RunStarting
from events.work import WorkFinished, WorkReturned
from tests.rules.replay_story import MINUTE, at

HOUSE = Configuration(
    plan=Plan(enabled=False),
    budget=Budget(daily_usd_micros=1_000_000, categories={"general": 900_000}),
    actions={
        "flaky": Action(command=("flaky",), attempts=3, backoff_seconds=0),
        "write": Action(command=("write",)),
    },
    templates={"two": Template(steps=(Step(action="flaky", when="always"), Step(action="write")))},
)


class Interrupted(MortalWorld):
    """Its daemon goes before the executor considers the first end; two hours later it is back."""

    gone = False

    def step(self, name: str) -> None:
        first = self._inboxes[name][0].fact
        if name == "executor" and isinstance(first, RunEnded) and not self.gone:
            self.gone = True
            raise Crash
        super().step(name)

    def down(self) -> timedelta:
        return timedelta(hours=2)


def lived(subject: str, exit_code: int) -> Interrupted:
    """The first run ends so, all others well."""
    ends = iter((exit_code,))
    world = Interrupted(lambda name, run: Course(5 * MINUTE, next(ends, 0)))
    world.begin(at(8), HOUSE)
    world.tell("cli", [WorkRequested(subject, "k")])
    world.live_until(at(12))
    return world


@pytest.mark.parametrize(("subject", "exit_code"), [("flaky", 1), ("two", 0)])
def test_what_follows_from_a_late_end_comes_too_late_once_and_runs_all_the_same(
    subject: str, exit_code: int
) -> None:
    """The next attempt, or step, bears the time of the end: its door refuses it as stale, and it
    is given back, for its work had begun and is still wanted."""
    world = lived(subject, exit_code)
    facts = [record.fact for record in world.log]
    assert [it.reason for it in facts if isinstance(it, WorkReturned)] == ["too_late"]
    assert [it.state for it in facts if isinstance(it, WorkFinished)] == ["completed"]
    assert len([it for it in facts if isinstance(it, RunStarting)]) == 3
