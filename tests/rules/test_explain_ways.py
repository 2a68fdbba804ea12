"""What is said to have let a thing run does let it run, when a world is lived again with it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count, islice

import pytest

from actors.replay.explaining import Explanation, Teller
from actors.replay.forking import run_oftener
from actors.replay.happenings import request
from actors.replay.trying import Way, root_of
from events.catalogue import AnyObservation
from events.configuration import Configuration, ConfigurationLoaded
from events.plan import OccurrenceSkipped
from events.record import Record
from events.requests import (
    CancelRequested,
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ResumeRequested,
    Scope,
)
from events.runs import RunEnded, RunStarting
from events.time import (
    IdleSeen,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    TimePassed,
)
from events.work import WorkPlanned
from tests.rules.explain_story import (
    DOLLAR,
    HOUSE,
    World,
    at,
    budget,
    study,
    templates,
)
from tests.rules.explain_ways_story import SOME, lived

CASES, SHARE = 1_000, 125  # The shares are lived side by side.
Case = tuple[int, World, str, Callable[[], Explanation]]  # its seed, and how it is called


def questions(world: World) -> Iterator[tuple[str, Callable[[], Explanation]]]:
    """All that did not run, and how to ask why: work, and some occurrences that became none."""
    started = {it.fact.work for it in world.log if isinstance(it.fact, RunStarting)}
    for record in world.log:
        match record.fact:
            case WorkPlanned(work=work, key=key) if work not in started:
                yield key, partial(world.why, work)
            case _ if record.position % SOME:
                pass
            case OccurrenceSkipped(intent, due_at) | OccurrenceExpired(intent, due_at):
                yield key_of(intent, due_at), partial(world.why_occurrence, intent, due_at)
            case (
                OccurrenceMissed(intent, due_at)
                | OccurrencesCoalesced(intent, due_at)
                | OccurrencesSuperseded(intent, due_at)
            ):
                yield key_of(intent, due_at), partial(world.why_occurrence, intent, due_at)


def key_of(intent: str, due_at: datetime) -> str:
    return f"{intent}@{due_at.isoformat().replace('+00:00', 'Z')}"


def lived_again(world: World, told: Explanation, way: Way) -> World:
    """Another world hears the same, up to what set the matter off; then it is changed."""
    cut = world.log[told.decided_from - 1]
    again = World(start=False)
    for record in world.log[: told.decided_from - 1]:
        if not record.depth:
            again.say(record.at, record.fact, record.by, record.cause)  # type: ignore[arg-type]
    assert again.log == world.log[: told.decided_from - 1]
    new = again.past.configuration(again.head)
    assert new is not None
    for change in way.changes:
        new = change.configure(new) if change.configure else new
    if new != again.past.configuration(again.head):
        in_force(again, new)
    moments = [change.at for change in way.changes if change.at is not None]
    moment = min(moments, default=cut.at)
    for number, change in enumerate(way.changes):
        if told.about == "occurrence" or " cancel " in change.command:
            done_before(again, change.command, moment, f"before-{number}")
    instead = any(change.instead for change in way.changes)
    again.say(moment, TimePassed() if instead else cut.fact, cut.by, cut.cause)  # type: ignore[arg-type]
    return again


def done_before(again: World, command: str, moment: datetime, key: str) -> None:
    """What somebody would have to have done before it was due."""
    match command.split()[1:]:
        case ["cancel", work]:
            live = [
                it.fact.run
                for it in again.log
                if isinstance(it.fact, RunStarting) and it.fact.work == work
            ]
            again.say(moment, CancelRequested(work, key), "cli")
            if work in again.states["executor"].works:
                ended = RunEnded(live[-1], True, again.moment, trouble="cancelled")
                again.say(moment, ended, "process")
        case ["resume"]:
            again.say(moment, ResumeRequested("all", key), "cli")
        case ["resume", flag, name]:
            scope: Scope = "lane" if flag == "--lane" else "category"
            again.say(moment, ResumeRequested(scope, key, name), "cli")


def in_force(again: World, new: Configuration) -> None:
    """Everybody has known these settings for long, and the open purse is what they say."""
    loaded = ConfigurationLoaded("changed", new)
    run_oftener(again.states["clock"], new)
    for name, book in again.books.items():
        if name != "budget" and ConfigurationLoaded in book.hears:
            book.evolve(again.states[name], loaded, again.moment)
    again.states["clock"].owed.clear()
    again.head += 1
    told = Record(again.head, again.moment, "daemon", None, loaded)
    again.log.append(told)
    again._inboxes["budget"].append(told)
    again._settle()


def asked_for(again: World, key: str, way: Way) -> None:
    """Say what the ways would have somebody say."""
    work = next((it.fact.work for it in reversed(again.log)
                 if isinstance(it.fact, WorkPlanned) and it.fact.key == key), "")  # fmt: skip
    for number, change in enumerate(way.changes):
        words = change.command.split()
        said: AnyObservation | None = None
        match words[1:]:
            case ["release", _]:
                said = ReleaseRequested(work, f"x{number}")
            case ["move", _, "--phase", phase]:
                said = MoveRequested(work, phase, f"x{number}")
            case ["resume"]:
                said = ResumeRequested("all", f"x{number}")
            case ["resume", "--lane", name]:
                said = ResumeRequested("lane", f"x{number}", name)
            case ["resume", "--category", name]:
                said = ResumeRequested("category", f"x{number}", name)
        if change.says == "the machine had been idle":
            said = IdleSeen(True)
        if said is not None:
            again.say(again.moment, said, "cli")


def runs(again: World, key: str, name: str) -> bool:
    """Whether that work starts; what a new plan took back counts when it comes again."""
    planned = {it.fact.work: it.fact for it in again.log if isinstance(it.fact, WorkPlanned)}
    return any(
        planned[it.fact.work].key == key or planned[it.fact.work].name == name
        for it in again.log
        if isinstance(it.fact, RunStarting) and it.fact.work in planned
    )


def cases(seeds: Iterable[int] | None = None) -> Iterator[Case]:
    for seed in count(1) if seeds is None else seeds:
        world = lived(seed)
        for key, ask in questions(world):
            yield seed, world, key, ask


def name_of(world: World, key: str) -> str:
    planned = (it.fact for it in world.log if isinstance(it.fact, WorkPlanned))
    fact = next((it for it in planned if it.key == key), None)
    return fact.name if fact is not None and fact.source == "template" else ""


def check(first: int, end: int) -> None:
    check_each(islice(cases(), first, end))


def check_each(some: Iterable[Case]) -> None:
    for seed, world, key, ask in some:
        told = ask()
        assert told.ways, (seed, key, told.says)
        for way in told.ways:
            again = lived_again(world, told, way)
            asked_for(again, key, way)
            if told.about == "occurrence":
                live_on(again, key, idle=any("idle" in it.says for it in way.changes))
            assert runs(again, key, name_of(world, key)), (seed, key, told.says, way)


def live_on(again: World, key: str, *, idle: bool) -> None:
    """It may have to wait for its turn, for its time, or for the end of what runs: that ends well
    in its expected time."""
    end, ends = again.moment + timedelta(days=2), dict[str, datetime]()
    while not runs(again, key, ""):
        for run in again.states["executor"].runs.values():
            expected = timedelta(seconds=run.action.expected_seconds)
            ends.setdefault(run.run, again.moment + expected)
        again._coming.clear()
        run = min(ends, key=lambda it: ends[it], default="")
        moment = again._next()
        if run and (moment is None or ends[run] <= moment):
            moment = max(ends.pop(run), again.moment)
            again.say(moment, RunEnded(run, True, moment, 0), "process")
        elif moment is None or moment > end:
            return
        else:
            again.say(moment, TimePassed(), "timer")
        if idle:
            again.say(again.moment, IdleSeen(True), "idle")


@pytest.mark.parametrize("first", range(0, CASES, SHARE))
def test_what_would_have_let_it_run_lets_it_run(first: int) -> None:
    check(first, first + SHARE)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_what_would_have_let_it_run_lets_it_run_ten_thousand_times() -> None:
    check(0, 10 * CASES)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(57, id="it had no run left, and was due just when the cause came"),
        pytest.param(136, id="likewise, and the other one would have overtaken it"),
        pytest.param(335, id="it was overtaken before it began"),
        pytest.param(459, id="it waits for hours, and has a deadline"),
    ],
)
def test_worlds_in_which_a_way_was_hard_to_find_have_one(seed: int) -> None:
    check_each(cases([seed]))


def test_one_more_run_is_the_least_that_lets_another_occurrence_come() -> None:
    world = lived(57)
    told = world.why_occurrence("office", at("19:00"))
    assert told.ways[0].changes[0][:3] == ("it might run 2 times", "intents.office.max_runs", "2")


def test_no_smaller_amount_of_money_would_have_done() -> None:
    """One millionth of a dollar less, and it would have been refused again."""
    world = World(budget(categories={"study": DOLLAR, "chores": DOLLAR}))
    world.asks("read", "k1")
    told = world.why(world.asks("read", "k2"))
    (change,) = told.ways[0].changes
    assert (change.setting, change.value) == ("budget.categories.study", "2")
    for limit, starts in ((2 * DOLLAR, True), (2 * DOLLAR - 1, False)):
        categories = {"study": limit, "chores": DOLLAR}
        again = World(budget(categories=categories))
        again.asks("read", "k1")
        work = again.asks("read", "k2")
        started = {it.fact.work for it in again.log if isinstance(it.fact, RunStarting)}
        assert (work in started) is starts


def test_changes_that_only_help_together_are_told_together() -> None:
    world = World(budget(categories={"study": DOLLAR // 2}))
    world.hears(PauseRequested("all", "p"))
    told = world.why(world.asks("read"))
    assert [it.says for it in told.ways[0].changes] == [
        "everything had been resumed",
        "the category study might cost $1.00 a day",
    ]


def test_what_is_decided_again_is_not_written_anywhere() -> None:
    world = World()
    world.hears(PauseRequested("all", "p"))
    work = world.asks("read")
    before = list(world.log)
    world.why(work)
    assert world.log == before


def test_a_snapshot_on_the_way_leads_to_the_same_explanation() -> None:
    """Where a past has memories of the actors, it is lived again from them."""
    from msgspec import msgpack

    from actors.replay.past import Remembered
    from events.store import Snapshot

    world = World(templates(HOUSE, study=study()))
    world.until("07:00")
    kept = [
        Snapshot(name, book.version, world.head, msgpack.encode(world.states[name]))
        for name, book in world.books.items()
    ]
    work = world.asks("read", phase="evening")
    world.hears(PauseRequested("all", "p"), "09:00")
    other = world.asks("read", "l")
    for name in (work, other):
        remembered = Teller(Remembered(world.log, kept)).work(name)
        assert remembered.says == world.why(name).says
        assert [[it.says for it in way.changes] for way in remembered.ways] == [
            [it.says for it in way.changes] for way in world.why(name).ways
        ]


def test_a_request_that_was_repeated_is_told_as_the_work_it_became() -> None:
    world = World()
    work = world.asks("read", "k")
    world.asks("read", "k")
    asked: list[Record] = list(world.past.requests("k"))
    assert request(world.teller(), asked[-1], "k").says == world.why(work).says
    assert root_of(world.past, world.log[-1]).depth == 0
