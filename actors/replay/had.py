"""What might have been said or done at another time, whatever it is that would have come of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from actors.pauses import EVERYTHING
from actors.replay.changes import Change
from actors.replay.forking import Fork
from actors.replay.goals import Goal
from events.catalogue import AnyObservation
from events.requests import CancelRequested, ResumeRequested
from events.runs import RunEnded
from events.time import ClockStepped, HostSlept, TimePassed

KEY = "explain"  # of the requests that nobody made
MINUTE = timedelta(minutes=1)
THERE = {
    "host_slept": "the machine had been awake at that time",
    "asleep": "the machine had been awake at that time",
    "clock_stepped": "the clock had not been set past that time",
}


def resume(scope: Any, name: str, *, before: bool = False) -> Change:
    """Somebody goes on with what is paused, after what set the matter off or before it."""
    flag = {"all": "", "category": f" --category {name}", "lane": f" --lane {name}"}[scope]
    what = EVERYTHING if scope == "all" else f"the {scope} {name}"

    def said(fork: Fork, work: str) -> tuple[AnyObservation, ...]:
        return (ResumeRequested(scope, f"{KEY}-{scope}", name),)

    return Change(
        f"{'everything' if scope == 'all' else what} had been resumed",
        command=f"horarium resume{flag}",
        before=said if before else None,
        after=None if before else said,
    )


def opened_before() -> Change:
    return Change("the day had been opened before", before=lambda fork, work: (TimePassed(),))


def ended_before(work: str) -> Change:
    """What ran was ended in time."""

    def said(fork: Fork, name: str) -> tuple[AnyObservation, ...]:
        cancel = CancelRequested(work, KEY)
        live = fork.executing.works[work].live if work in fork.executing.works else ""
        if not live:
            return (cancel,)
        return cancel, RunEnded(live, started=True, ended_at=fork.at, trouble="cancelled")

    return Change(f"{work} had ended before", command=f"horarium cancel {work}", before=said)


def had_been_there(reason: str, goal: Goal) -> Iterator[Change]:
    """The time is told when it comes."""
    if goal.moment is None:
        return
    if reason == "in_the_past":
        yield Change(  # Not the time of what should happen, but of the settings that ask for it.
            "the configuration had been there a minute before that time",
            at=goal.moment - MINUTE,
            after=lambda fork, work: (TimePassed(),),
        )
        return
    says = THERE.get(reason, "the daemon had been there and awake at that time")
    yield Change(says, at=goal.moment, instead=_as_time_passes)


def _as_time_passes(fact: AnyObservation) -> AnyObservation:
    return TimePassed() if isinstance(fact, HostSlept | ClockStepped) else fact
