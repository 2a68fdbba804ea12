"""What every sweeper promises, and what the real one promises of the disk besides."""

import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace

from actors.cleanup.door import Sweeper
from actors.cleanup.files import FOLDERS, FileSweeper
from actors.cleanup.simulated import SimulatedSweeper, Things
from events.cleanup import Area, SweepEnded, SweepStarting, Swept

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, YOUNG = NOON - 3 * DAY, NOON - timedelta(hours=1)


class Yard(Protocol):
    """A data folder, real or invented."""

    def sweeper(self, now: datetime) -> Sweeper: ...
    def folder(self, area: Area, name: str, size: int) -> None: ...
    def file(self, area: Area, name: str, size: int, modified_at: datetime) -> None: ...
    def stick(self, name: str) -> None: ...
    def names(self, area: Area) -> list[str]: ...


class RealYard:
    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in FOLDERS.values():
            (root / folder).mkdir()

    def sweeper(self, now: datetime) -> Sweeper:
        return FileSweeper(self.root, lambda: now)

    def folder(self, area: Area, name: str, size: int) -> None:
        inner = self.root / FOLDERS[area] / name / "some" / "where"
        inner.mkdir(parents=True)
        (inner / "output").write_bytes(b"x" * (size - 1))
        (inner.parent.parent / "result").write_bytes(b"x")

    def file(self, area: Area, name: str, size: int, modified_at: datetime) -> None:
        path = self.root / FOLDERS[area] / name
        path.write_bytes(b"x" * size)
        os.utime(path, (modified_at.timestamp(), modified_at.timestamp()))

    def stick(self, name: str) -> None:
        (self.root / "runs" / name).write_bytes(b"a file where a folder should be")

    def names(self, area: Area) -> list[str]:
        return sorted(os.listdir(self.root / FOLDERS[area]))  # noqa: PTH208 - names, not paths


class InventedYard:
    def __init__(self) -> None:
        self.things = Things()

    def sweeper(self, now: datetime) -> Sweeper:
        return SimulatedSweeper(self.things, lambda: now)

    def folder(self, area: Area, name: str, size: int) -> None:
        self.things.folders[area, name] = size

    def file(self, area: Area, name: str, size: int, modified_at: datetime) -> None:
        self.things.files[area, name] = size, modified_at

    def stick(self, name: str) -> None:
        self.things.folders["runs", name] = 1
        self.things.stuck["runs", name] = "Not a directory"

    def names(self, area: Area) -> list[str]:
        everything = [*self.things.folders, *self.things.files]
        return sorted(name for place, name in everything if place == area)


@pytest.fixture(params=["real", "invented"])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    return RealYard(tmp_path) if request.param == "real" else InventedYard()


@pytest.fixture
def real(tmp_path: Path) -> RealYard:
    (tmp_path / "data").mkdir()
    return RealYard(tmp_path / "data")


def starting(
    *runs: str, works: tuple[str, ...] = (), keep: int = 0, items: int = 100
) -> SweepStarting:
    return SweepStarting("s1-1", "r9-1", runs, NOON - DAY, NOON - DAY, keep, items, NOON, works)


def swept(yard: Yard, sweep: SweepStarting, now: datetime = NOON) -> SweepEnded:
    return bare(yard.sweeper(now).sweep(sweep))


def bare(done: SweepEnded) -> SweepEnded:
    """Without what differs from one machine, and from one time, to another."""
    return replace(done, failing=(), clean=(), free_bytes=None, took_ms=0)


# Every sweeper


def test_it_takes_what_is_named_and_shows_what_it_took(yard: Yard) -> None:
    for name in ("r1-1", "r2-1", "r3-1"):
        yard.folder("runs", name, 100)
    yard.folder("works", "w1-1", 30)
    yard.folder("works", "w2-1", 30)
    yard.file("temp", "scratch", 7, OLD)
    yard.file("archives", "backup", 9, OLD)
    assert swept(yard, starting("r1-1", "r2-1", works=("w1-1",))) == SweepEnded(
        sweep="s1-1",
        items=5,
        bytes=246,
        swept=(
            Swept("runs", "r1-1", 100),
            Swept("runs", "r2-1", 100),
            Swept("works", "w1-1", 30),
            Swept("temp", "scratch", 7),
            Swept("archives", "backup", 9),
        ),
        swept_runs=("r1-1", "r2-1"),
        swept_works=("w1-1",),
    )
    assert (yard.names("runs"), yard.names("works")) == (["r3-1"], ["w2-1"])
    assert (yard.names("temp"), yard.names("archives")) == ([], [])


def test_done_again_it_finds_everything_gone(yard: Yard) -> None:
    yard.folder("runs", "r1-1", 100)
    yard.folder("runs", "r2-1", 100)
    swept(yard, starting("r1-1"))
    again = swept(yard, starting("r1-1"))
    assert again == SweepEnded("s1-1", 0, 0, missing=1, swept_runs=("r1-1",))
    assert yard.names("runs") == ["r2-1"]


def test_young_files_stay(yard: Yard) -> None:
    yard.file("temp", "old", 1, OLD)
    yard.file("temp", "young", 1, YOUNG)
    yard.file("archives", "young", 1, YOUNG)
    swept(yard, starting())
    assert (yard.names("temp"), yard.names("archives")) == (["young"], ["young"])


def test_the_newest_archives_stay_however_old(yard: Yard) -> None:
    for days in (5, 6, 7, 8):
        yard.file("archives", f"b{days}", 1, NOON - days * DAY)
    swept(yard, starting(keep=2))
    assert yard.names("archives") == ["b5", "b6"]


def test_fewer_archives_than_are_kept_all_stay(yard: Yard) -> None:
    yard.file("archives", "old", 1, OLD)
    yard.file("archives", "older", 1, OLD - DAY)
    swept(yard, starting(keep=3))
    assert yard.names("archives") == ["old", "older"]


def test_young_archives_count_among_the_newest(yard: Yard) -> None:
    yard.file("archives", "young", 1, YOUNG)
    yard.file("archives", "old", 1, OLD)
    yard.file("archives", "older", 1, OLD - DAY)
    swept(yard, starting(keep=2))
    assert yard.names("archives") == ["old", "young"]


def test_what_will_not_go_is_named_and_passed_by(yard: Yard) -> None:
    yard.stick("r1-1")
    yard.folder("runs", "r2-1", 5)
    done = swept(yard, starting("r1-1", "r2-1"))
    assert done.failed == ("runs/r1-1: Not a directory",)
    assert (done.swept_runs, yard.names("runs")) == (("r2-1",), ["r1-1"])


def test_it_stops_at_its_limit_and_counts_what_is_left(yard: Yard) -> None:
    for number in range(1, 6):
        yard.folder("runs", f"r{number}-1", 2)
    yard.file("temp", "old", 1, OLD)
    done = swept(yard, starting(*(f"r{number}-1" for number in range(1, 6)), items=3))
    assert (done.items, done.left, done.swept_runs) == (3, 3, ("r1-1", "r2-1", "r3-1"))
    assert (yard.names("runs"), yard.names("temp")) == (["r4-1", "r5-1"], ["old"])


def test_too_late_it_touches_nothing(yard: Yard) -> None:
    yard.folder("runs", "r1-1", 2)
    done = swept(yard, starting("r1-1"), now=NOON + timedelta(microseconds=1))
    assert done == SweepEnded("s1-1", 0, 0, failed=("too late",))
    assert yard.names("runs") == ["r1-1"]


def test_a_hundred_are_named_and_all_are_counted(yard: Yard) -> None:
    for number in range(130):
        yard.file("temp", f"f{number:03}", 1, OLD)
    done = swept(yard, starting(items=1000))
    assert (done.items, done.bytes, len(done.swept)) == (130, 130, 100)


HOSTILE = [
    "../outside",
    "..",
    ".",
    "",
    "/etc",
    "r1-1/..",
    "r1-1/../../outside",
    "r1-1\n",
    "w1-1",
    "r1",
    "r-1",
    "r١-1",
    "r1-1\0",
    "R1-1",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused(yard: Yard, name: str) -> None:
    yard.folder("runs", "r1-1", 2)
    yard.folder("works", "w1-1", 2)
    done = swept(yard, starting(name))
    assert done.failed == (f"runs/{name!r}: not a name of ours",)
    assert (done.items, done.missing) == (0, 0)
    assert (yard.names("runs"), yard.names("works")) == (["r1-1"], ["w1-1"])


def test_the_name_of_a_run_is_none_of_a_work(yard: Yard) -> None:
    yard.folder("works", "w1-1", 2)
    assert swept(yard, starting(works=("r1-1",))).failed == ("works/'r1-1': not a name of ours",)


def test_only_twenty_failures_are_named(yard: Yard) -> None:
    done = swept(yard, starting(*["../x" * 100] * 50))
    assert len(done.failed) == 20
    assert max(map(len, done.failed)) <= 200


# The real one


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("mine")
    return folder


def precious(outside: Path) -> str:
    return (outside / "precious").read_text()


def test_a_link_in_a_run_folder_goes_and_what_it_points_to_stays(
    real: RealYard, outside: Path
) -> None:
    real.folder("runs", "r1-1", 10)
    (real.root / "runs/r1-1/link").symlink_to(outside)
    (real.root / "runs/r1-1/some/link").symlink_to(outside / "precious")
    done = swept(real, starting("r1-1"))
    assert (done.items, done.bytes, real.names("runs")) == (1, 10, [])
    assert precious(outside) == "mine"


def test_a_link_in_the_place_of_a_run_folder_is_refused(real: RealYard, outside: Path) -> None:
    (real.root / "runs/r1-1").symlink_to(outside)
    done = swept(real, starting("r1-1"))
    assert done.items == 0
    assert len(done.failed) == 1
    assert precious(outside) == "mine"


def test_a_link_in_the_place_of_an_area_is_refused(real: RealYard, outside: Path) -> None:
    (outside / "r1-1").mkdir()
    for area in FOLDERS.values():
        (real.root / area).rmdir()
        (real.root / area).symlink_to(outside)
    os.utime(outside / "precious", (0, 0))
    done = swept(real, starting("r1-1"))
    assert (done.items, len(done.failed)) == (0, 3)
    assert precious(outside) == "mine"
    assert (outside / "r1-1").is_dir()


def test_links_and_folders_among_temp_files_stay(real: RealYard, outside: Path) -> None:
    os.utime(outside / "precious", (0, 0))
    (real.root / "temp/link").symlink_to(outside / "precious")
    (real.root / "temp/folder").mkdir()
    os.utime(real.root / "temp/folder", (0, 0))
    assert swept(real, starting()) == SweepEnded("s1-1", 0, 0)
    assert real.names("temp") == ["folder", "link"]


def test_the_rest_of_the_data_folder_and_the_areas_themselves_stay(real: RealYard) -> None:
    (real.root / "log.sqlite").write_text("the log")
    os.utime(real.root / "log.sqlite", (0, 0))
    swept(real, starting("r1-1", works=("w1-1",)))
    assert sorted(path.name for path in real.root.iterdir()) == [
        "archives",
        "log.sqlite",
        "runs",
        "temp",
        "work",
    ]


def test_areas_that_are_not_there_are_nothing_to_do(tmp_path: Path) -> None:
    done = bare(FileSweeper(tmp_path, lambda: NOON).sweep(starting("r1-1")))
    assert done == SweepEnded("s1-1", 0, 0, missing=1, swept_runs=("r1-1",))


def test_a_data_folder_that_is_not_there_forgets_nothing(tmp_path: Path) -> None:
    done = FileSweeper(tmp_path / "unmounted", lambda: NOON).sweep(starting("r1-1"))
    assert (done.swept_runs, done.missing) == ((), 0)
    assert done.failed[0] == "runs/r1-1: the data folder is not there"


@pytest.fixture
def few_open_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_open_files")
def test_a_folder_deeper_than_a_process_may_open_goes(real: RealYard) -> None:
    here = real.root / "runs/r1-1"
    for _ in range(150):
        here /= "lifted-1"  # The name that a sweep would choose itself.
    here.mkdir(parents=True)
    (here / "file").write_bytes(b"12345")
    done = swept(real, starting("r1-1"))
    assert (done.bytes, done.failed, real.names("runs")) == (5, (), [])


def test_folders_without_write_permission_go(real: RealYard) -> None:
    real.folder("runs", "r1-1", 5)
    for path in ("some/where", "some", ""):
        (real.root / "runs/r1-1" / path).chmod(0o500)
    done = swept(real, starting("r1-1"))
    assert (done.swept_runs, done.failed) == (("r1-1",), ())


def test_pipes_and_sockets_of_a_run_go_without_being_opened(real: RealYard) -> None:
    real.folder("runs", "r1-1", 5)
    os.mkfifo(real.root / "runs/r1-1/output.pipe")
    assert swept(real, starting("r1-1")).swept_runs == ("r1-1",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("whose", ["runs/r1-1", "runs/r1-1/some", "temp/theirs"])
def test_what_belongs_to_somebody_else_stays(real: RealYard, whose: str) -> None:
    real.folder("runs", "r1-1", 5)
    real.file("temp", "theirs", 5, OLD)
    os.chown(real.root / whose, 12345, 12345)
    swept(real, starting("r1-1"))
    assert (real.root / whose).exists()


def test_an_exchange_under_its_hands_leads_nowhere(real: RealYard, outside: Path) -> None:
    """Somebody swaps a folder for a link as fast as possible while sweeps go on."""
    door, done = real.sweeper(NOON), threading.Event()
    place, aside = real.root / "runs/r1-1/some", real.root / "aside"

    def swap() -> None:
        while not done.is_set():
            for step in (
                lambda: place.rename(aside),
                lambda: place.symlink_to(outside),
                place.unlink,
                lambda: aside.rename(place),
            ):
                tolerate(step)

    def tolerate(step: Callable[[], object]) -> None:
        with suppress(OSError):  # The other one was there first.
            step()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(100):
            tolerate(lambda: place.mkdir(parents=True))
            tolerate(lambda: (place / "file").touch())
            gone = door.sweep(starting("r1-1")).swept_runs
            assert gone == () or not place.parent.exists()
    finally:
        done.set()
        thread.join()
    assert precious(outside) == "mine"
