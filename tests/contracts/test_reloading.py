"""A configuration that changes while the daemon lives: all of it is taken, or nothing."""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from loguru import logger

from events.catalogue import AnyObservation
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.store import StoreFull
from horarium.configuration import Loaded, load
from horarium.daemon.reloading import RETRY_SECONDS, Reloading

SECONDS = 30.0
FIRST = '[actions.look]\nexecutor = "noop"\n'
SECOND = FIRST + '[intents.a]\nrun = "look"\nevery = "1h"\n'
BROKEN = FIRST + "[intents.a]\nrun = "


class Desk:
    """A file, whoever follows it, and what came of that. Time goes on by `wait` alone."""

    def __init__(self, folder: Path, text: str = FIRST) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(text)
        self.now = 100.0
        self.told: list[AnyObservation] = []
        self.full = False
        self.in_force = load(self.file, {})
        self.failures: SimpleQueue[BaseException] = SimpleQueue()
        self.reloading = Reloading(
            self.in_force, {}, "2026.6", self.tell, self.loaded, self.failures.put
        )
        self.wait(5)

    def tell(self, fact: AnyObservation) -> "Future[list[int]]":
        done: Future[list[int]] = Future()
        if self.full:
            done.set_exception(StoreFull("the disk is full"))
        else:
            self.told.append(fact)
            done.set_result([1])
        return done

    def loaded(self, found: Loaded) -> None:
        self.in_force = found

    def write(self, text: str) -> None:
        self.file.write_text(text)
        self._age()

    def replace(self, text: str) -> None:
        """As an editor does that writes another file and gives it the name."""
        other = self.file.with_suffix(".new")
        other.write_text(text)
        other.replace(self.file)
        self._age()

    def wait(self, seconds: float) -> None:
        """Let time pass, with four looks a second."""
        for _ in range(round(seconds * 4)):
            self.now += 0.25
            self.reloading.look(self.now)

    def _age(self) -> None:
        """Two writes within one tick of the disk's clock are seen as two."""
        os.utime(self.file, ns=(0, self.file.stat().st_mtime_ns + 1_000_000))

    @property
    def kinds(self) -> list[type[Any]]:
        return [type(fact) for fact in self.told]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    said: list[str] = []
    sink = logger.add(lambda line: said.append(line), format="{message}")
    yield said
    logger.remove(sink)


@pytest.mark.parametrize("way", ["write", "replace"])
def test_a_change_is_taken_whole_once_it_has_come_to_rest(desk: Desk, way: str) -> None:
    getattr(desk, way)(SECOND)
    desk.wait(0.5)
    assert desk.told == [], "it may be written on"
    desk.wait(0.5)
    [fact] = desk.told
    assert isinstance(fact, ConfigurationLoaded)
    assert (fact.configuration, fact.digest) == (desk.in_force.configuration, desk.in_force.digest)
    assert (fact.source, fact.tzdata) == (str(desk.file), "2026.6")
    assert set(desk.in_force.configuration.intents) == {"a"}
    desk.wait(5)
    assert len(desk.told) == 1


def test_a_file_that_is_being_written_is_left_alone(desk: Desk) -> None:
    for nth in range(20):
        desk.write(SECOND[: -1 - nth])
        desk.wait(0.25)
    assert desk.told == []
    desk.write(SECOND)
    desk.wait(1)
    assert desk.kinds == [ConfigurationLoaded]


def test_a_file_that_is_half_written_changes_nothing_and_is_told_once(desk: Desk) -> None:
    before = desk.in_force
    desk.write(BROKEN)
    desk.wait(5)
    [fact] = desk.told
    assert isinstance(fact, ConfigurationRefused)
    assert fact.source == str(desk.file)
    assert "is no TOML" in fact.faults[0] and ":4" in fact.faults[0]
    assert desk.in_force is before
    desk.write(BROKEN)
    desk.wait(5)
    assert len(desk.told) == 1, "the same content again"
    desk.write(BROKEN + "#")
    desk.wait(5)
    assert desk.kinds == [ConfigurationRefused] * 2


def test_many_faults_are_told_by_the_first_ten(desk: Desk) -> None:
    desk.write(FIRST + "".join(f"key{nth} = 1\n" for nth in range(50)))
    desk.wait(2)
    [fact] = desk.told
    assert isinstance(fact, ConfigurationRefused)
    assert len(fact.faults) == 10
    assert "config.toml:3" in fact.faults[0] and "key0" in fact.faults[0]


@pytest.mark.parametrize("text", ["", "\n \n", "# nothing\n"])
def test_a_file_that_is_suddenly_empty_changes_nothing(desk: Desk, text: str) -> None:
    desk.write(text)
    desk.wait(5)
    assert desk.kinds == [ConfigurationRefused]
    assert "actions" in str(desk.in_force.configuration)


def test_a_file_that_was_empty_may_stay_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "")
    desk.write("# still nothing\n")
    desk.wait(5)
    assert desk.told == []


def test_a_file_that_is_gone_for_a_moment_is_waited_for(desk: Desk) -> None:
    desk.file.unlink()
    desk.wait(3)
    desk.write(SECOND)
    desk.wait(2)
    assert desk.kinds == [ConfigurationLoaded]


def test_a_file_that_stays_away_is_told_once(desk: Desk) -> None:
    desk.file.unlink()
    desk.wait(30)
    [fact] = desk.told
    assert isinstance(fact, ConfigurationRefused)
    assert "there is no such file" in fact.faults[0]


def test_what_means_the_same_is_no_change(desk: Desk) -> None:
    desk.write(FIRST + "# a comment\n")
    desk.wait(5)
    desk.replace(FIRST)
    desk.wait(5)
    assert desk.told == []


def test_what_is_put_right_again_is_said_to_be_in_force(desk: Desk) -> None:
    desk.write(BROKEN)
    desk.wait(2)
    desk.write(FIRST)
    desk.wait(2)
    refused, loaded = desk.told
    assert isinstance(refused, ConfigurationRefused)
    assert loaded == ConfigurationLoaded(
        desk.in_force.digest, None, str(desk.file), (), "2026.6"
    ), "by its digest, for it is what was in force"


def test_a_change_is_not_lost_while_the_disk_is_full(desk: Desk, lines: list[str]) -> None:
    before = desk.in_force
    desk.full = True
    desk.write(SECOND)
    desk.wait(2)
    assert desk.in_force is before
    assert any("the disk is full" in line for line in lines)
    desk.full = False
    desk.wait(RETRY_SECONDS + 1)
    assert desk.kinds == [ConfigurationLoaded]
    assert desk.in_force is not before


def test_who_asks_gets_an_answer_at_once(desk: Desk, lines: list[str]) -> None:
    desk.reloading.read(desk.now)
    assert "in force already" in lines[-1]
    desk.write(BROKEN)
    desk.reloading.read(desk.now)
    desk.reloading.read(desk.now)
    assert desk.kinds == [ConfigurationRefused]
    assert "refused still" in lines[-1]
    desk.write(SECOND)
    desk.reloading.read(desk.now)
    assert desk.kinds == [ConfigurationRefused, ConfigurationLoaded]


def test_what_needs_a_start_is_said(desk: Desk, lines: list[str]) -> None:
    desk.write(FIRST + '[store]\nbusy = "6s"\n[log]\njson = true\n')
    desk.wait(2)
    assert desk.kinds == [ConfigurationLoaded]
    assert "what changed in store, log is used from the next start on" in lines[-1]


CONTENTS = [FIRST, FIRST + "# as before\n", SECOND, BROKEN, "", "# nothing\n", SECOND[:-3]]


@settings(max_examples=60, deadline=None)
@for_any(some.lists(some.tuples(some.sampled_from(CONTENTS), some.sampled_from([0.25, 2.0]))))
def test_whatever_is_written_the_last_that_was_good_and_at_rest_is_in_force(
    tmp_path_factory: Any, course: list[tuple[str, float]]
) -> None:
    desk, good = Desk(tmp_path_factory.mktemp("desk")), FIRST
    for text, seconds in course:
        desk.write(text)
        desk.wait(seconds)
        if seconds >= 1 and text in CONTENTS[:3]:
            good = text
    desk.write(good)
    desk.wait(2)
    other = desk.file.with_name("good.toml")
    other.write_text(good)
    assert desk.in_force.configuration == load(other, {}).configuration
    written = [FIRST, *(text for text, _ in course), good]
    changes = sum(before != after for before, after in pairwise(written))
    assert len(desk.told) <= changes, "nothing is told twice"
    if desk.told:
        assert isinstance(desk.told[-1], ConfigurationLoaded)


class Office(Desk):
    """As a desk, with the thread that follows the file; what is told comes through a queue."""

    def __init__(self, folder: Path, text: str) -> None:
        self.comes: SimpleQueue[AnyObservation] = SimpleQueue()
        super().__init__(folder, text)
        self.reloading.start()

    def tell(self, fact: AnyObservation) -> "Future[list[int]]":
        self.comes.put(fact)
        return super().tell(fact)


def test_a_thread_follows_the_file_and_ends_when_it_is_told(tmp_path: Path) -> None:
    office = Office(tmp_path, FIRST)
    office.write(SECOND)
    assert isinstance(office.comes.get(timeout=SECONDS), ConfigurationLoaded)
    office.reloading.close()


def test_where_it_is_switched_off_only_who_asks_has_it_read(tmp_path: Path) -> None:
    off = "[clock]\nreload = false\n"
    office = Office(tmp_path, FIRST + off)
    office.write(SECOND + off)
    office.wait(60)
    assert office.told == []
    office.reloading.ask()
    assert isinstance(office.comes.get(timeout=SECONDS), ConfigurationLoaded)
    office.reloading.close()


def test_a_mistake_of_ours_is_told_and_not_swallowed(tmp_path: Path) -> None:
    class Clumsy(Office):
        def loaded(self, found: Loaded) -> None:
            raise RuntimeError("ours")

    office = Clumsy(tmp_path, FIRST)
    office.write(SECOND)
    assert str(office.failures.get(timeout=SECONDS)) == "ours"
    office.reloading.close()
