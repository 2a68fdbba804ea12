"""One thread sees to many tasks, in order, in time, and whatever one of them does."""

import os
import threading
from collections.abc import Callable, Iterator
from math import inf
from queue import SimpleQueue
from time import monotonic

import pytest

from actors.executor.loop import Loop, Steps, Task

pytestmark = pytest.mark.living

PATIENCE_SECONDS = 30
Said = SimpleQueue[object]


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop("test")
    yield loop
    loop.close()


@pytest.fixture
def said() -> Said:
    return SimpleQueue()


def heard(said: Said, count: int) -> list[object]:
    return [said.get(timeout=PATIENCE_SECONDS) for _ in range(count)]


def begun(loop: Loop, steps: Callable[[Task], Steps[None]]) -> Task:
    task = Task(loop)
    task.begin(steps(task))
    return task


def test_tasks_go_on_in_the_order_of_their_time_and_not_before_it(loop: Loop, said: Said) -> None:
    began = monotonic()

    def until(due: float) -> Callable[[Task], Steps[None]]:
        def steps(task: Task) -> Steps[None]:
            yield due
            said.put(due)
            assert monotonic() >= due

        return steps

    dues = [began + seconds / 100 for seconds in (5, 2, 8, 2, 0)]
    for due in dues:
        begun(loop, until(due))
    assert heard(said, 5) == sorted(dues)


def test_a_task_may_ask_again_for_the_time_that_has_come(loop: Loop, said: Said) -> None:
    def steps(task: Task) -> Steps[None]:
        due = monotonic()
        for turn in range(3):
            said.put(turn)
            yield due

    begun(loop, steps)
    assert heard(said, 3) == [0, 1, 2]


def test_a_time_that_was_given_up_wakes_nobody(loop: Loop, said: Said) -> None:
    def steps(task: Task) -> Steps[None]:
        for due in (monotonic() + 0.02, inf, monotonic() + 0.2):
            said.put((yield due))
        said.put(monotonic())

    began = monotonic()
    task = begun(loop, steps)
    task.nudge()
    task.nudge()
    *woken, ended = heard(said, 4)
    assert woken == [None] * 3
    assert isinstance(ended, float) and ended - began >= 0.2


def test_a_task_goes_on_when_what_it_listens_to_is_readable(loop: Loop, said: Said) -> None:
    reader, writer = os.pipe()

    def steps(task: Task) -> Steps[None]:
        task.listen(reader)
        while (source := (yield inf)) is not None:
            said.put((source, os.read(reader, 1)))
        task.ignore(reader)
        said.put("ignores")
        said.put((yield inf))

    task = begun(loop, steps)
    for byte in (b"a", b"b", b"c"):
        os.write(writer, byte)
        assert heard(said, 1) == [(reader, byte)]
    task.nudge()
    assert heard(said, 1) == ["ignores"]
    os.write(writer, b"d")
    task.nudge()
    assert heard(said, 1) == [None]
    loop.close()
    os.close(reader)
    os.close(writer)


def test_a_mistake_of_one_task_ends_that_one_alone(
    loop: Loop, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(task: Task) -> Steps[None]:
        yield monotonic()
        raise ZeroDivisionError

    def right(task: Task) -> Steps[None]:
        yield monotonic() + 0.02
        said.put("right")

    broken = begun(loop, wrong)
    begun(loop, right)
    assert heard(said, 1) == ["right"]
    broken.nudge()
    loop.close()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_closing_waits_for_all_and_may_be_done_by_two(loop: Loop, said: Said) -> None:
    def steps(task: Task) -> Steps[None]:
        while (yield inf) is None:
            said.put("ended")
            return

    tasks = [begun(loop, steps) for _ in range(20)]
    closing = [threading.Thread(target=loop.close) for _ in range(2)]
    for thread in closing:
        thread.start()
    assert said.empty()
    for task in tasks:
        task.nudge()
    for thread in closing:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    assert heard(said, 20) == ["ended"] * 20
    tasks[0].nudge()


def test_what_many_threads_ask_at_once_is_all_done(loop: Loop, said: Said) -> None:
    def steps(task: Task) -> Steps[None]:
        yield inf
        said.put(task)

    def ask() -> None:
        for _ in range(50):
            begun(loop, steps).nudge()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert len(set(heard(said, 400))) == 400
    for thread in threads:
        thread.join()


def test_a_loop_without_tasks_has_no_thread_and_closes() -> None:
    before = threading.active_count()
    loop = Loop("idle")
    assert threading.active_count() == before
    loop.close()
    loop.close()
