"""What a log proves of alerts, of those who tell them, of breakers and of what is revived."""

from datetime import datetime, timedelta

import pytest

from events.catalogue import AnyFact
from events.configuration import ConfigurationLoaded, Step
from events.intents import AlertCleared, AlertRaised, BreakerClosed, BreakerOpened
from events.plan import OccurrenceSkipped
from events.record import Record
from events.requests import ReviveRequested
from events.work import Source, StepReached, WorkFinished, WorkPlanned, WorkReleased
from tests.rules.alerts_story import NIGHT, NOON, house, wrongs

HOUR = timedelta(hours=1)
Said = tuple[str, int | None, datetime, AnyFact]


def said(by: str, fact: AnyFact, cause: int | None = None, hours: int = 0) -> Said:
    return by, cause, NOON + hours * HOUR, fact


def planned(source: Source, key: str, work: str = "w2-1", lane: str = "notify") -> WorkPlanned:
    steps = (Step(action="mail"),)
    return WorkPlanned(work, "x", source, key, steps, "system", lane, None, None, "normal", 0, 0)


def log(*tail: Said) -> list[Record]:
    loaded = ConfigurationLoaded(digest="d", configuration=house(quiet=(NIGHT,)))
    records = [Record(1, NOON, "daemon", None, loaded)]
    for number, (by, cause, at, fact) in enumerate(tail, 2):
        records.append(Record(number, at, by, cause, fact))
    return records


def released(work: str = "w2-1", run: str = "r3-1") -> WorkReleased:
    return WorkReleased(work, run, "mail", 1, 1, "system", 0)


LOW = said("cleanup", AlertRaised("disk_low", "low"), 1)
TELL = said("planner", planned("alert", "disk_low/@2026-11-20T12:00:00Z"), 2)
DONE = said("executor", WorkFinished("w2-1", "completed"), 3)
AGAIN = planned("alert", "disk_low/@later", "w9-1")
FAILED = [
    it
    for number in range(3)
    for it in (
        said("planner", planned("intent", f"watch@{number}", f"w{number}"), 1),
        said("executor", WorkFinished(f"w{number}", "failed"), 1),
    )
]
OPENED = said("planner", BreakerOpened("watch", 3), 7)
BURIED = (
    said("planner", planned("request", "k", "w1-1", "main"), 1),
    said("executor", WorkFinished("w1-1", "buried"), 2),
    said("cli", ReviveRequested("w1-1", "r")),
)
REVIVED = said("planner", planned("revival", "w1-1#1", "w4-1", "main"), 4)

BAD = {
    "alert": {
        "it is raised twice": (LOW, LOW),
        "it is cleared and was not raised": (
            LOW, said("cleanup", AlertCleared("disk_low", "a"), 1)),
        "another raises it": (said("budget", AlertRaised("disk_low"), 1),),
        "nobody knows it": (said("clock", AlertRaised("weather"), 1),),
    },
    "telling": {
        "it does not stand": (TELL,),
        "it stands no more": (
            LOW, said("cleanup", AlertCleared("disk_low"), 1), said("planner", AGAIN, 3)),
        "it is told by two at once": (LOW, TELL, said("planner", AGAIN, 3)),
        "it is told again too soon": (LOW, TELL, DONE, said("planner", AGAIN, 4, hours=5)),
        "it is told in quiet hours": (
            LOW, TELL, said("phase_queue", released(), 3, hours=11)),
        "it is told in another lane": (
            LOW, said("planner", planned("alert", "disk_low/@x", lane="main"), 2)),
        "it is told of what tells": (
            LOW, TELL, said("phase_queue", released(), 3),
            said("executor", AlertRaised("run_unknown", subject="r3-1"), 4),
            said("planner", planned("alert", "run_unknown/r3-1@x", "w5-1"), 5)),
        "it is told of a later step of what tells": (
            LOW, TELL, said("executor", StepReached("w2-1", "r4-1", "push", 2, "system", 0), 3),
            said("executor", AlertRaised("run_unknown", subject="r4-1"), 4),
            said("planner", planned("alert", "run_unknown/r4-1@x", "w5-1"), 5)),
    },
    "breaker": {
        "it opens too soon": (*FAILED[:4], said("planner", BreakerOpened("watch", 2), 5)),
        "it counts what did not fail": (*FAILED[:4], OPENED),
        "it opens twice": (*FAILED, OPENED, OPENED),
        "it is closed and was not open": (said("planner", BreakerClosed("watch"), 1),),
        "there is work behind it": (
            *FAILED, OPENED, said("planner", planned("intent", "watch@9", "w9"), 1)),
        "an occurrence is skipped for one that is not open": (
            said("planner", OccurrenceSkipped("watch", NOON, "breaker_open"), 1),),
    },
    "revival": {
        "nobody asked for it": (*BURIED[:2], REVIVED),
        "what is revived was not buried": (BURIED[0], BURIED[2], said(
            "planner", planned("revival", "w1-1#1", "w3-1", "main"), 3)),
        "it is revived twice": (
            *BURIED, REVIVED, said("cli", ReviveRequested("w1-1", "s")),
            said("planner", planned("revival", "w1-1#2", "w6-1", "main"), 6)),
    },
}  # fmt: skip
GOOD = {
    "an alert that is told, and told again": (
        LOW, TELL, said("phase_queue", released(), 3), DONE, said("planner", AGAIN, 4, hours=6)),
    "two subjects": (LOW, said("cleanup", AlertRaised("disk_low", "low", "b"), 1)),
    "a breaker that is opened and closed": (
        *FAILED, OPENED, said("planner", BreakerClosed("watch"), 1),
        said("planner", planned("intent", "watch@9", "w9"), 1)),
    "one that is revived": (*BURIED, REVIVED),
}  # fmt: skip
CASES = [
    pytest.param(name, tail, id=sentence)
    for name, cases in BAD.items()
    for sentence, tail in cases.items()
]


@pytest.mark.parametrize(("invariant", "tail"), CASES)
def test_it_is_wrong_when(invariant: str, tail: tuple[Said, ...]) -> None:
    found = wrongs(log(*tail))
    assert [it for it in found if it.startswith(f"{invariant} ")], found


@pytest.mark.parametrize("name", GOOD)
def test_it_is_not_wrong_when_there_is(name: str) -> None:
    assert wrongs(log(*GOOD[name])) == []
