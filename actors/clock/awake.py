"""Keeping the machine from falling asleep, by a program that does so as long as it lives.

That program runs `cat`, which reads from a pipe of ours: when we let go of the pipe, or are no
more, `cat` ends and the program with it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import inf
from threading import Lock, Thread
from time import monotonic
from typing import IO

REASON = "work is running"
WAYS: Mapping[str, Sequence[str]] = {
    "systemd-inhibit": (
        "--what=sleep:idle",
        "--mode=block",
        "--who=horarium",
        f"--why={REASON}",
    ),
    "caffeinate": ("-i",),
}
SAID_CHARACTERS = 300
END_SECONDS = 2.0
AGAIN_SECONDS = 600.0


def command(ways: Mapping[str, Sequence[str]] = WAYS, search: str | None = None) -> Sequence[str]:
    """The first of these programs that is there, with its arguments; () when none is."""
    for program, arguments in ways.items():
        if found := shutil.which(program, path=search):
            return found, *arguments, shutil.which("cat", path=search) or "cat"
    return ()


class Inhibitor:
    """Holds at most one such program. What does not work is said once, by `say`, and tried again
    after ten minutes at the earliest: `monotonic` is in seconds."""

    def __init__(
        self,
        argv: Sequence[str],
        say: Callable[[str], None],
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._argv, self._say, self._monotonic = argv, say, monotonic
        self._again_at = -inf
        self._changing = Lock()
        self._held: subprocess.Popen[bytes] | None = None
        self._told = False

    def hold(self) -> None:
        """Keep the machine awake from now on, if that can be done."""
        with self._changing:
            if self._held is not None or self._monotonic() < self._again_at:
                return
            if not self._argv:
                self._fail(f"there is none of the programs {', '.join(WAYS)}")
                return
            try:
                self._held = _start(self._argv)
            except OSError as error:
                self._fail(str(error))
                return
        Thread(target=self._watch, args=(self._held,), name="awake", daemon=True).start()

    def let_go(self) -> None:
        """It may sleep again."""
        with self._changing:
            held, self._held = self._held, None
        if held is not None:
            _end(held)

    def _watch(self, program: subprocess.Popen[bytes]) -> None:
        """Wait for its end, which nobody wants as long as it is held."""
        code = program.wait()
        _close(program.stdin)  # Its `cat` may live on.
        said = _words(program)
        with self._changing:
            if self._held is program:
                self._held = None
                self._fail(f"{self._argv[0]} ended with {code}: {said}")

    def _fail(self, why: str) -> None:
        self._again_at = self._monotonic() + AGAIN_SECONDS
        if not self._told:
            self._told = True
            self._say(f"the machine cannot be kept awake: {why}")


def _start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        start_new_session=True,  # Ctrl-C is for us.
    )


def _words(program: subprocess.Popen[bytes]) -> str:
    """What it said, on one line."""
    assert program.stderr is not None
    said = program.stderr.read(SAID_CHARACTERS)
    _close(program.stderr)
    return " ".join(said.decode(errors="replace").split())


def _end(program: subprocess.Popen[bytes]) -> None:
    """Let it end by itself, or else end it."""
    _close(program.stdin)
    try:
        program.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def _close(pipe: IO[bytes] | None) -> None:
    with suppress(OSError):
        if pipe is not None:
            pipe.close()
