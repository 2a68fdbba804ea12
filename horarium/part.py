"""A process that does one part of a work and ends; see `horarium.hands`."""

import os
import sys
from threading import Thread

from msgspec import msgpack

from horarium.deciding import Deciding
from horarium.hands import LENGTH_BYTES
from horarium.recalling import Recalling


def main() -> None:
    stdin = sys.stdin.buffer
    said = stdin.read(int.from_bytes(stdin.read(LENGTH_BYTES), "big"))
    part = msgpack.decode(said, type=Recalling | Deciding)
    Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.buffer.write(part.done())
    sys.stdout.flush()
    os._exit(0)  # All that was made is given back: nothing is worth tidying.


def _end_with_parent() -> None:
    """Nobody says anything more; a pipe that is closed means that nobody waits for us."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
