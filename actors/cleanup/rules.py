"""The rules of cleanup: when is swept, what a sweep may take, and what people are told of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from actors.cleanup.condemned import condemned_runs, condemned_works, expendable_runs
from actors.cleanup.state import CHANGES, Cleaning
from actors.rules import SILENCE, Rule, Rules, decides_by, evolves_by
from events.catalogue import AnyDecision
from events.cleanup import DiskSeen, Seal, SweepEnded, SweepRequested, SweepStarting
from events.fact import Fact
from events.intents import AlertCleared, AlertRaised
from events.policies import Cleanup
from events.record import Record
from events.requests import RequestRepeated
from events.runs import RunStarting
from events.settings import SweepPart

Kinds = frozenset[type[Fact]]

EMERGENCY_SECONDS = 60
EMERGENCY_PARTS: tuple[SweepPart, ...] = ("processes", "temp", "runs", "archives")
EMERGENCY_TEMP_KEEP = timedelta(hours=1)
START_WITHIN = timedelta(minutes=5)  # A sweep that was held up so long is out of date,
EMERGENCY_WITHIN = timedelta(hours=1)  # unless it is needed whenever it comes.
MIB = 1 << 20


def _start(state: Cleaning, asked: RunStarting, record: Record) -> Iterator[AnyDecision]:
    if asked.executor != "sweep" or asked.run in state.sweeps:
        return SILENCE
    return iter((_of_run(state, record, asked),))


def _answer(state: Cleaning, asked: SweepRequested, record: Record) -> Iterator[AnyDecision]:
    if asked.key in state.keys:
        yield RequestRepeated(asked.key, "")
    else:
        yield _asked_for(state, record, asked)


def _look(state: Cleaning, seen: DiskSeen, record: Record) -> Iterator[AnyDecision]:
    """It is enough again when there is a quarter more than what is too little."""
    low = state.settings.disk_low_bytes
    if seen.free_bytes < low:
        if not state.low:
            free, wanted = seen.free_bytes // MIB, low // MIB
            yield AlertRaised("disk_low", f"{free} MiB are free on the disk, {wanted} are wanted")
        if all(it.occasion != "disk_low" for it in state.sweeps.values()):
            yield _emergency(state, record)
    elif state.low and seen.free_bytes >= enough_bytes(low):
        yield AlertCleared("disk_low")


def enough_bytes(low: int) -> int:
    """So much must be free before a disk is no more said to be nearly full."""
    return low + low // 4


def _tell(state: Cleaning, done: SweepEnded, record: Record) -> Iterator[AnyDecision]:
    """Told once, until each part that failed has been gone through without a fault."""
    if state.failing and not state.told_failing:
        yield AlertRaised("sweep_failed", "; ".join(done.failed[:3])[:300])
    elif state.told_failing and not state.failing:
        yield AlertCleared("sweep_failed")


def _of_run(state: Cleaning, record: Record, asked: RunStarting) -> SweepStarting:
    parts = state.parts.get(asked.action, ())
    found = ordinary(state, record.position, record.at, parts)
    return replace(found, run=asked.run, not_after=asked.not_after)


def _asked_for(state: Cleaning, record: Record, asked: SweepRequested) -> SweepStarting:
    found = ordinary(state, record.position, record.at, asked.parts, really=asked.really)
    return replace(found, occasion="asked", key=asked.key)


def ordinary(
    state: Cleaning,
    position: int,
    at: datetime,
    parts: tuple[SweepPart, ...] = (),
    *,
    really: bool = False,
) -> SweepStarting:
    """What a sweep that is decided there may take; without parts, all there is to sweep."""
    settings = state.settings
    chosen = tuple(it for it in parts or _possible(settings) if it in _possible(settings))
    runs = condemned_runs(state, at) if "runs" in chosen else ()
    foreign = settings.foreign if "foreign" in chosen else {}
    stale = settings.sockets_keep_seconds
    return SweepStarting(
        sweep=f"s{position}-1",
        run="",
        runs=runs,
        temp_before=at - timedelta(seconds=settings.temp_keep_seconds),
        archives_before=at - timedelta(seconds=settings.archives_keep_seconds),
        archives_keep_count=settings.archives_keep_count,
        items_max=settings.items_max,
        not_after=at + START_WITHIN,
        works=condemned_works(state, runs) if "runs" in chosen else (),
        parts=chosen,
        archives_max_bytes=settings.archives_max_bytes,
        sockets_before=None if stale is None else at - timedelta(seconds=stale),
        foreign={name: replace(it, really=it.really or really) for name, it in foreign.items()},
        seal=_seal(state, position) if "log" in chosen else None,
        within_seconds=settings.within_seconds,
    )


def _possible(settings: Cleanup) -> tuple[SweepPart, ...]:
    """All that there is to sweep, in the order in which it is done."""
    wanted: dict[SweepPart, Any] = {
        "processes": settings.processes,
        "foreign": settings.foreign,
        "sockets": settings.sockets_keep_seconds is not None,
        "runs": True,
        "temp": True,
        "archives": True,
        "log": settings.seal_every_records,
    }
    return tuple(part for part, is_wanted in wanted.items() if is_wanted)


def _seal(state: Cleaning, position: int) -> Seal | None:
    """The next whole stretch, if the log has gone on beyond it."""
    every = state.settings.seal_every_records
    if every is None or state.sealed + every >= position:
        return None
    return Seal(state.sealed, state.sealed + every)


def _emergency(state: Cleaning, record: Record) -> SweepStarting:
    """All that nobody needs any more, until enough is free. Ages do not protect, but what is
    open, what goes on, what nobody knows the end of, and the newest archive stay."""
    runs, at = expendable_runs(state), record.at
    return replace(
        ordinary(state, record.position, at, ("processes",)),
        parts=tuple(it for it in EMERGENCY_PARTS if it != "processes" or state.settings.processes),
        runs=runs,
        works=condemned_works(state, runs),
        temp_before=at - EMERGENCY_TEMP_KEEP,
        archives_before=at,
        archives_keep_count=1,
        not_after=at + EMERGENCY_WITHIN,
        within_seconds=EMERGENCY_SECONDS,
        until_free_bytes=enough_bytes(state.settings.disk_low_bytes),
        occasion="disk_low",
    )


OURS: Kinds = frozenset({SweepStarting, AlertRaised, AlertCleared})
DECIDES_UPON: Mapping[type[Fact], Rule] = {
    RunStarting: _start,
    SweepRequested: _answer,
    DiskSeen: _look,
    SweepEnded: _tell,
}
HEARS: Kinds = frozenset(CHANGES.keys() | DECIDES_UPON.keys()) - OURS
decide, evolve = decides_by(DECIDES_UPON), evolves_by(CHANGES)
RULES = Rules("cleanup", 2, Cleaning, HEARS, decide, evolve, HEARS - DECIDES_UPON.keys())
