"""Whether the daemon lives and works, in its own words and in ours."""

from collections.abc import Iterator, Mapping
from typing import Any

from horarium import client
from horarium.commands.showing import moment
from horarium.places import Places
from horarium.tables import Cell, faint
from projections.queries.requests import Life

ANSWER_SECONDS = 4.0  # The daemon itself waits 2 s for its loops.
SILENCE_SECONDS = 2


def live_of(here: Places) -> dict[str, Any]:
    """What the daemon says of itself: that it is alive it says only when all its loops work."""
    try:
        reply = client.get(here, "/v1/status", ANSWER_SECONDS)
    except client.NotRunning:
        return {"state": "not_running", "silent": [], "answered_in_ms": None}
    except client.NotAnswering:
        return _silent("it takes no connection: it starts or stops just now, or it hangs")
    except client.GaveUp:
        return _silent(f"nothing came back in {ANSWER_SECONDS:.0f} s")
    state = "alive" if reply.status == 200 else "hung"
    return {"state": state, "silent": [], "answered_in_ms": None, **reply.body}


def _silent(why: str) -> dict[str, Any]:
    return {"state": "hung", "silent": ["socket"], "answered_in_ms": None, "error": why}


def daemon_words(live: Mapping[str, Any], life: Life | None) -> Iterator[Cell]:
    match live["state"]:
        case "alive":
            since = f"; running since {moment(life.started_at)}" if life else ""
            yield faint(f"{_answered(live)}{since}, pid {live.get('pid')}")
        case "was_running" if life is not None:
            yield faint(f"was running since {moment(life.started_at)}")
        case "was_stopped":
            ended = f" since {moment(life.ended_at)}" if life and life.ended_at else ""
            yield faint(f"was not running{ended}")
        case "hung":
            yield Cell(_hung(live), "red")
        case _:
            ended = f" since {moment(life.ended_at)}" if life and life.ended_at else ""
            yield Cell(f"not running{ended}; start it with `horarium run`", "yellow")
    if live["state"] in ("alive", "hung", "was_running") and life is not None and life.safe_mode:
        yield Cell("in safe mode: nothing is started", "red")
    if live.get("store") == "full":
        yield Cell("the disk is full: nothing is started until there is space", "red")


def _answered(live: Mapping[str, Any]) -> str:
    return f"alive, answered in {live.get('answered_in_ms')} ms"


def _hung(live: Mapping[str, Any]) -> str:
    """Who is silent; whoever answers at all says it of the others."""
    if live.get("error"):
        return f"hung: {live['error']}"
    silent = [name.replace("_", " ") for name in live.get("silent", ())] or ["daemon"]
    *others, last = silent
    names = f"{', the '.join(others)} and the {last}" if others else last
    has = "have" if others else "has"
    return f"hung: the {names} {has} not answered for {SILENCE_SECONDS} s"
