"""The real side of the idle probe: a program that knows, or a look at load and terminals.

Whatever goes wrong says busy: work that waits for an idle machine can wait a little longer.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from actors.clock.timer import now
from events.policies import Clock
from events.time import IdleSeen

DETAIL_CHARACTERS = 300
TERMINALS = ("pts/[0-9]*", "tty[0-9]*", "ttys[0-9]*")
DEVICES = Path("/dev")

Tell = Callable[[int, IdleSeen], None]


def load_of_each_core() -> float:
    """The load of the last minute."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def seconds_since_input() -> float | None:
    """How long ago somebody typed at a terminal, as it is noted there; None without terminals."""
    terminals = (path for pattern in TERMINALS for path in DEVICES.glob(pattern))
    newest = max(_inputs(terminals), default=None)
    return None if newest is None else now().timestamp() - newest


def _inputs(terminals: Iterable[Path]) -> Iterable[float]:
    for terminal in terminals:
        with suppress(FileNotFoundError):  # It was closed just now.
            yield terminal.stat().st_atime


class IdleLook:
    """Answers each question in a thread of its own, one after the other.

    `settings` are those in force; `environment` is what the program sees.
    """

    def __init__(
        self,
        settings: Callable[[], Clock],
        environment: Callable[[], Mapping[str, str]],
        tell: Tell,
        load: Callable[[], float] = load_of_each_core,
        quiet: Callable[[], float | None] = seconds_since_input,
    ) -> None:
        self._settings, self._environment, self._tell = settings, environment, tell
        self._load, self._quiet = load, quiet
        self._thread = ThreadPoolExecutor(1, "idle")
        self._changing = Lock()
        self._program: subprocess.Popen[bytes] | None = None
        self._closed = False

    def look(self, position: int) -> None:
        """See `IdleProbe.look`."""
        with suppress(RuntimeError):  # It is closed; the next life asks again.
            self._thread.submit(self._answer, position)

    def close(self) -> None:
        """No more answers after this returns; a program that still runs is killed."""
        with self._changing:
            self._closed = True
            _kill(self._program)
        self._thread.shutdown(cancel_futures=True)

    def _answer(self, position: int) -> None:
        try:
            seen = self._seen(self._settings())
        except Exception as error:
            seen = busy(f"the probe failed: {error!r}")
        if not self._closed:
            self._tell(position, seen)

    def _seen(self, settings: Clock) -> IdleSeen:
        if settings.idle_command:
            return self._ask(settings.idle_command, settings.idle_timeout_seconds)
        return self._look_around(settings)

    def _look_around(self, settings: Clock) -> IdleSeen:
        load, quiet = self._load(), self._quiet()
        if not load * 1000 <= settings.idle_load_millis:
            return busy(f"a load of {load:.2f} for each core")
        if quiet is not None and not quiet >= settings.idle_quiet_seconds:
            return busy(f"somebody typed {max(0.0, quiet):.0f} s ago")
        return IdleSeen(True, f"a load of {load:.2f} for each core")

    def _ask(self, command: Sequence[str], seconds: int) -> IdleSeen:
        with self._changing:
            if self._closed:
                return busy("the daemon stops")
            try:
                self._program = self._start(command)
            except (OSError, ValueError) as error:
                return busy(f"cannot run {command[0]}: {error}")
        try:
            code = self._program.wait(seconds)
        except subprocess.TimeoutExpired:
            return busy(f"{command[0]} gave no answer within {seconds} s")
        finally:
            self._end()
        said = f"{command[0]} ended with {code}"
        return IdleSeen(True, said[:DETAIL_CHARACTERS]) if code == 0 else busy(said)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )

    def _end(self) -> None:
        with self._changing:
            program, self._program = self._program, None
            _kill(program)
        if program is not None:
            program.wait()


class ClosedIdle:
    """Of a daemon with closed doors: it looks at nothing and says so."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def look(self, position: int) -> None:
        """See `IdleProbe.look`."""
        self._tell(position, busy("the doors are closed"))

    def close(self) -> None:
        """There is nothing to close."""


def busy(detail: str) -> IdleSeen:
    """Not idle, and why."""
    return IdleSeen(False, detail[:DETAIL_CHARACTERS])


def _kill(program: subprocess.Popen[bytes] | None) -> None:
    """End it with its group. While nobody has taken its status, its number is nobody else's."""
    if program is not None and program.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, signal.SIGKILL)
