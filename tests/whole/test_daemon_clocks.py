"""A daemon whose machine sleeps and whose clock is set: what its log says of it.

The wall clock is moved by clocks that stand in for those of the timer, and in one slow test by
libfaketime where that is installed (the package `faketime`): it bends timed waits too, so that a
daemon under it may take its time to stop.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from events.record import Record
from events.time import ClockStepped, HostSlept, TimePassed
from tests.whole.daemon_story import house, living, wait_for, whole_log

pytestmark = pytest.mark.living

LIBRARIES = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))
HOUR = 3_600
NEAR = timedelta(seconds=60)
BUSY = '[actions.look]\nexecutor = "noop"\n[intents.often]\nrun = "look"\ncron = "* * * * * *"\n'

# How far the wall and the clock that goes on in sleep are ahead stands in a file.
STAND_IN = """
from datetime import timedelta
from pathlib import Path
from actors.clock import timer

def ahead(place):
    return timedelta(seconds=float(Path({moved!r}).read_text().split()[place]))

real_wall, real_start = timer.now, timer._since_start
timer.now = lambda: real_wall() + ahead(0)
timer._since_start = lambda: real_start() + ahead(1)

from horarium.cli import main
main()
"""

# That library cannot wait until a moment of the monotonic clock, as `sleep` does.
WITH_LIBRARY = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], max(0.0, seconds))

from horarium.cli import main
main()
"""


class Clocks(NamedTuple):
    """How a daemon is started whose clocks can be moved, and the file that moves them."""

    moved: Path
    program: tuple[str, str]
    more: Mapping[str, str]

    def move(self, wall: int, in_sleep: int = 0) -> None:
        """From now on they are so many seconds ahead, written in one piece."""
        other = self.moved.with_suffix(".new")
        other.write_text(f"{wall} {in_sleep}" if not self.more else f"{wall:+d}")
        other.replace(self.moved)


def stand_in(folder: Path) -> Clocks:
    """Clocks of our own in the place of those that the timer reads."""
    moved = folder / "moved"
    clocks = Clocks(moved, ("-c", STAND_IN.format(moved=str(moved))), {})
    clocks.move(0)
    return clocks


def library(folder: Path) -> Clocks:
    """A wall clock that the library moves."""
    if not LIBRARIES:
        pytest.skip("libfaketime is not installed (apt install faketime)")
    moved = folder / "moved"
    more = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(moved),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    clocks = Clocks(moved, ("-c", WITH_LIBRARY), more)
    clocks.move(0)
    return clocks


def first_of_its_time(log: list[Record], fact: object) -> Record:
    """The record of a fact; nothing before it bears so late a time."""
    told = next(record for record in log if record.fact == fact)
    assert all(record.at < told.at for record in log[: told.position - 1])
    return told


@pytest.mark.parametrize("make", [stand_in, pytest.param(library, marks=pytest.mark.slow)])
def test_a_clock_that_is_set_is_told_before_what_came_by_it(
    tmp_path: Path, make: Callable[[Path], Clocks]
) -> None:
    clocks = make(tmp_path)
    with living(house(tmp_path, BUSY), program=clocks.program, more=dict(clocks.more)) as daemon:
        daemon.until(TimePassed)
        clocks.move(2 * HOUR)
        forward = daemon.until(ClockStepped)
        clocks.move(0)
        wait_for(lambda: len(daemon.facts(ClockStepped)) == 2, "the way back")
        back = daemon.facts(ClockStepped)[-1]
        assert daemon.stop() == 0
    assert abs(forward.milliseconds - 2 * HOUR * 1000) < 2_000
    assert abs(back.milliseconds + 2 * HOUR * 1000) < 2_000
    told = first_of_its_time(whole_log(daemon.here), forward)
    assert told.by == "timer"
    assert abs(told.at - forward.before - timedelta(hours=2)) < NEAR


def test_a_machine_that_slept_is_told_before_what_came_meanwhile(tmp_path: Path) -> None:
    clocks = stand_in(tmp_path)
    with living(house(tmp_path, BUSY), program=clocks.program) as daemon:
        daemon.until(TimePassed)
        clocks.move(8 * HOUR, 8 * HOUR)
        slept = daemon.until(HostSlept)
        assert daemon.stop() == 0
    log = whole_log(daemon.here)
    told = first_of_its_time(log, slept)
    assert abs(slept.milliseconds - 8 * HOUR * 1000) < 2_000
    assert abs(told.at - slept.since - timedelta(hours=8)) < NEAR
    assert not any(isinstance(record.fact, ClockStepped) for record in log)
