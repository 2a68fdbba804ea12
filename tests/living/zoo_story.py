"""Scripts that behave badly, each in its own way.

Of a shell script `$0` is a tag and `$1` a number of seconds beyond its time, of a Python script
they are `sys.argv[1]` and `[2]`: by them its processes are known, however they live. None lives
for much longer than twice those seconds, also when nobody ends it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep
from typing import NamedTuple

from events.configuration import Action
from events.runs import Trouble

TIMEOUT_SECONDS, GRACE_SECONDS = 2, 1


class Animal(NamedTuple):
    """`python` says which of the two the script is; the end is what must be told of it."""

    name: str
    script: str
    trouble: Trouble | None = "timed_out"
    exit_code: int | None = None
    python: bool = False

    def argv(self, tag: str, seconds: str) -> tuple[str, ...]:
        program = (sys.executable, "-S", "-c") if self.python else ("/bin/sh", "-c")
        return (*program, self.script, tag, seconds)

    def action(self, tag: str, seconds: str) -> Action:
        return Action(
            command=self.argv(tag, seconds),
            timeout_seconds=TIMEOUT_SECONDS,
            grace_seconds=GRACE_SECONDS,
        )


def well(name: str, script: str, exit_code: int = 0, python: bool = False) -> Animal:
    """One that ends by itself."""
    return Animal(name, script, None, exit_code, python)


SLEEP = (
    "import os, sys, time\n"
    "seconds = float(sys.argv[2])\n"
    "end = time.monotonic() + seconds\n"
    "sleep = lambda: time.sleep(seconds)\n"
)

ZOO = (
    # Deaf
    Animal("ignores TERM", "trap '' TERM; sleep $1; exit 9", exit_code=-9),
    Animal(
        "ignores all it can",
        "trap '' HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD; sleep $1; exit 9",
        exit_code=-9,
    ),
    Animal(
        "blocks all it can",
        SLEEP + "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\nsleep()",
        exit_code=-9,
        python=True,
    ),
    Animal("takes long to die", "trap 'sleep $1' TERM; sleep $1; exit 9", exit_code=-9),
    Animal("dies in its own way", "trap 'exit 3' TERM; sleep $1; exit 9", exit_code=3),
    Animal("stops itself", "(sleep $1; kill -KILL $$) & kill -STOP $$", exit_code=-9),
    Animal(
        "stops its child",
        "sleep $1 & kill -STOP $!; sleep $1; kill -KILL $!; exit 9",
        exit_code=-15,
    ),
    Animal("computes for ever", "ulimit -t ${1%.*}; while :; do :; done", exit_code=-15),
    Animal("hangs", "exec sleep $1", exit_code=-15),
    # Escapes
    well("leaves a child", "sleep $1 & exit 0"),
    well("leaves a session", "setsid sleep $1 & exit 5", 5),
    well("leaves a deaf session", "setsid sh -c \"trap '' TERM; sleep $1\" $0 & sleep 0.2"),
    well("forks twice", "(setsid sleep $1 &); exit 0"),
    well("clears its environment and forks twice", "(env -i setsid /bin/sleep $1 &); exit 0"),
    Animal(
        "leaves its parent and hangs", "(env -i setsid /bin/sleep $1 &); sleep $1", exit_code=-15
    ),
    Animal("clears its environment", "exec env -i /bin/sleep $1", exit_code=-15),
    well("nohup", "nohup sleep $1 >/dev/null 2>&1 & exit 0"),
    well(
        "is a session within a session within a session",
        "setsid sh -c 'setsid sh -c \"setsid sleep $1 & sleep $1\" $0 $1 & sleep $1' $0 $1 & "
        "sleep 0.3",
    ),
    well(
        "becomes a daemon by the book",
        SLEEP + "if os.fork():\n    sys.exit(0)\nos.setsid()\nif os.fork():\n    os._exit(0)\n"
        "os.chdir('/')\nos.umask(0)\nos.closerange(0, 100)\nos.environ.clear()\n"
        "os.execve('/bin/sleep', ['sleep', sys.argv[2]], {})",
        python=True,
    ),
    Animal(
        "is of another group",
        SLEEP + "if not os.fork():\n    os.setpgid(0, 0)\nsleep()",
        exit_code=-15,
        python=True,
    ),
    Animal(
        "begins anew when asked to end",
        SLEEP + "import signal\ndef again(*_):\n    if os.fork():\n        os._exit(9)\n"
        "    os.setsid()\nsignal.signal(signal.SIGTERM, again)\n"
        "while time.monotonic() < end:\n    time.sleep(0.1)",
        exit_code=9,
        python=True,
    ),
    # Multiplies
    Animal(
        "forks again and again",
        SLEEP + "if os.fork():\n    sleep()\n"
        "while time.monotonic() < end:\n    if os.fork():\n        os._exit(0)\n"
        "    time.sleep(0.002)",
        exit_code=-15,
        python=True,
    ),
    well(
        "leaves behind what forks again and again in sessions of its own",
        SLEEP + "if os.fork():\n    sys.exit(0)\nos.environ.clear()\n"
        "while time.monotonic() < end:\n"
        "    if os.fork():\n        os._exit(0)\n    os.setsid()\n    time.sleep(0.002)",
        python=True,
    ),
    Animal(
        "is many", SLEEP + "for _ in range(5):\n    os.fork()\nsleep()", exit_code=-15, python=True
    ),
    Animal(
        "has many threads",
        SLEEP + "from threading import Thread\n"
        "for _ in range(40):\n    Thread(target=sleep).start()",
        exit_code=-15,
        python=True,
    ),
    Animal(
        "makes zombies",
        SLEEP + "for _ in range(100):\n    if not os.fork():\n        os._exit(0)\nsleep()",
        exit_code=-15,
        python=True,
    ),
    well(
        "leaves behind what forks without a pause",
        SLEEP + "if os.fork():\n    sys.exit(0)\nos.environ.clear()\n"
        "while time.monotonic() < end:\n    if os.fork():\n        os._exit(0)",
        python=True,
    ),
    well(
        "leaves behind what has lost its first thread",
        SLEEP + "import ctypes, threading\nif os.fork():\n    sys.exit(0)\nos.setsid()\n"
        "threading.Thread(target=lambda: (sleep(), os._exit(0))).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)",
        python=True,
    ),
    well(
        "makes zombies and dies",
        SLEEP + "for _ in range(100):\n    if not os.fork():\n        os.fork()\n"
        "        os._exit(0)",
        python=True,
    ),
    # Talks
    Animal(
        "floods",
        SLEEP + "import signal\nsignal.setitimer(signal.ITIMER_REAL, seconds)\n"
        "os.execvp('yes', ['yes', sys.argv[1]])",
        exit_code=-15,
        python=True,
    ),
    Animal("begins a line and never ends it", "printf x; exec sleep $1", exit_code=-15),
    well("raw bytes", "head -c 300000 /dev/urandom"),
    Animal("closes its output and lives", "exec >&- 2>&-; exec sleep $1", exit_code=-15),
    Animal(
        "says its result and sleeps", """echo '{"cost_usd": 0.1}'; exec sleep $1""", exit_code=-15
    ),
    well("holds its output open", "(setsid sh -c 'sleep $0; echo $1' $1 $0 &); exit 0"),
    well("waits for input", "cat; read it; exit 4", 4),
    # Breaks things
    well("kills its own group", "kill -KILL 0; sleep $1", -9),
    well("falls over", "kill -SEGV $$", -11),
    well("removes its folder", "rm -rf $TMPDIR; exit 6", 6),
    well("removes its place", "rm -rf $PWD; exit 6", 6),
    well(
        "writes its own end",
        'printf \'{"kind":"run-ended","run":"%s","started":true,"exit_code":0,"ended_at":'
        '"2026-01-01T00:00:00Z"}\' $HORARIUM_RUN > $TMPDIR/outcome; exit 7',
        7,
    ),
    well("stands in the way of its end", "mkdir $TMPDIR/outcome $TMPDIR/outcome.new; exit 8", 8),
    Animal("dies before it begins", "", "spawn_failed"),
    Animal("is not there", "", "program_missing"),
)


def argv_of(pid: int) -> list[bytes]:
    return _words(f"/proc/{pid}") or [
        word for thread in _threads(pid) if thread != pid for word in _words(f"/proc/{thread}")
    ]


def _words(place: str) -> list[bytes]:
    with suppress(OSError):
        return [word for word in Path(f"{place}/cmdline").read_bytes().split(b"\0") if word]
    return []


def _threads(pid: int) -> list[int]:
    """One that has lost its first thread has its arguments only with the others."""
    with suppress(OSError):
        return [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    return []


def processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def survivors(*names: str) -> list[str]:
    """Which of these tags and seconds somebody bears still, whom no animal hides."""
    marks = {name.encode(): name for name in names}
    return [marks[word] for pid in processes() for word in argv_of(pid) if word in marks]


def end_survivors(*names: str, seconds: float) -> None:
    """Kill them, as soon as each is seen, until there is none; some beget others meanwhile."""
    marks, until = {name.encode() for name in names}, monotonic() + seconds
    while survivors(*names) and monotonic() < until:
        for pid in processes():
            if not marks.isdisjoint(argv_of(pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, SIGKILL)
        sleep(0.001)
