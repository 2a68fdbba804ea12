"""Questions about time, intents and occurrences, each put to a world of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from actors.replay.explaining import Explanation
from events.catalogue import AnyObservation
from events.configuration import Configuration, ConfigurationLoaded, Dates, Day, Intent, On
from events.daemon import DaemonStarted, DaemonStopped
from events.intents import (
    IntentAddRequested,
    IntentRemoveRequested,
    IntentSwitchRequested,
    SignalReceived,
)
from events.requests import PauseRequested
from events.settings import Hours
from events.time import ClockStepped, HostSlept, OccurrencesSuperseded, TimePassed
from tests.rules.explain_story import (
    FRIDAY,
    HOUR,
    HOUSE,
    Endings,
    World,
    at,
    ending,
    intent,
    study,
    templates,
    with_,
)

SEVEN, EIGHT, NINE, HALF_TEN = at("07:00"), at("08:00"), at("09:00"), at("09:30")
MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)


def busy() -> Endings:
    return ending(minutes=45)


# Time that was lost


def down(world: World) -> None:
    world.say(at("06:41"), DaemonStopped("asked"), "daemon")
    world.say(HALF_TEN, DaemonStarted("0", 2, "boot"), "daemon")


def asleep(world: World) -> None:
    since = at("06:41")
    world.say(HALF_TEN, HostSlept((HALF_TEN - since) // MILLISECOND, since), "timer")
    world.say(HALF_TEN, TimePassed(), "timer")


def stepped(world: World) -> None:
    before = at("06:41")
    world.say(HALF_TEN, ClockStepped((HALF_TEN - before) // MILLISECOND, before), "timer")
    world.say(HALF_TEN, TimePassed(), "timer")


def late(world: World) -> None:
    world.say(HALF_TEN, TimePassed(), "timer")


def lost(lose: Callable[[World], None], moment: datetime = EIGHT, **changed: Any) -> Explanation:
    """From twenty to seven to half past nine; it was due at seven, at eight and at nine."""
    world = World(intent(**changed)).until("06:40")
    lose(world)
    return world.why_occurrence("hourly", moment)


def too_old() -> Explanation:
    """Due at nine alone; at half past nine that is longer ago than it may be."""
    return lost(down, NINE, cron="0 9 * * *", misfire_window_seconds=600)


def configured_too_late() -> Explanation:
    past = at("05:00")
    return World(intent(cron=None, at=past)).why_occurrence("hourly", past)


# What waits, and what takes its place


def waits_too_long() -> Explanation:
    """It is made up for in time to be due, but not in time to start."""
    return lost(down, NINE, cron="0 9 * * *", start_deadline_seconds=600)


def finds_no_place() -> Explanation:
    house = intent(run="busy", cron="*/15 * * * *", overlap="buffer_one")
    return World(house, busy()).until("06:40").why_occurrence("hourly", at("06:30"))


def gives_way() -> Explanation:
    house = intent(run="busy", cron="*/15 * * * *", overlap="keep_latest")
    return World(house, busy()).until("06:31").why_occurrence("hourly", at("06:15"))


def paused() -> Explanation:
    world = World(intent())
    world.hears(PauseRequested("all", "p"))
    return world.until("07:10").why_occurrence("hourly", at("07:00"))


def changed(change: Callable[[Configuration], Configuration], tzdata: str = "a") -> Explanation:
    """At half past six, before it is due at seven."""
    house = intent(cron="0 7 * * *")
    world = World(start=False)
    world.say(at("05:50"), ConfigurationLoaded("d", house, tzdata="a"), "daemon")
    world.say(at("05:50"), DaemonStarted("0", 1, "boot"), "daemon")
    world.until("06:30")
    world.say(at("06:30"), ConfigurationLoaded("d2", change(house), tzdata=tzdata), "daemon")
    return world.until("07:10").why_occurrence("hourly", at("07:00"))


def other_zones() -> Explanation:
    """What older time zones said nobody can tell: so it is written as a clock would say it."""
    world = World(intent(cron="0 7 * * *")).until("06:30")
    due = at("07:00")
    loaded = ConfigurationLoaded("d", tzdata="b")
    position = world._append(at("06:30"), "daemon", None, loaded, 0)
    told = OccurrencesSuperseded("hourly", due, due, 1, "tzdata_changed")
    world._append(at("06:30"), "clock", position, told, 1)
    return world.why_occurrence("hourly", due)


def edited(house: Configuration) -> Configuration:
    return with_(house, intents={"hourly": Intent(run="read", cron="0 8 * * *")})


def removed(house: Configuration) -> Configuration:
    return with_(house, intents={})


def disabled(house: Configuration) -> Configuration:
    return with_(house, intents={"hourly": Intent(run="read", cron="0 7 * * *", enabled=False)})


def moved(house: Configuration) -> Configuration:
    return with_(house, day=Day(timezone="Europe/Berlin"))


# Nights on which the clocks change, in Berlin


def night(cron: str, due_at: datetime, **policies: Any) -> Explanation:
    begin = due_at.replace(hour=0, minute=0) - HOUR
    day = Day(timezone="Europe/Berlin")
    world = World(start=False)
    house = with_(intent(cron=cron, **policies), day=day)
    world.say(begin, ConfigurationLoaded("d", house), "daemon")
    world.say(begin, DaemonStarted("0", 1, "boot"), "daemon")
    world.run_until(due_at + HOUR)
    return world.why_occurrence("hourly", due_at)


GAP = datetime(2026, 3, 29, 1, tzinfo=UTC)  # two becomes three
SECOND_PASS = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # half past two, for the second time


# What was never due


def never(moment: datetime = SEVEN, **changed: Any) -> Explanation:
    return World(intent(**changed)).until("12:10").why_occurrence("hourly", moment)


def often_enough() -> Explanation:
    return never(at("09:00"), max_runs=2)


def to_come() -> Explanation:
    world = World(intent()).until("06:40")
    return world.why_occurrence("hourly", at("07:00"), now=at("06:45"))


def nobody_there() -> Explanation:
    world = World(intent()).until("06:40")
    return world.why_occurrence("hourly", at("07:00"), now=at("09:00"))


def leapt_over() -> Explanation:
    """The clock is put forward by three days."""
    world, ahead = World(intent()).until("06:40"), at("06:41") + 3 * DAY
    world.say(ahead, ClockStepped(3 * DAY // MILLISECOND, at("06:41")), "timer")
    world.run_until(ahead + HOUR)
    return world.why_occurrence("hourly", at("08:00", 1))


def no_plan() -> Explanation:
    world = World(start=False)
    world.say(at("05:50"), ConfigurationLoaded("d", templates(study=study())), "daemon")
    return world.why_template("study")


def no_phase() -> Explanation:
    world = World(with_(HOUSE, phases=(replace(HOUSE.phases[0], days=("mon",)),)))
    return world.why_phase("morning")


# What was asked about intents


def asks(fact: AnyObservation, house: Configuration | None = None) -> Explanation:
    world = World(house or intent())
    world.hears(fact, "06:10")
    return world.why_request("k")


def listening(**changed: Any) -> Configuration:
    return intent(cron=None, on=On(signal="bell"), **changed)


OFFICE = (Hours(start=time(13), end=time(17)),)
READ = Intent(run="read", every_seconds=600)
MISSES: dict[str, Callable[[World], None]] = {
    "daemon_down": down,
    "host_slept": asleep,
    "clock_stepped": stepped,
    "late": late,
}
QUESTIONS: dict[tuple[str, str], Callable[[], Explanation]] = {
    **{("miss", it): partial(lost, lose, misfire="skip") for it, lose in MISSES.items()},
    **{("coalesced", it): partial(lost, lose) for it, lose in MISSES.items()},
    ("miss", "in_the_past"): configured_too_late,
    ("policy", "skip"): partial(lost, down, misfire="skip"),
    ("policy", "window"): too_old,
    ("policy", "limit"): partial(lost, down, misfire="run_all", misfire_limit=1),
    ("policy", "self_restart"): partial(lost, asleep, self_restart=True),
    ("skip", "buffer_full"): finds_no_place,
    ("skip", "paused"): paused,
    ("skip", "dst_gap"): partial(night, "30 2 * * *", GAP, dst_gap="skip"),
    ("skip", "dst_overlap"): partial(night, "30 2 * * *", SECOND_PASS),
    ("expire", "start_deadline"): waits_too_long,
    ("supersede", "newer_occurrence"): gives_way,
    ("supersede", "edited"): partial(changed, edited),
    ("supersede", "removed"): partial(changed, removed),
    ("supersede", "disabled"): partial(changed, disabled),
    ("supersede", "zone_changed"): partial(changed, moved),
    ("supersede", "tzdata_changed"): other_zones,
    ("silence", "intent_disabled"): partial(never, enabled=False),
    ("silence", "not_due"): partial(never, at("07:30")),
    ("silence", "waits_for_event"): partial(never, cron=None, on=On(signal="bell")),
    ("silence", "outside_phases"): partial(never, phases=("evening",)),
    ("silence", "outside_windows"): partial(never, windows=OFFICE),
    ("silence", "excluded"): partial(never, exclude=(Dates(first=FRIDAY),)),
    ("silence", "not_begun"): partial(never, starts_at=at("10:00")),
    ("silence", "over"): partial(never, ends_at=at("06:30")),
    ("silence", "max_runs"): often_enough,
    ("silence", "not_yet"): to_come,
    ("silence", "daemon_down"): nobody_there,
    ("silence", "clock_stepped"): leapt_over,
    ("silence", "no_plan"): no_plan,
    ("silence", "no_phase"): no_phase,
    ("refusal", "unknown_intent"): lambda: asks(IntentSwitchRequested("hourli", False, "k")),
    ("refusal", "invalid_intent"): lambda: asks(
        IntentAddRequested("new", replace(READ, jitter_seconds=600), "k")
    ),
    ("refusal", "name_taken"): lambda: asks(IntentAddRequested("hourly", READ, "k")),
    ("refusal", "not_made_by_hand"): lambda: asks(IntentRemoveRequested("hourly", "k")),
    ("refusal", "nobody_listens"): lambda: asks(SignalReceived("bel", "k"), listening()),
    ("refusal", "intent_disabled"): lambda: asks(
        SignalReceived("bell", "k"), listening(enabled=False)
    ),
}
