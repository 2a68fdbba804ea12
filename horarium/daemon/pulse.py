"""Whether the working loops work: each is asked for a word, and answers when its turn comes.

Nobody answers for another: a loop that is stuck in its rules or its door stays silent. Those that
only wait for it, as they share its thread, are not blamed.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from time import monotonic
from typing import Any

from msgspec import Struct
from pykka import ActorDeadError, ActorRef, Timeout

from actors.actor import Ping
from events.bus import Append
from events.dispatcher import is_held_up
from events.store import StoreFull

BEAT_SECONDS = 2.0


class Beat(Struct, frozen=True):
    """How long it took until all had answered, and who had not in two seconds."""

    answered_in_ms: int
    silent: tuple[str, ...] = ()


def beat(
    bus: ActorRef[Any],
    actors: Mapping[str, ActorRef[Any]],
    limit_seconds: float | None = None,
) -> Beat:
    """Ask all at once, then wait for each. Raises a StoreError when the log is at its end."""
    began = monotonic()
    until = began + (BEAT_SECONDS if limit_seconds is None else limit_seconds)
    committed = _ask_bus(bus)
    waiting = {name: _ask(ref) for name, ref in actors.items()}
    silent = {} if _answers(committed, until - monotonic()) else {"bus": bus}
    for name, answer in waiting.items():
        if not _answers(answer, until - monotonic()):
            silent[name] = actors[name]
    blamed = [name for name, ref in silent.items() if not is_held_up(ref)] or list(silent)
    return Beat(round((monotonic() - began) * 1000), tuple(blamed))


def _ask_bus(bus: ActorRef[Any]) -> "Future[list[int]] | None":
    """Nothing is written: it goes the way that everything goes, to the disk and back."""
    done: Future[list[int]] = Future()
    try:
        bus.tell(Append("edge", (), done=done))
    except ActorDeadError:
        return None
    return done


def _ask(actor: ActorRef[Any]) -> Any:
    try:
        return actor.ask(Ping(), block=False)
    except ActorDeadError:
        return None


def _answers(answer: Any, seconds: float) -> bool:
    """Whether it comes in time; that it cannot write just now is an answer too."""
    if answer is None:
        return False
    try:
        if isinstance(answer, Future):
            answer.result(max(0.0, seconds))
        else:
            answer.get(timeout=max(0.0, seconds))
    except StoreFull:
        return True
    except (FutureTimeout, Timeout, ActorDeadError):
        return False
    return True
