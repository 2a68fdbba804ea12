"""Whatever a process does, it ends in time, and nothing of it is left."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from time import monotonic, sleep
from typing import NamedTuple

import pytest

from actors.executor.keeper.client import Kept
from events.catalogue import AnyObservation
from events.configuration import Action
from events.runs import RunEnded, RunStarted
from tests.living.process_story import ANSWERS, PATIENCE_SECONDS, brief_of, now
from tests.living.zoo_story import (
    GRACE_SECONDS,
    TIMEOUT_SECONDS,
    ZOO,
    Animal,
    end_survivors,
    survivors,
)

pytestmark = pytest.mark.living

SLACK_SECONDS = 2.0
LOOKS = 10
LIFE_SECONDS, SHORT_SECONDS = 25, 2  # of an animal that nobody ends
RUNS = {f"r{number}-1": (number, animal) for number, animal in enumerate(ZOO, 1)}


class Fate(NamedTuple):
    ended: RunEnded
    seconds: float
    left: list[str]


def names(number: int, seconds: int = LIFE_SECONDS) -> tuple[str, str]:
    """The tag and the seconds of an animal."""
    return f"zoo-{os.getpid()}-{number}", f"{seconds}.{os.getpid()}{number:03}"


@pytest.fixture(scope="module", autouse=True)
def nothing_of_it_is_left() -> Iterator[None]:
    """Neither by the tests that pass nor by those that do not."""
    yield
    lives = (LIFE_SECONDS, SHORT_SECONDS)
    marks = [name for n, _ in RUNS.values() for life in lives for name in names(n, life)]
    end_survivors(*marks, seconds=2 * LIFE_SECONDS)
    assert survivors(*marks) == []


def action(number: int, animal: Animal) -> Action:
    found = animal.action(*names(number))
    match animal.trouble:
        case "spawn_failed":
            return Action(command=(sys.executable, "x" * 200_000))
        case "program_missing":
            return Action(command=("no-such-animal",))
    return found


@pytest.fixture(scope="module")
def fates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Fate]]:
    """All of them live at the same time, under one keeper."""
    heard: SimpleQueue[tuple[float, AnyObservation]] = SimpleQueue()

    def tell(_: int, facts: Sequence[AnyObservation]) -> None:
        for fact in facts:
            heard.put((monotonic(), fact))

    door = Kept(tmp_path_factory.mktemp("zoo"), tell, now)
    try:
        for run, (number, animal) in RUNS.items():
            door.start(brief_of(action(number, animal), run, work=f"w{run[1:]}"), ANSWERS)
        yield seen(heard)
    finally:
        door.close(0)


def seen(heard: SimpleQueue[tuple[float, AnyObservation]]) -> dict[str, Fate]:
    """Wait for all ends, and look at each of them whether anything is left."""
    began, found = dict[str, float](), dict[str, Fate]()
    while len(found) < len(RUNS):
        at, fact = heard.get(timeout=PATIENCE_SECONDS)
        if isinstance(fact, RunStarted):
            began[fact.run] = at
        elif isinstance(fact, RunEnded):
            number, animal = RUNS[fact.run]
            left = survivors(*names(number))
            found[animal.name] = Fate(fact, at - began.get(fact.run, at), left)
    for _ in range(LOOKS):  # What forks and dies is not seen at every look.
        left = survivors(*(name for number, _ in RUNS.values() for name in names(number)))
        for number, animal in RUNS.values():
            found[animal.name].left.extend({*names(number)} & {*left})
    return found


@pytest.mark.parametrize("animal", ZOO, ids=[animal.name for animal in ZOO])
def test_it_ends_in_time_and_nothing_of_it_is_left(animal: Animal, fates: dict[str, Fate]) -> None:
    ended, seconds, left = fates[animal.name]
    assert (ended.trouble, ended.exit_code) == (animal.trouble, animal.exit_code)
    assert seconds <= TIMEOUT_SECONDS + GRACE_SECONDS + SLACK_SECONDS
    assert left == []


def test_none_lives_on_when_nobody_ends_it(tmp_path: Path) -> None:
    marks = list[str]()
    for number, animal in RUNS.values():
        if animal.script:
            marks += names(number, SHORT_SECONDS)
            released(animal.argv(*names(number, SHORT_SECONDS)), tmp_path / f"{number}")
    until = monotonic() + 10 * SHORT_SECONDS
    while left := survivors(*marks):
        assert monotonic() < until, left
        sleep(0.05)


def released(argv: Sequence[str], place: Path) -> None:
    """Let it live with nobody to see to it; whatever it prints is lost."""
    place.mkdir()
    surroundings = {**os.environ, "TMPDIR": str(place), "HORARIUM_RUN": "r1-1"}
    process = subprocess.Popen(
        ("setsid", *argv),
        cwd=place,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    process.returncode = 0  # Nobody waits for it.


def test_there_are_many_kinds() -> None:
    assert len({animal.name for animal in ZOO}) == len(ZOO) >= 30
