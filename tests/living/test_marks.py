"""A mark stays with a process and all that come from it, and nobody else has it."""

import os
import resource
import select
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from actors.executor import identity
from actors.executor.custody import Custody
from actors.executor.marks import MARKED, Census, bears, mark_of, marking

pytestmark = pytest.mark.living

MARK = mark_of("r1-1:boot", Path(f"/tests/{os.getpid()}"))


@pytest.fixture
def marked() -> Iterator[subprocess.Popen[bytes]]:
    with marking(MARK):
        process = subprocess.Popen(
            ("env", "-i", "/bin/sh", "-c", "/bin/sleep 600 & echo $!; wait"),
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    with process:
        pass


def child_of(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_it_is_handed_on_without_any_environment(marked: subprocess.Popen[bytes]) -> None:
    child = child_of(marked)
    assert bears(marked.pid, MARK) and bears(child, MARK)
    assert sorted(Census().of(MARK, monotonic())) == sorted((marked.pid, child))


def test_whoever_was_made_after_another_is_found_without_a_look_at_all(
    marked: subprocess.Popen[bytes],
) -> None:
    child = child_of(marked)
    assert Census().born_after(marked.pid, MARK) == [child]


def test_a_look_of_a_moment_ago_is_used_again(marked: subprocess.Popen[bytes]) -> None:
    child_of(marked)
    census = Census()
    first = census.of(MARK, monotonic())
    assert census.of(MARK, 0.0) == first


def test_the_dead_bear_nothing(marked: subprocess.Popen[bytes]) -> None:
    child, census = child_of(marked), Census()
    assert child in census.of(MARK, monotonic())
    descriptor = os.pidfd_open(child)
    os.kill(child, 9)
    os.waitid(os.P_PID, marked.pid, os.WEXITED)  # The shell ends when its child has.
    os.close(descriptor)
    assert census.of(MARK, 0.0) == []


def test_we_ourselves_do_not_keep_it(marked: subprocess.Popen[bytes]) -> None:
    before = resource.getrlimit(resource.RLIMIT_RTTIME)
    with marking(MARK):
        pass
    with marking(0):
        assert resource.getrlimit(resource.RLIMIT_RTTIME) == before
    assert resource.getrlimit(resource.RLIMIT_RTTIME) == before
    assert not bears(os.getpid(), MARK)
    assert identity.newest() >= marked.pid


@settings(deadline=None)
@given(some.sets(some.tuples(some.text("r0123456789-", min_size=1), some.sampled_from("abc"))))
def test_each_run_of_each_folder_has_its_own(runs: set[tuple[str, str]]) -> None:
    marks = {mark_of(run, Path(folder)) for run, folder in runs}
    assert len(marks) == len(runs)
    assert all(MARKED <= mark < 2 * MARKED for mark in marks)


def test_what_would_not_die_with_its_run_is_killed_again(marked: subprocess.Popen[bytes]) -> None:
    child, custody = child_of(marked), Custody()
    custody.unended.add(MARK)
    descriptor = os.pidfd_open(child)
    custody.end_the_unended()
    assert select.select([descriptor], [], [], 30)[0]
    os.close(descriptor)
    marked.wait()
    custody.census = Census()
    custody.end_the_unended()
    assert custody.unended == set()
