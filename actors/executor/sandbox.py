"""Walls around a run, built by bubblewrap: it sees the machine and can change its own folders.

The root is read-only; `/tmp`, `/run` and the data folder are empty, but for the run's own folder,
that of its work, and its working directory, to which it may write. Sockets beneath those are out of
reach: neither a service of the user's nor our own keeper can be asked to act outside. Its processes
have numbers of their own, and no network unless it may use one.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

PLACES = ("/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin")
EMPTY = ("/tmp", "/run")
SEEN = ("/run/systemd/resolve", "/run/current-system", "/run/NetworkManager")  # of what is empty
EMPTIED, READ, WRITTEN = "--tmpfs", "--ro-bind-try", "--bind-try"
ALONE = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")

Wall = Callable[[str, Sequence[str]], tuple[str, Sequence[str]]]
"""What is started in the place of a program and its arguments."""


def bare(program: str, argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """No wall: the program itself."""
    return program, argv


class Inside(NamedTuple):
    """What a run may write to, and what it may read of that which else is empty."""

    data: Path
    place: Path
    writable: tuple[Path, ...]
    readable: tuple[Path, ...] = ()
    network: bool = False


def builder() -> str:
    """The program that builds walls; "" where it is not installed."""
    found = (f"{place}/bwrap" for place in PLACES)
    return next((file for file in found if os.access(file, os.X_OK)), "")


def around(inside: Inside) -> Wall:
    """The wall as it is put around a program; `builder` must be there."""

    def wall(program: str, argv: Sequence[str]) -> tuple[str, Sequence[str]]:
        bwrap = builder()
        return bwrap, (bwrap, *_options(inside), "--", program, *argv[1:])

    return wall


def trial(network: bool) -> tuple[str, ...]:
    """A command that ends with 0 when such walls can be built here; `builder` must be there."""
    return builder(), *_base(network), "--", builder(), "--version"


def _base(network: bool) -> Sequence[str]:
    alone = ALONE if network else (*ALONE, "--unshare-net")
    return *alone, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"


def _options(inside: Inside) -> Sequence[str]:
    options = [*_base(inside.network)]
    for name in EMPTY:
        options += ["--tmpfs", name]
    for name in SEEN:
        options += ["--ro-bind-try", name, name]
    for path, option in _nested(inside):
        options += [option, path] if option == EMPTIED else [option, path, path]
    return [*options, "--chdir", str(inside.place)]


def _nested(inside: Inside) -> list[tuple[str, str]]:
    """The data folder, empty, and what else it sees: what lies within another comes after it."""
    rows = [
        (inside.data, EMPTIED),
        *((path, READ) for path in inside.readable),
        *((path, WRITTEN) for path in inside.writable),
    ]
    return [(str(path), option) for path, option in sorted(rows, key=_depth)]


def _depth(row: tuple[Path, str]) -> tuple[int, int]:
    return len(row[0].parts), (EMPTIED, READ, WRITTEN).index(row[1])
