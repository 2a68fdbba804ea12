"""What it costs that a keeper keeps the runs: time at the start, memory, and taking up again."""

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter, sleep

from actors.clock.timer import now
from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.door import Door
from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from actors.executor.recovery import KEEPER
from bench.report import Figure, at_most
from bench.samples import percentile
from bench.spawn import REST_SECONDS, TRUE
from events.catalogue import AnyObservation
from events.configuration import Action
from events.runs import RunAdopted, RunEnded, RunStarted

SECONDS = 30.0  # until something has gone wrong
LIVE = 100
TRUTH, REST = Action(command=(TRUE,)), Action(command=("sleep", "600"), grace_seconds=0)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Told:
    """Takes what a door tells."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[AnyObservation] = SimpleQueue()

    def __call__(self, cause: int, facts: Sequence[AnyObservation]) -> None:
        for fact in facts:
            self._queue.put(fact)

    def until(self, *kinds: type[AnyObservation]) -> AnyObservation:
        """The next of such a kind."""
        while not isinstance(fact := self._queue.get(timeout=SECONDS), kinds):
            pass
        return fact


def custody(folder: Path, quick: bool) -> Iterator[Figure]:
    """A keeper's door and that of a daemon that keeps its runs itself, in turn."""
    folder.mkdir()
    yield from _starts(folder / "starts", 40 if quick else 400)
    yield from _keeps(folder / "keeps", 3 if quick else 9)


def _starts(folder: Path, runs: int) -> Iterator[Figure]:
    told = Told()
    doors: list[Door] = [
        Kept(folder / "kept", told, now),
        Processes(folder / "own", told, now),
    ]
    took: list[list[float]] = [[], []]
    for number in range(runs):
        for door, times in zip(doors, took, strict=True):
            began = perf_counter()
            door.start(_brief(TRUTH, number), 1)
            told.until(RunStarted)
            times.append(1000 * (perf_counter() - began))
            told.until(RunEnded)
            sleep(REST_SECONDS)
    for door in doors:
        door.close(0)
    kept, own = (percentile(times, 50) for times in took)
    limit = f"runs kept by the daemon itself, {runs} of each in turn"
    yield Figure("door to process start, p50", kept, "ms", own, limit, at_most(5, "more than bare"))


def _keeps(folder: Path, times: int) -> Iterator[Figure]:
    told = Told()
    door = Kept(folder, told, now, leaves=lambda: True)
    door.start(_brief(TRUTH, LIVE), 1)
    told.until(RunEnded)
    keeper = _keeper_of(folder)
    before = _resident_bytes(keeper)
    for number in range(LIVE):
        door.start(_brief(REST, number), 1)
        told.until(RunStarted)
    after = _resident_bytes(keeper)
    door.close(0)
    took = min(_adopting(folder, told) for _ in range(times))
    _end_all(folder, told)
    yield Figure("resident memory of a keeper", before / 1e6, "MB", target=at_most(15))
    each = (after - before) / LIVE / 1e6
    yield Figure("memory for a live run", each, "MB", target=at_most(1))
    yield Figure(f"{LIVE} live runs adopted", took, "s", target=at_most(0.3))


def _adopting(folder: Path, told: Told) -> float:
    """Seconds, from nothing to the last of them."""
    began = perf_counter()
    door = Kept(folder, told, now, leaves=lambda: True)
    for number in range(LIVE):
        door.recover(_brief(REST, number), 1, None, same_boot=True)
    for _ in range(LIVE):
        told.until(RunAdopted)
    took = perf_counter() - began
    door.close(0)
    return took


def _end_all(folder: Path, told: Told) -> None:
    door = Kept(folder, told, now)
    for number in range(LIVE):
        door.recover(_brief(REST, number), 1, None, same_boot=True)
    door.close(0)


def _brief(action: Action, number: int) -> RunBrief:
    return RunBrief(
        run=f"r{number}-1",
        work=f"w{number}-1",
        name="job",
        action=action,
        step=1,
        attempt=1,
        input_json="{}",
        not_after=now() + timedelta(hours=1),
        lane_directory="",
        output_max_bytes=1 << 20,
        environment=("PATH",),
        day="2026-11-20",
        phase="",
        key="",
    )


def _keeper_of(folder: Path) -> int:
    mark, name = os.fsencode(folder.resolve()), KEEPER.encode()
    return next(pid for pid in identity.numbers() if identity.environment(pid).get(name) == mark)


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
