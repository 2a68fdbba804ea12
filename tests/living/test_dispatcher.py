"""Several actors on one thread: each in its turn, and none in another's way."""

from queue import SimpleQueue
from threading import Event, Thread, get_ident
from typing import Any

import pytest
from pykka import ActorDeadError, ActorRef, ActorRegistry

from events.dispatcher import MESSAGES_MAX, DispatchedActor, is_held_up

LONG_SECONDS = 30.0


class Teller(DispatchedActor):
    """Puts what it takes where it can be waited for; a function it calls."""

    def __init__(self, taken: "SimpleQueue[Any]", beside: ActorRef[Any] | None = None) -> None:
        super().__init__(beside)
        self._taken = taken

    def on_receive(self, message: Any) -> Any:
        if callable(message):
            return message()
        self._taken.put((message, get_ident()))
        return message


@pytest.fixture
def taken() -> "SimpleQueue[Any]":
    return SimpleQueue()


def test_those_beside_each_other_share_a_thread_and_others_do_not(taken: Any) -> None:
    first = Teller.start(taken)
    beside, alone = Teller.start(taken, first), Teller.start(taken)
    for number, actor in enumerate((first, beside, alone)):
        assert actor.ask(number, timeout=LONG_SECONDS) == number
    one, same, other = (taken.get(timeout=LONG_SECONDS)[1] for _ in range(3))
    assert one == same != other
    ActorRegistry.stop_all()


def test_who_is_told_much_takes_turns_with_who_is_told_little(taken: Any) -> None:
    first = Teller.start(taken)
    beside, busy = Teller.start(taken, first), Event()
    first.tell(lambda: busy.wait(LONG_SECONDS))
    for number in range(3 * MESSAGES_MAX):
        first.tell(number)
    beside.tell("little")
    busy.set()
    order = [taken.get(timeout=LONG_SECONDS)[0] for _ in range(3 * MESSAGES_MAX + 1)]
    assert order.index("little") <= 2 * MESSAGES_MAX
    assert [it for it in order if it != "little"] == [*range(3 * MESSAGES_MAX)]
    ActorRegistry.stop_all()


def test_the_mistake_of_one_ends_that_one_alone(taken: Any) -> None:
    first = Teller.start(taken)
    beside = Teller.start(taken, first)
    first.tell(lambda: 1 / 0)
    assert first.actor_stopped.wait(LONG_SECONDS)
    assert beside.ask("still here", timeout=LONG_SECONDS) == "still here"
    with pytest.raises(ActorDeadError):
        first.tell("too late")
    with pytest.raises(ZeroDivisionError):
        beside.ask(lambda: 1 / 0, timeout=LONG_SECONDS)
    assert beside.ask("whoever asks hears of it", timeout=LONG_SECONDS)
    ActorRegistry.stop_all()


def test_what_stands_behind_the_end_is_answered_as_dead(taken: Any) -> None:
    actor, busy = Teller.start(taken), Event()
    actor.tell(lambda: busy.wait(LONG_SECONDS))
    actor.tell("before")
    ended = actor.stop(block=False)
    late = actor.ask("behind", block=False)
    busy.set()
    ended.get(timeout=LONG_SECONDS)
    assert taken.get(timeout=LONG_SECONDS)[0] == "before"
    with pytest.raises(ActorDeadError):
        late.get(timeout=LONG_SECONDS)


def test_who_waits_for_another_at_its_turn_is_held_up(taken: Any) -> None:
    first = Teller.start(taken)
    beside, entered, leave = Teller.start(taken, first), Event(), Event()

    def stay() -> None:
        entered.set()
        leave.wait(LONG_SECONDS)

    first.tell(stay)
    assert entered.wait(LONG_SECONDS)
    assert is_held_up(beside) and not is_held_up(first)
    leave.set()
    assert beside.ask("free", timeout=LONG_SECONDS) and not is_held_up(first)
    ActorRegistry.stop_all()


def test_nothing_is_lost_when_many_threads_tell_at_once(taken: Any) -> None:

    first = Teller.start(taken)
    actors = [first, *(Teller.start(taken, first) for _ in range(4))]

    def tell(teller: int) -> None:
        for number in range(500):
            actors[number % 5].tell((teller, number))

    tellers = [Thread(target=tell, args=(number,)) for number in range(6)]
    for teller in tellers:
        teller.start()
    came = [taken.get(timeout=LONG_SECONDS)[0] for _ in range(3_000)]
    assert sorted(came) == [(teller, number) for teller in range(6) for number in range(500)]
    ActorRegistry.stop_all()
