"""What a daemon and its keeper say arrives as it was said, however it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from actors.executor.keeper import words
from actors.executor.keeper.words import Bye, Frames, Order, Stop, Stranger, Unbegun, frame, hello

ORDERS: list[Order] = [
    hello(),
    Stop("r1-1", "cancelled on request", "cancelled"),
    Stop("r2-1", "", "daemon_stopped", at_once=True),
    Bye(),
]


@given(some.lists(some.sampled_from(ORDERS), max_size=6), some.lists(some.integers(1, 40)))
def test_messages_arrive_whole_and_in_order_however_they_are_cut(
    said: list[Order], cuts: list[int]
) -> None:
    stream, heard = b"".join(map(frame, said)), words.orders()
    arrived: list[Order] = []
    for cut in cuts:
        arrived += heard.take(stream[:cut])
        stream = stream[cut:]
    arrived += heard.take(stream)
    assert arrived == said


def refused(heard: Frames[Order], stream: bytes) -> None:
    with pytest.raises(Stranger):
        list(heard.take(stream))


@pytest.mark.parametrize(
    "stream",
    [
        b"\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\xc0",
        frame(Unbegun("r1-1")),
        b"\x00\x00\x00\x02\x81\xc1",
    ],
)
def test_what_is_no_message_is_said_by_a_stranger(stream: bytes) -> None:
    refused(words.orders(), stream)


def test_who_speaks_another_protocol_is_a_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    said = frame(hello())
    monkeypatch.setattr(words, "PROTOCOL", words.PROTOCOL + 1)
    refused(words.orders(), said)
