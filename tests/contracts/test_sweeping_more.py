"""Sweeps with parts, limits and neighbours; stale sockets and locks; looking without taking."""

import errno
import fcntl
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from msgspec.structs import replace

from actors.cleanup.door import Alone, Ended, IsTime
from actors.cleanup.files import FOLDERS, FileSweeper
from actors.cleanup.simulated import SimulatedSweeper, Things
from events.cleanup import EndedProcess, Seal, SweepEnded, SweepStarting
from events.policies import Foreign
from events.settings import SweepPart

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MIB = 1 << 20


def starting(*parts: SweepPart, runs: tuple[str, ...] = ()) -> SweepStarting:
    return replace(
        SweepStarting("s1-1", "", runs, NOON - DAY, NOON - DAY, 0, 10_000, NOON), parts=parts
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in FOLDERS.values():
        (tmp_path / folder).mkdir()
    return tmp_path


def archive(data: Path, name: str, size: int, days: int) -> None:
    path = data / "archives" / name
    path.write_bytes(b"x" * size)
    at = (NOON - days * DAY).timestamp()
    os.utime(path, (at, at))


def at_noon() -> datetime:
    return NOON


def test_of_archives_that_are_too_large_in_all_the_oldest_go(data: Path) -> None:
    for days in (1, 2, 3, 4):
        archive(data, f"a{days}", 100, days)
    wanted = replace(starting("archives"), archives_keep_count=9, archives_max_bytes=250)
    done = FileSweeper(data, at_noon).sweep(wanted)
    assert [it.name for it in done.swept] == ["a4", "a3"]
    assert sorted(os.listdir(data / "archives")) == ["a1", "a2"]  # noqa: PTH208


def test_the_newest_archive_stays_however_large(data: Path) -> None:
    archive(data, "a1", 100, 9)
    archive(data, "a2", 100, 10)
    wanted = replace(starting("archives"), archives_keep_count=9, archives_max_bytes=1)
    assert [it.name for it in FileSweeper(data, at_noon).sweep(wanted).swept] == ["a2"]


class Broken(Alone):
    """Neighbours that cannot be reached."""

    def end_orphans(self, ended: Sequence[str], is_time: IsTime) -> Ended:
        raise OSError(errno.EIO, "no process table")

    def foreign(self, patterns: dict[str, Foreign]) -> Sequence[EndedProcess]:
        raise PermissionError(errno.EPERM, "not permitted")


def test_a_part_that_fails_goes_on_with_the_next_and_says_so(data: Path) -> None:
    (data / "runs/r1-1").mkdir()
    (data / "temp").rmdir()
    (data / "temp").symlink_to(data / "archives")
    wanted = starting("processes", "foreign", "temp", "runs", "archives", "log", runs=("r1-1",))
    done = FileSweeper(data, at_noon, Broken()).sweep(replace(wanted, seal=Seal(0, 1_000)))
    assert done.failing == ("processes", "foreign", "temp", "log")
    assert (done.clean, done.swept_runs) == (("runs", "archives"), ("r1-1",))
    assert done.failed[:2] == ("processes: no process table", "foreign: not permitted")


def test_looking_takes_nothing_and_says_what_would_go(data: Path) -> None:
    (data / "runs/r1-1/deep").mkdir(parents=True)
    (data / "runs/r1-1/deep/file").write_bytes(b"12345")
    archive(data, "old", 7, 9)
    done = FileSweeper(data, at_noon, looks=True).sweep(
        starting("runs", "archives", runs=("r1-1",))
    )
    assert (done.items, done.bytes) == (2, 12)
    assert (data / "runs/r1-1/deep/file").exists() and (data / "archives/old").exists()


def test_how_a_run_ended_goes_with_its_folder(data: Path) -> None:
    (data / "outcomes").mkdir()
    for run in ("r1-1", "r2-1", "r3-1"):
        (data / "outcomes" / run).write_bytes(b"{}")
    for run in ("r1-1", "r2-1"):
        (data / "runs" / run).mkdir()
    wanted = starting("runs", runs=("r1-1", "r3-1"))
    FileSweeper(data, at_noon, looks=True).sweep(wanted)
    assert len([*(data / "outcomes").iterdir()]) == 3
    done = FileSweeper(data, at_noon).sweep(wanted)
    assert (done.swept_runs, done.missing, done.failed) == (("r1-1", "r3-1"), 1, ())
    assert [path.name for path in (data / "outcomes").iterdir()] == ["r2-1"]


def test_ends_are_never_taken_through_a_link(data: Path) -> None:
    (data / "elsewhere").mkdir()
    (data / "elsewhere/r1-1").write_bytes(b"precious")
    (data / "outcomes").symlink_to("elsewhere")
    (data / "runs/r1-1").mkdir()
    done = FileSweeper(data, at_noon).sweep(starting("runs", runs=("r1-1",)))
    assert done.failing == ("runs",)
    assert (data / "elsewhere/r1-1").read_bytes() == b"precious"


def test_one_that_is_hurried_leaves_everything_for_the_next(data: Path) -> None:
    for nth in range(3):
        (data / f"runs/r{nth}-1").mkdir()
    sweeper = FileSweeper(data, at_noon)
    sweeper.hurry()
    done = sweeper.sweep(starting("runs", "temp", runs=("r0-1", "r1-1", "r2-1")))
    assert (done.items, done.left, done.failing, done.clean) == (0, 3, (), ("temp",))


class Slow(FileSweeper):
    """One whose time is up when it has looked at so many things."""

    def __init__(self, data: Path, now: Callable[[], datetime], file: Path) -> None:
        super().__init__(data, now)
        self._file = file

    def _is_enough(self, free_bytes: int) -> IsTime:
        return lambda: not self._file.exists()


def test_an_emergency_ends_when_there_is_enough(data: Path) -> None:
    for nth in range(3):
        (data / f"runs/r{nth}-1").mkdir()
    runs = ("r0-1", "r1-1", "r2-1")
    done = Slow(data, at_noon, data / "runs/r1-1").sweep(starting("runs", runs=runs))
    assert (done.swept_runs, done.left) == (("r0-1", "r1-1"), 1)
    free = os.statvfs(data)
    enough = replace(
        starting("runs", runs=runs), until_free_bytes=free.f_bfree * free.f_frsize // 9
    )
    assert FileSweeper(data, at_noon).sweep(enough).items == 0


def test_a_huge_folder_is_gone_on_with_by_the_next_sweep(data: Path) -> None:
    (data / "runs/r1-1").mkdir()
    for nth in range(3_000):
        (data / f"runs/r1-1/{nth}").touch()
    wanted = replace(starting("runs", runs=("r1-1",)), within_seconds=1)
    sweeper = FileSweeper(data, at_noon)
    began = monotonic()
    sweeper._until = began  # As if its second were over already.
    with pytest.raises(OSError, match="time is up"):
        sweeper.remove_folder("runs", "r1-1")
    assert sweeper.sweep(replace(wanted, within_seconds=60)).swept_runs == ("r1-1",)


# Sockets and locks


@pytest.fixture
def near(data: Path) -> Iterator[Path]:
    """The data folder, as the working one: names of sockets are short."""
    before = Path.cwd()
    (data / "keeper").mkdir()
    os.chdir(data)
    yield data
    os.chdir(before)


def bound(name: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(name)
    return made


def aged(data: Path) -> None:
    for path in [*data.glob("*"), *data.glob("keeper/*")]:
        os.utime(path, (0, 0), follow_symlinks=False)


def swept(data: Path, *, looks: bool = False) -> SweepEnded:
    wanted = replace(starting("sockets"), sockets_before=NOON - DAY)
    return FileSweeper(data, at_noon, looks=looks).sweep(wanted)


def test_dead_sockets_and_free_locks_go_and_all_others_stay(near: Path) -> None:
    for name in ("dead.sock", "keeper/1.sock"):
        bound(name).close()
    listening, unheard = bound("live.sock"), bound("keeper/2.sock")
    listening.listen(1)
    for name in ("free.lock", "held.lock", "daemon.lock", "plain", "keeper/lines"):
        Path(name).touch()
    Path("link.lock").symlink_to("plain")
    with Path("held.lock").open() as held, listening, unheard:
        fcntl.flock(held, fcntl.LOCK_EX)
        aged(near)
        assert {it.name for it in swept(near, looks=True).swept} == {
            "dead.sock", "keeper/1.sock", "free.lock",
        }  # fmt: skip
        done = swept(near)
        assert (done.items, done.clean) == (3, ("sockets",))
        assert {path.name for path in near.iterdir() if not path.is_dir()} == {
            "live.sock", "held.lock", "daemon.lock", "plain", "link.lock",
        }  # fmt: skip
        assert sorted(path.name for path in (near / "keeper").iterdir()) == ["2.sock", "lines"]
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):  # Whoever listens has noticed nothing.
            listening.accept()


def test_young_ones_stay(near: Path) -> None:
    bound("dead.sock").close()
    assert swept(near).items == 0


# Neighbours, as rules would have them


def process(pid: int, *, run: str = "", pattern: str = "") -> EndedProcess:
    return EndedProcess(pid, 7, "agent", run, pattern, MIB)


def test_what_is_ours_is_ended_and_what_is_not_is_shown_unless_it_is_wanted_really() -> None:
    things = Things(
        orphans=[process(1, run="r1-1"), process(2, run="r2-1")],
        others=[process(3, pattern="agents"), process(4, pattern="old")],
    )
    agents = Foreign(program="agent")
    wanted = replace(
        starting("processes", "foreign"),
        foreign={"agents": agents, "old": replace(agents, really=True)},
    )
    done = SimulatedSweeper(things, at_noon).sweep(wanted, ("r1-1",))
    assert [it.pid for it in done.processes] == [1, 4]
    assert ([it.pid for it in done.shown], done.memory_bytes) == ([3], 2 * MIB)
    assert [it.pid for it in (*things.orphans, *things.others)] == [2, 3]
