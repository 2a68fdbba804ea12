"""Occurrences that wait, give way, come by an event or are late by design, in plain words."""

from datetime import timedelta

from actors.triggers import jitter_of
from events.configuration import Intent, On
from events.intents import IntentAddRequested, SignalReceived
from events.requests import CancelRequested, PauseRequested
from events.runs import RunStarting
from events.time import ClockStepped, HostSlept, IdleSeen, TimePassed
from tests.rules.explain_story import HOUSE, World, action, at, ending, intent, with_

MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)


def kinds(told: object) -> list[str]:
    return [line.kind for line in told.chain]  # type: ignore[attr-defined]


def test_what_a_signal_made_due_is_told_from_the_signal_on() -> None:
    world = World(intent(cron=None, on=On(signal="bell")))
    world.hears(SignalReceived("bell", "k"), "07:15")
    told = world.why_occurrence("hourly", at("07:15"))
    assert kinds(told)[:3] == ["signal-received", "occurrence-due", "work-planned"]
    assert world.why_request("k").chain[0].says == "The signal bell was sent."


def test_a_chain_is_told_from_what_set_off_the_first() -> None:
    both = {
        "first": Intent(run="read", cron="0 7 * * *"),
        "then": Intent(run="tidy", after="first"),
    }
    world = World(with_(HOUSE, intents=both)).until("07:30")
    told = world.why_occurrence("then", at("07:01"))
    assert told.verdict == "completed"
    assert kinds(told)[:4] == ["run-ended", "work-finished", "occurrence-ended", "occurrence-due"]


def test_what_waits_for_other_work_says_so_and_what_would_let_it_run() -> None:
    house = intent(run="read", cron="0 * * * *", overlap="buffer_one")
    world = World(house, ending(minutes=90)).until("08:10")
    told = world.why_occurrence("hourly", at("08:00"))
    assert (told.verdict, told.reasons[0].reason) == ("buffered", "still_running")
    assert told.ways[0].changes[0].value == '"allow_all"'


def test_what_a_newer_one_took_the_place_of_names_the_policy_and_what_held_it() -> None:
    house = intent(run="read", cron="0 * * * *", overlap="cancel_other", phase="evening")
    world = World(house).until("07:10")
    told = world.why_occurrence("hourly", at("06:00"))
    assert told.verdict == "cancelled"
    assert [it.reason for it in told.reasons] == ["cancel_other", "phase_not_open"]
    assert "held because its phase is not open; a newer occurrence of hourly" in told.says


def test_work_cancelled_while_it_was_held_names_what_held_it() -> None:
    world = World()
    world.hears(PauseRequested("all", "p", note="tea"))
    work = world.asks("read")
    world.hears(CancelRequested(work, "c", "not wanted"))
    told = world.why(work)
    assert [(it.within, it.reason) for it in told.reasons] == [
        ("end", "cancelled"),
        ("hold", "paused"),
    ]
    assert "held because it is paused" in told.says
    assert told.ways[0].changes[0].command == "horarium resume"


def test_a_phase_gives_the_first_reason_of_each_of_its_works() -> None:
    world = World().until("06:10")
    world.asks("tidy", "t", phase="morning")
    world.until("06:20").hears(PauseRequested("category", "p", "study"))
    world.asks("read", "r", phase="morning")
    told = world.why_phase("morning")
    assert told.says.endswith("2 pieces of work were planned for it: 1 completed, 1 waits.")
    assert [it.reason for it in told.reasons] == ["paused"]
    assert told.reasons[0].means.endswith("(read) has not run: it is paused")


def test_jitter_is_said_while_it_is_waited_for() -> None:
    house = intent(jitter_seconds=1_200)
    late = jitter_of("hourly", house.intents["hourly"], house)
    assert late > timedelta(minutes=1)
    world = World(house).until("06:40")
    told = world.why_occurrence("hourly", at("07:00"), now=at("07:00") + late / 2)
    assert told.reasons[0].reason == "not_yet"
    assert told.says.endswith(f"told {late} later.")


def test_what_is_idle_or_not_is_asked_and_the_answer_lets_it_run() -> None:
    world = World(action("read", only_if_idle=True))
    work = world.asks("read")
    told = world.why(work)
    assert told.reasons[0].reason == "not_idle"
    assert told.ways[0].changes[0].says == "the machine had been idle"
    world.hears(IdleSeen(False, "typing"))
    world.hears(IdleSeen(True), "06:30")
    assert world.first(RunStarting, work=work).at == at("06:30")


def test_an_intent_made_by_hand_is_known_by_its_own_times() -> None:
    world = World()
    made = Intent(run="read", cron="0 9 * * *")
    world.hears(IntentAddRequested("mine", made, "k"), "06:10")
    told = world.until("06:40").why_occurrence("mine", at("09:00"), now=at("06:40"))
    assert told.reasons[0].reason == "not_yet"
    assert world.until("09:10").why_occurrence("mine", at("09:00")).verdict == "completed"


def test_verdicts_that_were_withdrawn_count_no_more() -> None:
    """The daemon is away while its clock is far ahead; then the clock is put right."""
    world = World(intent(misfire="skip")).until("06:40")
    ahead = at("06:41") + 3 * DAY
    world.say(ahead, TimePassed(), "timer")
    assert world.why_occurrence("hourly", at("08:00", 1)).verdict == "missed"
    back = at("06:42")
    world.say(back, ClockStepped((back - ahead) // MILLISECOND, ahead), "timer")
    told = world.why_occurrence("hourly", at("08:00", 1), now=back)
    assert told.reasons[0].reason == "not_yet"


def test_sleep_is_told_with_its_length() -> None:
    world = World(intent(misfire="skip")).until("06:40")
    since = at("06:41")
    world.say(at("09:30"), HostSlept(10_140_000, since), "timer")
    told = world.why_occurrence("hourly", at("08:00"))
    assert told.chain[0].says.startswith("The machine had slept for 2:49:00, since ")
