"""What is said to have let a thing run does let it run, when a world is lived again with it."""

from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from actors.replay.explaining import Explanation, Teller
from actors.replay.happenings import request
from actors.replay.trying import Way, root_of
from events.catalogue import AnyObservation
from events.configuration import (
    AtPhaseEnd,
    Configuration,
    ConfigurationLoaded,
    Executor,
    Intent,
    Lane,
    Priority,
)
from events.record import Record
from events.requests import (
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ResumeRequested,
    Scope,
    WorkRequested,
)
from events.runs import RunStarting
from events.work import WorkPlanned
from tests.rules.explain_story import (
    DOLLAR,
    HOUSE,
    Endings,
    World,
    action,
    at,
    budget,
    ending,
    study,
    templates,
)

LANES = ("main", "desk")
SCOPES: tuple[Scope, ...] = ("all", "lane", "category")
ENDS: tuple[AtPhaseEnd, ...] = ("next_phase", "next_day", "drop")
PRIORITIES: tuple[Priority, ...] = ("critical", "high", "normal", "low")


def house(chance: Random) -> Configuration:
    """A house in which not everything can run."""
    made = budget(
        daily_usd_micros=chance.randint(1, 8) * DOLLAR,
        reserve_usd_micros=chance.choice((0, DOLLAR)),
        categories={name: chance.randint(1, 5) * DOLLAR for name in ("study", "chores")},
    )
    for number in range(4):
        made = action(
            f"job{number}",
            made,
            category=chance.choice(("study", "chores")),
            lane=chance.choice(LANES),
            estimate_usd_micros=chance.randint(0, 300) * 10_000,
            priority=chance.choice(PRIORITIES),
            attempts=chance.choice((1, 3)),
            backoff_seconds=3600,
            at_phase_end=chance.choice(ENDS),
            defer_limit=chance.randint(0, 1),
        )
    lanes = {name: Lane(concurrency=chance.randint(1, 2)) for name in LANES}
    made = replace(made, lanes=lanes, executor=Executor(concurrency=chance.randint(1, 3)))
    intents = {"often": Intent(run="job0", every_seconds=chance.choice((1_800, 7_200)))}
    return templates(replace(made, intents=intents), study=study(per_day=2))


def outcome(chance: Random) -> Endings:
    """Long or short, well or not; what is tried again ends as it did before."""
    minutes = [chance.choice((1, 30, 400)) for _ in range(4)]
    codes = [chance.choice((0, 0, 1)) for _ in range(4)]
    return lambda starting: ending(
        minutes[int(starting.action[-1]) if starting.action[-1].isdecimal() else 0],
        codes[int(starting.action[-1]) if starting.action[-1].isdecimal() else 0],
    )(starting)


def lived(seed: int) -> World:
    """A day in which people ask for all kinds of things at all kinds of times."""
    chance = Random(seed)
    world = World(house(chance), outcome(chance))
    for number in range(chance.randint(3, 8)):
        clock = f"{chance.randint(6, 19):02}:{chance.randint(0, 59):02}"
        if clock < f"{world.moment:%H:%M}":
            clock = f"{world.moment:%H:%M}"
        match chance.randint(0, 7):
            case 0:
                scope = chance.choice(SCOPES)
                name = {"all": "", "lane": "desk", "category": "study"}[scope]
                world.hears(PauseRequested(scope, f"p{number}", name), clock)
            case 1:
                world.hears(ResumeRequested("all", f"r{number}"), clock)
            case _:
                phase = chance.choice((None, None, "morning", "evening"))
                start = chance.choice((None, None, at("21:00")))
                subject = f"job{chance.randint(0, 3)}"
                asked = WorkRequested(subject, f"k{number}", phase=phase, at=start)
                world.hears(asked, clock)
    return world.until(f"{chance.randint(19, 23)}:30")


def questions(world: World) -> Iterator[tuple[str, Explanation]]:
    """All that did not run, with its explanation."""
    started = {it.fact.work for it in world.log if isinstance(it.fact, RunStarting)}
    for record in world.log:
        if isinstance(record.fact, WorkPlanned) and record.fact.work not in started:
            yield record.fact.key, world.why(record.fact.work)


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
    again.say(cut.at, cut.fact, cut.by, cut.cause)  # type: ignore[arg-type]
    return again


def in_force(again: World, new: Configuration) -> None:
    """Everybody has known these settings for long, and the open purse is what they say."""
    loaded = ConfigurationLoaded("changed", new)
    for name, book in again.books.items():
        if name != "budget" and ConfigurationLoaded in book.hears:
            book.evolve(again.states[name], loaded, again.moment)
    again.head += 1
    told = Record(again.head, again.moment, "daemon", None, loaded)
    again.log.append(told)
    again._inboxes["budget"].append(told)
    again._settle()


def asked_for(again: World, key: str, way: Way) -> None:
    """Say what the ways would have somebody say."""
    work = next(it.fact.work for it in reversed(again.log)
                if isinstance(it.fact, WorkPlanned) and it.fact.key == key)  # fmt: skip
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


def cases(wanted: int) -> Iterator[tuple[int, World, str, Explanation]]:
    seed = 0
    while wanted > 0:
        seed += 1
        world = lived(seed)
        for key, told in questions(world):
            yield seed, world, key, told
            wanted -= 1
            if not wanted:
                return


def name_of(world: World, key: str) -> str:
    planned = (it.fact for it in world.log if isinstance(it.fact, WorkPlanned))
    fact = next(it for it in planned if it.key == key)
    return fact.name if fact.source == "template" else ""


def check(wanted: int) -> None:
    for seed, world, key, told in cases(wanted):
        assert told.ways, (seed, key, told.says)
        for way in told.ways:
            again = lived_again(world, told, way)
            asked_for(again, key, way)
            assert runs(again, key, name_of(world, key)), (seed, key, told.says, way)


def test_what_would_have_let_it_run_lets_it_run() -> None:
    check(1_000)


@pytest.mark.slow
def test_what_would_have_let_it_run_lets_it_run_ten_thousand_times() -> None:
    check(10_000)


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
