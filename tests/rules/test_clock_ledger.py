"""Every occurrence has a verdict, whatever happens to the daemon, the machine and its clock."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from actors.triggers import due_between
from events.configuration import Configuration, Day, Intent, Phase
from events.intents import IntentAdded, IntentRemoved, IntentSwitched
from events.policies import Clock
from events.settings import Hours
from events.time import OccurrencesReopened
from tests.rules.clock_world import MIDNIGHT, PASSED, STARTED, World

CHANGES = {
    "UTC": ["2026-11-20T00:00"],
    "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "Australia/Lord_Howe": ["2026-10-03T15:30", "2026-04-04T15:00"],
    "America/Santiago": ["2026-09-06T04:00", "2026-04-05T03:00"],
}
NIGHT = Phase(name="night", start=time(22), end=time(6))

triggers = some.sampled_from(
    [
        {"cron": "*/30 * * * *"},
        {"cron": "15,45 1-3 * * *"},
        {"cron": "30 2 * * *"},
        {"cron": "0 9 * * *"},
        {"cron": "7 * * * *", "phases": ("night",)},
        {"cron": "*/20 * * * *", "windows": (Hours(start=time(8), end=time(11)),)},
        {"every_seconds": 1_000},
        {"every_seconds": 3_600, "jitter_seconds": 900},
        {"every_seconds": 700, "every_from": "completion"},
        {"at": MIDNIGHT + timedelta(hours=9)},
        {"now": True},
    ]
)
policies = some.fixed_dictionaries(
    {},
    optional={
        "misfire": some.sampled_from(
            ["skip", "run_once_latest", "run_once_earliest", "run_all", "within"]
        ),
        "misfire_window_seconds": some.sampled_from([60, 3_000, 40_000]),
        "misfire_limit": some.integers(1, 4),
        "start_deadline_seconds": some.sampled_from([30, 2_000]),
        "dst_gap": some.just("skip"),
        "dst_overlap": some.sampled_from(["last", "both"]),
        "user_facing": some.booleans(),
        "self_restart": some.booleans(),
    },
)
intents = some.builds(
    lambda trigger, policy: Intent(**{"run": "read", **trigger, **policy}), triggers, policies
)
NAMES = ["a", "b", "c"]
WAYS = ["pass", "down", "sleep", "forward", "back"]


def house(zone: str, found: dict[str, Intent], limit: int = 3) -> Configuration:
    return Configuration(
        day=Day(timezone=zone),
        phases=(NIGHT,),
        clock=Clock(catch_up_limit=limit),
        intents=found,
    )


zones = some.sampled_from(sorted(CHANGES))
seconds = some.integers(1, 50_000) | some.integers(1, 400)
books = some.dictionaries(some.sampled_from(NAMES), intents)
events = some.lists(
    some.one_of(
        some.tuples(
            some.sampled_from(["pass", "pass", "down", "sleep", "forward", "back"]), seconds
        ),
        some.tuples(some.just("load"), zones, books),
        some.tuples(some.just("add"), intents),
        some.tuples(some.just("switch"), some.sampled_from([*NAMES, "hand"]), some.booleans()),
        some.tuples(some.just("remove")),
        some.tuples(some.just("edit while down"), seconds, zones, books),
    ),
    max_size=10,
)


@some.composite
def places(draw: some.DrawFn) -> tuple[str, datetime]:
    """A zone and a moment shortly before its clocks change."""
    zone = draw(zones)
    change = datetime.fromisoformat(draw(some.sampled_from(CHANGES[zone]))).replace(tzinfo=UTC)
    return zone, change - timedelta(seconds=draw(some.integers(0, 100_000)))


def live(world: World, happenings: list[Any]) -> None:
    for what, *more in happenings:
        match what:
            case "pass":
                world.pass_time(timedelta(seconds=more[0]))
            case "down":
                world.be_down(timedelta(seconds=more[0]))
            case "sleep":
                world.sleep(timedelta(seconds=more[0]))
            case "forward":
                world.step(timedelta(seconds=more[0]))
            case "back":
                world.step(-timedelta(seconds=more[0]))
            case "load":
                world.load(house(*more))
                world.tell(PASSED)
            case "edit while down":
                world.now += timedelta(seconds=more[0])
                world.load(house(*more[1:]))
                world.tell(STARTED)
            case "add" if "hand" not in world.book.by_hand:
                if "hand" not in world.book.intents:
                    world.tell(IntentAdded("hand", more[0], "request"))
            case "remove" if "hand" in world.book.by_hand:
                world.tell(IntentRemoved("hand", "asked"))
            case "switch":
                world.tell(IntentSwitched(more[0], more[1]))


@settings(max_examples=300, deadline=None)
@for_any(places(), books, events)
def test_what_is_expected_is_closed_once_and_nothing_comes_early_or_twice(
    place: tuple[str, datetime], found: dict[str, Intent], happenings: list[Any]
) -> None:
    zone, first = place
    world = World(first, house(zone, found))
    live(world, happenings)
    world.pass_time(timedelta(days=2, hours=1))
    lives = world.clock.intents
    for name, instants in world.book.open.items():
        waits = world.clock.waiting.get(name)
        jitter = timedelta(seconds=lives[name].jitter) if name in lives else timedelta(0)
        late = {at for at in instants if at + jitter <= world.now}
        assert late <= set(waits.instants if waits else ()), (name, late)
    assert world.lived_again() == world.clock


@settings(max_examples=150, deadline=None)
@for_any(
    places(),
    intents,
    some.lists(
        some.tuples(some.sampled_from(WAYS), seconds),
        max_size=8,
    ),
)
def test_every_occurrence_of_an_intent_that_nobody_touches_has_one_verdict(
    place: tuple[str, datetime], intent: Intent, happenings: list[Any]
) -> None:
    zone, first = place
    configuration = house(zone, {"a": intent})
    world = World(first, configuration)
    live(world, happenings)
    if any(isinstance(fact, OccurrencesReopened) for _, fact in world.decided):
        return  # It was put back by more than a day in all: verdicts were withdrawn.
    jitter = timedelta(seconds=world.clock.intents["a"].jitter)
    end = max(record.at for record, _ in world.log) - jitter
    due = set(due_between(intent, configuration, first, end, 100_000))
    told = set(world.book.closed["a"])
    waits = world.clock.waiting.get("a")
    waiting = set(waits.instants if waits else ())
    pending = world.clock.intents["a"].next
    if intent.now or intent.every_from == "completion":
        return
    if pending is not None and pending <= end:
        waiting.add(pending)
    assert {at for at in told | waiting if at > first} == due
    assert not told & waiting
