"""What waits for the machine to be idle: it is asked for, and let go once it was seen to be."""

from collections.abc import Iterator
from datetime import timedelta

from actors.phase_queue.release import IDLE, ME, Turn, place
from actors.phase_queue.state import Queue
from events.catalogue import AnyDecision
from events.intents import IdleAsked
from events.time import AlarmCleared, AlarmSet, IdleSeen


def upon_answer(queue: Queue, seen: IdleSeen, turn: Turn) -> Iterator[AnyDecision]:
    """It counts for all that wait for it now: each of them asked before."""
    if seen.idle:
        for _, _, name in sorted(queue.unidle.values()):
            if name in queue.unidle:
                yield from place(queue, queue.works[name], turn, idle=True)
        if queue.asks_again and not queue.unidle:
            yield AlarmCleared(IDLE, ME)
    elif queue.unidle and not queue.asks_again:
        retry = timedelta(seconds=queue.house.clock.idle_retry_seconds)
        yield AlarmSet(IDLE, ME, turn.at + retry)


def ask_again(queue: Queue) -> Iterator[IdleAsked]:
    """One asks for all."""
    if queue.unidle:
        yield IdleAsked(min(queue.unidle.values())[2])
