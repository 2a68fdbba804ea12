"""`python -m actors.executor.keeper DATA DESCRIPTOR`: keep the runs of that data folder.

The descriptor is that of the socket on which a daemon comes, listening already.
"""

import os
import socket
import sys
from pathlib import Path

# For Pythons older than ours; without it msgspec is there in half the time.
sys.modules["typing_extensions"] = None  # type: ignore[assignment]

from actors.executor.keeper.keeping import Keeping  # noqa: E402
from actors.executor.keeper.reaper import become_reaper  # noqa: E402
from actors.executor.loop import Loop  # noqa: E402

del sys.modules["typing_extensions"]  # Others may need it, as does what knows prices.


def main(data: str, descriptor: str) -> None:
    """Keep runs until there are none."""
    os.umask(0o077)
    become_reaper()
    loop = Loop("keeper", own_thread=False)
    Keeping(Path(data), socket.socket(fileno=int(descriptor)), loop)
    loop.lead()


if __name__ == "__main__":
    main(*sys.argv[1:])
