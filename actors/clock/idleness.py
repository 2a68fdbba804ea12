"""How the machine is asked whether it is idle: one question at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from actors.clock.state import Clock
from events.time import IdleProbing

SLACK = timedelta(seconds=30)  # Beyond the time that the probe itself may take.


def ask(state: Clock, at: datetime) -> Iterator[IdleProbing]:
    """Unless an answer is coming, which is for everyone who asked before it."""
    if state.probing is None or at > state.probing:
        yield _question(state, at)


def ask_again(state: Clock, at: datetime) -> Iterator[IdleProbing]:
    """A question of an earlier life gets no answer any more."""
    if state.probing is not None:
        yield _question(state, at)


def learn(state: Clock, probing: IdleProbing) -> None:
    state.probing = probing.not_after


def learn_answer(state: Clock) -> None:
    state.probing = None


def _question(state: Clock, at: datetime) -> IdleProbing:
    seconds = state.house.clock.idle_timeout_seconds
    return IdleProbing(at + timedelta(seconds=seconds) + SLACK)
