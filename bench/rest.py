"""What it costs to have it: memory, idle processor time, space, the wait for its first job."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import psutil

from actors.clock.timer import now
from bench.process import SECONDS, count, daemon, head
from bench.report import Figure, at_most
from events.runs import RunStarted
from events.sqlite import SqliteStore
from events.store import read

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("actors", "events", "projections", "horarium")
QUIET_SECONDS = 5
AT_ONCE = """
[[phases]]
name = "all"
start = "00:00"
end = "24:00"
[actions.first]
command = ["true"]
[templates.first]
actions = ["first"]
"""
IDLE_SERVER = """
import sys, uvicorn
from starlette.applications import Starlette
uvicorn.run(Starlette(), uds=sys.argv[1], log_level="critical")
"""


def idle(folder: Path, quick: bool) -> Iterator[Figure]:
    """The daemon with the repository's own settings, once its first work is done."""
    seconds = 10 if quick else 60
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text((ROOT / "config.toml").read_text())
    with _server(folder / "bare.sock") as bare, daemon(config, folder / "data") as alive:
        _wait_for_rest(alive.log)
        both = psutil.Process(alive.pid), psutil.Process(bare)
        before = [_processor_seconds(process) for process in both]
        sleep(seconds)
        used = [_processor_seconds(process) - b for process, b in zip(both, before, strict=True)]
        memory = [process.memory_info().rss / 1e6 for process in both]
    limit = "uvicorn with an empty Starlette, beside it"
    yield Figure("resident memory, idle", memory[0], "MB", memory[1], limit, at_most(60))
    ours, theirs = (100 * each / seconds for each in used)
    name = f"processor, idle for {seconds} s"
    yield Figure(name, ours, "% of a core", theirs, limit, at_most(0.3))


@contextmanager
def _server(socket: Path) -> Iterator[int]:
    process = subprocess.Popen((sys.executable, "-c", IDLE_SERVER, socket))
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for_rest(log: Path) -> None:
    """Until what was started has ended and nothing new was recorded for a while."""
    until, since, seen = perf_counter() + SECONDS, perf_counter(), 0
    while perf_counter() - since < QUIET_SECONDS:
        if perf_counter() > until:
            raise TimeoutError("it does not come to rest")
        sleep(0.2)
        position = head(log)
        if position != seen or count(log, "run-starting") != count(log, "run-closed"):
            since, seen = perf_counter(), position


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def size(folder: Path, quick: bool) -> Iterator[Figure]:
    """All files of what the runtime lock names, and our own, but for bytecode."""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text(), re.M)
    installed = sum(map(_installed_bytes, names))
    own = sum(
        path.stat().st_size
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    limit = "what it depends on"
    total = (installed + own) / 1e6
    yield Figure("installed, without bytecode", total, "MB", installed / 1e6, limit, at_most(45))


def _installed_bytes(name: str) -> int:
    try:
        files = distribution(name).files or ()
    except PackageNotFoundError:  # Locked for another platform.
        return 0
    return sum(
        int(Path(str(file.locate())).stat().st_size) for file in files if file.suffix != ".pyc"
    )


def first_job(folder: Path, quick: bool) -> Iterator[Figure]:
    """From the command, in an empty folder, to a process that the day's plan wants at once."""
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(AT_ONCE)
    times = 3 if quick else 9
    took, bare = [], []
    for number in range(times):
        took.append(_first_job(config, folder / f"data-{number}"))
        began = perf_counter()
        subprocess.run((sys.executable, "-c", "pass"), check=True)
        bare.append(perf_counter() - began)
    limit = f"python -c pass, median of {times}"
    name = "command to the first job started"
    yield Figure(name, median(took), "s", median(bare), limit, at_most(0.5))


def _first_job(config: Path, data: Path) -> float:
    began = now()
    with daemon(config, data) as alive:
        until = perf_counter() + SECONDS
        while not count(alive.log, "run-closed"):
            if perf_counter() > until:
                raise TimeoutError("nothing ran")
            sleep(0.05)
    with closing(SqliteStore(alive.log)) as store:
        started = next(r.fact for r in read(store) if isinstance(r.fact, RunStarted))
    return (started.started_at - began).total_seconds()
