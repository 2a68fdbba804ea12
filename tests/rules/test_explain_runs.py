"""Why something waits for who is to carry it out, and what became of unknown runs."""

from events.policies import Provider
from events.requests import SettleRequested
from events.runs import RunClosed, RunStarting
from tests.rules.explain_runs_story import agents, in_turn, lost, turned_away
from tests.rules.explain_story import World, at, ending

NINE = at("09:00")


def turned_back() -> World:
    return World(agents(), in_turn((turned_away(NINE), ending(1)))).until("06:00")


def test_who_turned_it_away_is_named_and_until_when() -> None:
    world = turned_back()
    work = world.asks("ask", "k", "06:05")
    told = world.until("06:30").why(work)
    assert told.verdict == "waits"
    assert [it.reason for it in told.reasons] == [
        "quota_exhausted",
        "quota_exhausted",
        "not_before",
    ]
    assert told.says == (
        f"{work} (ask) waits to go on: it was turned away, for its quota is used up, "
        "until 2026-11-20 09:00:00Z."
    )


def test_what_never_began_for_nobody_was_there_says_who_rests_and_why() -> None:
    world = turned_back()
    world.asks("ask", "first", "06:05")
    work = world.asks("ask", "second", "06:10")
    told = world.until("06:30").why(work)
    assert told.reasons[0].reason == "quota_exhausted"
    assert "claude rests until 2026-11-20 09:00:00 UTC (quota exhausted)" in told.says
    assert "executor-rested" not in [line.kind for line in told.chain], "that was of another work"


def test_what_waits_for_a_place_says_for_whose() -> None:
    world = World(agents(claude=Provider(concurrency=1)), ending(60)).until("06:00")
    world.asks("ask", "first", "06:05")
    work = world.asks("ask", "second", "06:06")
    told = world.until("06:10").why(work)
    assert (told.verdict, told.says) == (
        "waits",
        f"{work} (ask) waits for a place: as many runs of claude are open as may be.",
    )


def test_once_settled_an_unknown_run_is_what_somebody_says() -> None:
    world, work = lost()
    world.until("06:10")
    run = getattr(world.first(RunStarting, action="read").fact, "run", "")
    assert world.why(work).verdict == "unknown"
    world.hears(SettleRequested(run, "succeeded", "s", note="I looked"))
    for subject in (work, run):
        told = world.why(subject)
        assert f"nobody saw how {run} ended; it succeeded, says a person" in told.says
        assert told.chain[-1].kind in ("run-settled", "cost-corrected")
    assert world.why(run).verdict == "succeeded"


def test_of_a_chain_each_one_that_was_asked_is_named() -> None:
    world = World(agents(), in_turn((turned_away(NINE), ending(1)))).until("06:00")
    work = world.asks("ask", "k", "06:05")
    world.until("09:10")
    told = world.why(work)
    assert told.verdict == "completed"
    closed = [it.fact for it in world.log if isinstance(it.fact, RunClosed)]
    assert [it.outcome for it in closed] == ["quota_exhausted", "succeeded"]
    assert [line.kind for line in told.chain].count("run-closed") == 2
