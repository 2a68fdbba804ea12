"""The clock's doors, with clocks that are told what to show: what is seen, and in which order."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some

from actors.clock.idle import ClosedIdle, IdleLook
from actors.clock.noticing import Reading, amiss
from actors.clock.simulated import SimulatedClocks, SimulatedIdle
from actors.clock.timer import Seen, Timer, read_clocks
from events.policies import Clock
from events.time import ClockStepped, HostSlept, IdleSeen, TimePassed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = 30.0
SHORT = 0.001  # between two looks of a timer that has nothing else to do


def span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


class Told:
    """What a timer told, moment by moment."""

    def __init__(self) -> None:
        self._told: SimpleQueue[tuple[datetime, Sequence[Seen]]] = SimpleQueue()

    def __call__(self, at: datetime, seen: Sequence[Seen]) -> None:
        self._told.put((at, seen))

    def next(self) -> tuple[datetime, list[Seen]]:
        at, seen = self._told.get(timeout=SECONDS)
        return at, list(seen)

    def is_silent(self) -> bool:
        return self._told.empty()


def since(before: SimulatedClocks, happens: Callable[[SimulatedClocks], None]) -> list[Any]:
    first = before.read()
    happens(before)
    return list(amiss(first, before.read()))


@pytest.mark.parametrize(
    ("happens", "seen"),
    [
        pytest.param(lambda clocks: clocks.run(span(30)), [], id="nothing"),
        pytest.param(
            lambda clocks: clocks.sleep(span(3_600)), [HostSlept(3_600_000, NOON)], id="an hour"
        ),
        pytest.param(lambda clocks: clocks.sleep(span(1.9)), [], id="too short a sleep"),
        pytest.param(
            lambda clocks: clocks.step(span(2)), [ClockStepped(2_000, NOON)], id="a step forward"
        ),
        pytest.param(
            lambda clocks: clocks.step(span(-86_400)),
            [ClockStepped(-86_400_000, NOON)],
            id="a step back by a day",
        ),
        pytest.param(lambda clocks: clocks.step(span(1.5)), [], id="a clock kept right"),
        pytest.param(
            lambda clocks: (clocks.run(span(10)), clocks.sleep(span(60)), clocks.step(span(-5))),
            [HostSlept(60_000, NOON), ClockStepped(-5_000, NOON + span(70))],
            id="a sleep, and a clock that is put right after it",
        ),
    ],
)
def test_two_readings_tell_what_happened_to_time(
    happens: Callable[[SimulatedClocks], None], seen: list[Any]
) -> None:
    assert since(SimulatedClocks(NOON), happens) == seen


WAYS = some.sampled_from(["run", "sleep", "step"])
SPANS = some.integers(-86_400_000, 86_400_000)


@for_any(some.lists(some.tuples(WAYS, SPANS), max_size=8), some.booleans())
def test_what_is_told_and_what_ran_make_up_all_that_the_wall_shows(
    course: list[tuple[str, int]], has_boottime: bool
) -> None:
    clocks = SimulatedClocks(NOON, has_boottime)
    first, told = clocks.read(), timedelta()
    for way, milliseconds in course:
        before = clocks.read()
        length = abs(milliseconds) if way != "step" else milliseconds
        getattr(clocks, way)(timedelta(milliseconds=length))
        seen = list(amiss(before, clocks.read()))
        told += sum((timedelta(milliseconds=fact.milliseconds) for fact in seen), timedelta())
        assert bool(seen) == (way != "run" and length not in range(-1_999, 2_000))
    last = clocks.read()
    small = 2 * len(course)  # what is not worth telling
    assert abs(last.wall - first.wall - (last.ran - first.ran) - told) <= span(small)


def test_where_no_clock_goes_on_in_sleep_a_wall_that_ran_ahead_is_sleep() -> None:
    without = SimulatedClocks(NOON, has_boottime=False)
    assert since(without, lambda clocks: clocks.step(span(60))) == [HostSlept(60_000, NOON)]
    now = NOON + span(60)
    assert since(without, lambda clocks: clocks.step(span(-60))) == [ClockStepped(-60_000, now)]


def test_the_clocks_of_this_machine_go_on_together() -> None:
    first, second = read_clocks(), read_clocks()
    assert first.wall.tzinfo is UTC and first <= second
    assert list(amiss(first, second)) == []


@pytest.fixture
def clocks() -> SimulatedClocks:
    return SimulatedClocks(NOON)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_timer_tells_of_sleep_before_the_moment_that_came_in_it(
    clocks: SimulatedClocks, told: Told
) -> None:
    timer = Timer(told, clocks.read, SHORT)
    timer.arm(NOON + span(600))
    clocks.sleep(span(3_600))
    assert told.next() == (NOON + span(3_600), [HostSlept(3_600_000, NOON), TimePassed()])
    timer.close()
    assert told.is_silent(), "a moment comes once"


def test_a_timer_that_waits_for_nothing_still_tells_of_steps(
    clocks: SimulatedClocks, told: Told
) -> None:
    timer = Timer(told, clocks.read, SHORT)
    clocks.step(span(-60))
    assert told.next() == (NOON - span(60), [ClockStepped(-60_000, NOON)])
    clocks.step(span(7_200))
    assert told.next()[1] == [ClockStepped(7_200_000, NOON - span(60))]
    timer.close()


def test_a_clock_put_back_brings_no_moment_early(clocks: SimulatedClocks, told: Told) -> None:
    timer = Timer(told, clocks.read, SHORT)
    timer.arm(NOON + span(1))
    clocks.step(span(-3_600))
    assert told.next()[1] == [ClockStepped(-3_600_000, NOON)]
    clocks.run(span(3_600.5))
    clocks.run(span(0.5))
    assert told.next() == (NOON + span(1), [TimePassed()])
    timer.close()


def test_a_timer_is_ready_for_a_new_moment_and_forgets_the_one_before(
    clocks: SimulatedClocks, told: Told
) -> None:
    timer = Timer(told, clocks.read, 1_000)
    timer.arm(NOON + span(60))
    timer.arm(NOON)
    assert told.next() == (NOON, [TimePassed()])
    timer.arm(NOON)
    assert told.next() == (NOON, [TimePassed()]), "it rings for each time it is armed"
    timer.close()


def test_who_is_roused_before_a_moment_does_not_hold_up_who_arms_the_timer(told: Told) -> None:
    roused, go_on = Event(), Event()

    def rouse() -> None:
        roused.set()
        assert go_on.wait(10)

    timer = Timer(told, ahead=rouse)
    timer.arm(datetime.now(UTC) + span(0.05))
    assert roused.wait(10)
    arming = Thread(target=timer.arm, args=(NOON,))
    arming.start()
    arming.join(10)
    was_held_up = arming.is_alive()
    go_on.set()
    timer.close()
    assert not was_held_up


class Held:
    """Readings that are asked for are counted, and the clocks are those of before."""

    def __init__(self, clocks: SimulatedClocks) -> None:
        self.clocks, self.looks = clocks, SimpleQueue[None]()

    def read(self) -> Reading:
        self.looks.put(None)
        return self.clocks.read()


def test_a_timer_looks_again_after_each_stride(clocks: SimulatedClocks, told: Told) -> None:
    held = Held(clocks)
    timer = Timer(told, held.read, SHORT)
    for _ in range(5):
        held.looks.get(timeout=SECONDS)
    timer.close()
    assert told.is_silent()


Answers = SimpleQueue[tuple[int, IdleSeen]]


def looked(
    settings: Clock, load: float = 0.0, quiet: float | None = None, path: str = "/usr/bin:/bin"
) -> IdleSeen:
    """What the real probe says, to the question at position 7."""
    answers: Answers = SimpleQueue()
    probe = IdleLook(
        lambda: settings,
        lambda: {"PATH": path},
        lambda position, seen: answers.put((position, seen)),
        lambda: load,
        lambda: quiet,
    )
    probe.look(7)
    position, seen = answers.get(timeout=SECONDS)
    probe.close()
    assert position == 7
    return seen


def probing(script: str, **more: Any) -> Clock:
    return Clock(idle_command=(sys.executable, "-c", script), **more)


@pytest.mark.parametrize(
    ("load", "quiet", "idle", "detail"),
    [
        (0.1, 1_000.0, True, "a load of 0.10 for each core"),
        (0.1, None, True, "a load of 0.10 for each core"),
        (0.6, 1_000.0, False, "a load of 0.60 for each core"),
        (0.1, 20.0, False, "somebody typed 20 s ago"),
        (0.1, -5.0, False, "somebody typed 0 s ago"),
        (float("nan"), None, False, "a load of nan for each core"),
    ],
)
def test_without_a_program_load_and_terminals_tell(
    load: float, quiet: float | None, idle: bool, detail: str
) -> None:
    assert looked(Clock(), load, quiet) == IdleSeen(idle, detail)


@pytest.mark.parametrize(
    ("settings", "idle", "detail"),
    [
        pytest.param(probing("pass"), True, "ended with 0", id="it says idle"),
        pytest.param(probing("raise SystemExit(3)"), False, "ended with 3", id="it says busy"),
        pytest.param(
            probing("import os; os.kill(os.getpid(), 9)"), False, "ended with -9", id="it dies"
        ),
        pytest.param(
            probing("import time; time.sleep(60)", idle_timeout_seconds=1),
            False,
            "gave no answer within 1 s",
            id="it hangs",
        ),
        pytest.param(
            Clock(idle_command=("no-such-program",)), False, "No such file", id="it is missing"
        ),
        pytest.param(Clock(idle_command=("a\0b",)), False, "null byte", id="it cannot be one"),
    ],
)
def test_a_program_says_idle_and_whatever_goes_wrong_says_busy(
    settings: Clock, idle: bool, detail: str
) -> None:
    seen = looked(settings)
    assert seen.idle == idle
    assert detail in seen.detail


def test_a_mistake_in_looking_says_busy_in_few_words() -> None:
    def fails() -> Clock:
        raise RuntimeError("x" * 10_000)

    answers: Answers = SimpleQueue()
    probe = IdleLook(fails, dict, lambda position, seen: answers.put((position, seen)))
    probe.look(1)
    _, seen = answers.get(timeout=SECONDS)
    probe.close()
    assert not seen.idle
    assert "the probe failed" in seen.detail and len(seen.detail) <= 300


def test_a_probe_that_is_closed_kills_its_program_and_says_no_more(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = f"import time; open({str(pipe)!r}, 'w').close(); time.sleep(60)"
    answers: Answers = SimpleQueue()
    probe = IdleLook(
        lambda: probing(script), dict, lambda position, seen: answers.put((position, seen))
    )
    probe.look(1)
    pipe.open().close()  # It opens when the program has begun.
    probe.close()
    probe.look(2)
    assert answers.empty()


def test_the_other_sides_of_the_probe_answer_what_they_are_asked() -> None:
    answers: Answers = SimpleQueue()

    def tell(position: int, seen: IdleSeen) -> None:
        answers.put((position, seen))

    SimulatedIdle(lambda: IdleSeen(True), tell).look(4)
    ClosedIdle(tell).look(5)
    assert answers.get(timeout=SECONDS) == (4, IdleSeen(True))
    assert answers.get(timeout=SECONDS) == (5, IdleSeen(False, "the doors are closed"))
