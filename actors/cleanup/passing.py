"""One pass over what is ours, whatever it stands on: what goes, in which order, how much."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from actors.cleanup.door import Alone, Ground, IsTime, Neighbours, OldFile, OutOfTime
from actors.cleanup.evidence import TOO_LATE, Evidence
from events.cleanup import Area, SweepStarting
from events.settings import SweepPart

NAMES: dict[Area, re.Pattern[str]] = {
    "runs": re.compile(r"r[0-9]{1,19}-[0-9]{1,9}"),
    "works": re.compile(r"w[0-9]{1,19}-[0-9]{1,9}"),
}
ALONE = Alone()


class Thing(NamedTuple):
    """A thing that is to go."""

    area: Area
    name: str
    remove: Callable[[Area, str], int]


class Pass(NamedTuple):
    """A sweep under way."""

    ground: Ground
    starting: SweepStarting
    evidence: Evidence
    neighbours: Neighbours
    ended: Sequence[str]
    is_time: IsTime


def sweep_over(
    ground: Ground,
    starting: SweepStarting,
    now: datetime,
    neighbours: Neighbours = ALONE,
    ended: Sequence[str] = (),
    is_time: IsTime = lambda: False,
) -> Evidence:
    """Take away what the sweep names, part by part, up to its limits; what will not go is said
    and passed by."""
    evidence = Evidence(starting.sweep)
    if now > starting.not_after:
        evidence.failed.append(TOO_LATE)
        return evidence
    one = Pass(ground, starting, evidence, neighbours, ended, is_time)
    for part in starting.parts:
        before = evidence.failures, evidence.left
        try:
            STEPS[part](one)
        except OSError as error:
            evidence.failing(part, _words(error))
        evidence.went_through(part, before)
    return evidence


def _take_all(one: Pass, things: Iterator[Thing]) -> None:
    evidence, most = one.evidence, one.starting.items_max
    for thing in things:
        if evidence.items >= most or one.is_time():
            evidence.left += 1
        else:
            _take(thing, evidence)


def _take(thing: Thing, evidence: Evidence) -> None:
    try:
        size = thing.remove(thing.area, thing.name)
    except FileNotFoundError:
        evidence.missed(thing.area, thing.name)
    except OutOfTime:
        evidence.left += 1
    except OSError as error:
        evidence.failing(f"{thing.area}/{thing.name}", _words(error))
    else:
        evidence.took(thing.area, thing.name, size)


def _orphans(one: Pass) -> None:
    one.evidence.ended_processes(one.neighbours.end_orphans(one.ended, one.is_time))


def _foreign(one: Pass) -> None:
    """Only what is wanted really is ended, all else is shown."""
    patterns = one.starting.foreign
    found = one.neighbours.foreign(patterns)
    one.evidence.shown.extend(it for it in found if not patterns[it.pattern].really)
    wanted = [it for it in found if patterns[it.pattern].really]
    one.evidence.ended_processes(one.neighbours.end_foreign(wanted, one.is_time))


def _sockets(one: Pass) -> None:
    before = one.starting.sockets_before
    stale = () if before is None else one.ground.stale(before)
    _take_all(one, (Thing("sockets", name, one.ground.remove_stale) for name in stale))


def _runs(one: Pass) -> None:
    _take_all(one, _folders(one, "runs", one.starting.runs))
    _take_all(one, _folders(one, "works", one.starting.works))


def _folders(one: Pass, area: Area, names: Sequence[str]) -> Iterator[Thing]:
    for name in names:
        if NAMES[area].fullmatch(name):
            yield Thing(area, name, one.ground.remove_folder)
        else:
            one.evidence.failing(f"{area}/{name[:80]!r}", "not a name of ours")


def _temp(one: Pass) -> None:
    old = [it for it in _oldest_first(one, "temp") if it.modified_at < one.starting.temp_before]
    _take_all(one, (Thing("temp", it.name, one.ground.remove_file) for it in old))


def _archives(one: Pass) -> None:
    """Those that are too many and too old; and when all are too large, the oldest, but never
    the newest."""
    archives, starting = _oldest_first(one, "archives"), one.starting
    beyond = max(0, len(archives) - starting.archives_keep_count)
    size = sum(it.bytes for it in archives)
    most = size if starting.archives_max_bytes is None else starting.archives_max_bytes
    going = []
    for nth, it in enumerate(archives):
        too_large = size > most and nth < len(archives) - 1
        if too_large or (nth < beyond and it.modified_at < starting.archives_before):
            going.append(Thing("archives", it.name, one.ground.remove_file))
            size -= it.bytes
    _take_all(one, iter(going))


def _log(one: Pass) -> None:
    if one.starting.seal is not None:
        one.evidence.sealed = one.neighbours.seal(one.starting.seal)


STEPS: dict[SweepPart, Callable[[Pass], None]] = {
    "processes": _orphans,
    "foreign": _foreign,
    "sockets": _sockets,
    "runs": _runs,
    "temp": _temp,
    "archives": _archives,
    "log": _log,
}


def _oldest_first(one: Pass, area: Area) -> list[OldFile]:
    return sorted(one.ground.files(area), key=lambda file: (file.modified_at, file.name))


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
