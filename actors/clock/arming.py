"""When an intent is due next."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from actors.clock.settled import span_of
from actors.clock.state import Armed, Clock
from actors.triggers import jitter_of, next_after
from events.configuration import Configuration, Intent

SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


def is_timed(intent: Intent) -> bool:
    """Whether instants make it due that are known beforehand."""
    if intent.every_seconds is not None:
        return intent.every_from == "scheduled"
    return intent.cron is not None or intent.at is not None


def is_lone(intent: Intent) -> bool:
    """Whether each occurrence is due a while after something, and none before it has come."""
    return intent.now or intent.every_from == "completion"


def anchor(state: Clock, name: str, armed: Armed, at: datetime) -> None:
    """It counts from a moment on: nothing before it becomes due."""
    armed.mark, armed.anchored = max(at, armed.mark), at
    armed.jitter = jitter_of(name, armed.intent, state.house) // SECOND
    armed.step = _step(armed.intent)
    if is_lone(armed.intent):
        wait_from(state, name, armed, at)
    else:
        arm(state, name, armed)


def arm(state: Clock, name: str, armed: Armed) -> None:
    """Find the first occurrence after its mark; one that waits for no time has none."""
    due = next_after(armed.intent, state.house, armed.mark) if can_come(armed) else None
    if due is not None and armed.ran and due <= armed.ran[-1].last:
        while due is not None and (span := span_of(armed.ran, due)) is not None:
            due = next_after(armed.intent, state.house, span.last)
    put(state, name, armed, due)


def wait_from(state: Clock, name: str, armed: Armed, at: datetime) -> None:
    """Its only occurrence, a while after this moment; "now" comes at once, and once."""
    due = None
    if can_come(armed) and not (armed.intent.now and armed.ran):
        every = timedelta(seconds=armed.intent.every_seconds or 0)
        due = allowed_from(armed.intent, state.house, at + every)
    put(state, name, armed, due)


def put(state: Clock, name: str, armed: Armed, due: datetime | None) -> None:
    """It is due then; None: at no time that is known."""
    armed.next = due
    if due is None:
        state.due.drop(name)
    else:
        state.due.put(name, due + timedelta(seconds=armed.jitter) if armed.jitter else due)


def can_come(armed: Armed) -> bool:
    most = armed.intent.max_runs
    return armed.enabled and (most is None or armed.runs < most)


def _step(intent: Intent) -> timedelta | None:
    """How far it always is to the next occurrence, where nothing else has a say in it."""
    if intent.every_seconds is None or intent.max_runs is not None or not is_timed(intent):
        return None
    return None if is_conditional(intent) else timedelta(seconds=intent.every_seconds)


def is_conditional(intent: Intent) -> bool:
    return bool(
        intent.starts_at or intent.ends_at or intent.windows or intent.exclude or intent.phases
    )


def allowed_from(intent: Intent, house: Configuration, at: datetime) -> datetime | None:
    """The first moment, this one included, at which the conditions of an intent hold."""
    if not is_conditional(intent):
        return at
    secondly = replace(
        intent, cron=None, at=None, now=False, on=None, after=None,
        every_seconds=1, every_from="scheduled",
    )  # fmt: skip
    second = at.replace(microsecond=0)
    found = next_after(secondly, house, second - INSTANT)
    return at if found == second else found


def is_allowed(intent: Intent, house: Configuration, at: datetime) -> bool:
    return allowed_from(intent, house, at) == at
