"""Why nothing at all is recorded of an occurrence: it was never due, or not yet, or nobody was
there to say so."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from actors.recall import Indigestible
from actors.replay.explaining import Explanation, Teller, Unknown
from actors.replay.forking import fork
from actors.replay.goals import Goal
from actors.replay.reasons import SilenceReason, blocking
from actors.replay.trying import Scene, scene
from actors.triggers import jitter_of, last_at_or_before, next_after, sentence
from events.configuration import Configuration, Intent
from events.record import Record
from events.time import TimePassed

INSTANT = timedelta(microseconds=1)
# Each condition alone, and what is said where it does not hold.
ALONE: tuple[tuple[str, SilenceReason], ...] = (
    ("starts_at", "not_begun"),
    ("ends_at", "over"),
    ("exclude", "excluded"),
    ("windows", "outside_windows"),
    ("phases", "outside_phases"),
)
FREE = Intent(run="", phases=(), windows=(), exclude=())


class Asked(NamedTuple):
    """An intent as it was then, and the stretch of time that somebody means."""

    name: str
    intent: Intent
    house: Configuration
    first: datetime
    last: datetime
    at: int  # the last position before that time


def silent(teller: Teller, name: str, first: datetime, last: datetime, subject: str) -> Explanation:
    """Nothing is recorded of an occurrence: settings and the times of the log say why."""
    past = teller.past
    at = past.before(last + INSTANT)
    house = past.configuration(max(at, 1)) or past.configuration(past.head)
    newest = past.record(past.head)
    if house is None or newest is None:
        raise Unknown("nothing has been recorded yet")
    intent, enabled = _known(teller, name, at, house)
    if intent is None:
        raise Unknown(f"no intent is called {name}")
    asked = Asked(name, intent, house, first, last, at)
    reason, more = _silence(teller, asked, newest, enabled)
    why = (blocking("silence", reason, 0, more),)
    says = f"{subject} did not come about: {why[0].means}"
    if reason == "not_yet":
        says = f"{subject} is still to come: {why[0].means}"
    again = _again(teller, asked, reason)
    return teller.told(subject, "occurrence", [], "silent", says, why, again)


def _known(teller: Teller, name: str, at: int, house: Configuration) -> tuple[Intent | None, bool]:
    """The intent of that name, also one made by hand, and whether it was enabled then."""
    intent = house.intents.get(name)
    try:
        clock = fork(teller.past, max(at, 1)).clock
    except Indigestible:  # What an actor choked on hides what it knew.
        return intent, intent is not None and intent.enabled
    armed = clock.intents.get(name) or clock.gone.get(name)
    if armed is None:
        return intent, intent is not None and intent.enabled
    return armed.intent, armed.enabled


def _silence(
    teller: Teller, asked: Asked, newest: Record, enabled: bool
) -> tuple[SilenceReason, str]:
    intent, house = asked.intent, asked.house
    if not enabled:
        return "intent_disabled", ""
    if _is_untimed(intent):
        says = sentence(intent, house).rstrip(".")
        return "waits_for_event", f"{says[:1].lower()}{says[1:]}"
    due = _due(asked)
    if due is None:
        return "not_due", ", ".join(_near(teller, asked))
    told_at = due + jitter_of(asked.name, intent, house)
    later = f", told {told_at - due} later" if told_at > due else ""
    if (held := _condition(asked, due)) is not None:
        return held, ""
    if teller.now is not None and told_at > teller.now:
        return "not_yet", f"{teller.clock(due)}{later}"
    if told_at > newest.at:
        return "daemon_down", ""
    return _passed_by(teller, asked, due)


def _passed_by(teller: Teller, asked: Asked, due: datetime) -> tuple[SilenceReason, str]:
    """Why nobody told of it, although the daemon was there later on."""
    clock = fork(teller.past, max(asked.at, 1)).clock
    later = fork(teller.past, teller.past.head).clock
    if any(each.before <= due < each.after for each in (*clock.unlived, *later.unlived)):
        return "clock_stepped", ""
    armed, most = clock.intents.get(asked.name), asked.intent.max_runs
    if armed is not None and most is not None and armed.runs >= most:
        return "max_runs", f"{armed.runs} times"
    return "not_due", "it was configured, or enabled, only later"


def _is_untimed(intent: Intent) -> bool:
    """Whether it is made due by something else than a time."""
    event = intent.on is not None or intent.after is not None or intent.now
    return event or intent.every_from == "completion"


def _due(asked: Asked) -> datetime | None:
    """When it would have been due without its conditions."""
    free = _freed(asked.intent)
    due = last_at_or_before(free, asked.house, asked.last)
    return due if due is not None and due >= asked.first else None


def _freed(intent: Intent, but: str = "") -> Intent:
    """The intent without any of its conditions, or with one of them."""
    return replace(intent, **{name: getattr(FREE, name) for name, _ in ALONE if name != but})


def _condition(asked: Asked, due: datetime) -> SilenceReason | None:
    """The first condition that does not hold at that time."""
    for name, reason in ALONE:
        alone = _freed(asked.intent, name)
        if last_at_or_before(alone, asked.house, due) != due:
            return reason
    return None


def _near(teller: Teller, asked: Asked) -> Iterator[str]:
    before = last_at_or_before(asked.intent, asked.house, asked.first)
    following = next_after(asked.intent, asked.house, asked.last)
    if before:
        yield f"before that {teller.clock(before)}"
    if following:
        yield f"after that {teller.clock(following)}"


def _again(teller: Teller, asked: Asked, reason: SilenceReason) -> Callable[[], Scene] | None:
    """Where it is decided again: the time comes, with what was recorded before it."""
    due = None if reason == "waits_for_event" else _due(asked)
    if reason in ("not_due", "not_yet", "daemon_down", "clock_stepped"):
        return None
    if due is None and reason != "waits_for_event":
        return None
    at = teller.past.before(due) if due is not None else asked.at
    goal = Goal("occurrence", name=asked.name, moment=due, subject=reason)
    set_off = Record(at + 1, due or asked.first, "timer", None, TimePassed())
    return partial(scene, teller.past, set_off, goal, patient=True)
