"""What a daemon and its keeper say to each other, over a stream of bytes.

Each message is its length, four bytes in network order, and that many bytes of msgpack. Both sides
begin with Hello. A daemon says what it wants, the keeper what it sees; neither waits for answers.
"""

import os
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from msgspec import MsgspecError, Struct, msgpack

from actors.executor.brief import RunBrief
from actors.executor.wish import Wished
from events.runs import ProbeEnded, RunAdopted, RunEnded, RunStarted

PROTOCOL = 3  # Another number is another language: such a keeper finishes, and is not spoken to.
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
LENGTH_BYTES = 4

T = TypeVar("T")


class Hello(Struct, frozen=True, tag="hello"):
    """Who speaks. These two fields are understood in every protocol."""

    protocol: int
    pid: int


class Start(Struct, frozen=True, tag="start", gc=False):
    """See `Door.start`. `environment` is the part of the daemon's own that the brief allows."""

    brief: RunBrief
    answers: int
    environment: dict[bytes, bytes]
    umask: int


class Recover(Struct, frozen=True, tag="recover", gc=False):
    """See `Door.recover`."""

    brief: RunBrief
    answers: int
    environment: dict[bytes, bytes]
    umask: int
    started: RunStarted | None
    same_boot: bool
    paused: bool


class Stop(Struct, frozen=True, tag="stop"):
    """See `Door.stop`."""

    run: str
    reason: str
    trouble: Wished
    at_once: bool = False


class Probe(Struct, frozen=True, tag="probe", gc=False):
    """See `Door.probe`."""

    probe: str
    brief: RunBrief
    answers: int
    environment: dict[bytes, bytes]
    umask: int


class Bye(Struct, frozen=True, tag="bye"):
    """The daemon stops in order: without runs there is nothing to wait for."""


class Told(Struct, frozen=True, tag="told", gc=False):
    """What is to be told, and the position that it answers."""

    answers: int
    fact: RunStarted | RunAdopted | RunEnded | ProbeEnded


class Unbegun(Struct, frozen=True, tag="unbegun"):
    """It was to stop before it had begun, with the daemon: it is left to the next life."""

    run: str


Order = Hello | Start | Recover | Stop | Probe | Bye
Report = Hello | Told | Unbegun


def hello() -> Hello:
    """Ours."""
    return Hello(PROTOCOL, os.getpid())


_encode = msgpack.Encoder().encode


def frame(message: Order | Report) -> bytes:
    """A message as it is sent. UnicodeEncodeError for text that is none."""
    body = _encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class Stranger(Exception):
    """Whoever speaks there does not speak our language."""


class Frames(Generic[T]):
    """Puts together what arrived in pieces. Raises Stranger for what is no message of ours."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        self._decode, self._bytes = decode, bytearray()

    def take(self, piece: bytes) -> Iterator[T]:
        """The messages that are whole now."""
        self._bytes += piece
        while len(self._bytes) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._bytes[:LENGTH_BYTES], "big")
            if end > MESSAGE_BYTES_MAX:
                raise Stranger(f"a message of {end} bytes")
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[LENGTH_BYTES:end])
            del self._bytes[:end]
            yield self._read(body)

    def _read(self, body: bytes) -> T:
        try:
            message = self._decode(body)
        except MsgspecError as error:
            raise Stranger(str(error)) from error
        if isinstance(message, Hello) and message.protocol != PROTOCOL:
            raise Stranger(f"protocol {message.protocol}")
        return message


def orders() -> Frames[Order]:
    """Reads what a daemon says."""
    return Frames(msgpack.Decoder(Order).decode)


def reports() -> Frames[Report]:
    """Reads what a keeper says."""
    return Frames(msgpack.Decoder(Report).decode)
