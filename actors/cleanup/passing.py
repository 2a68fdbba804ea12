"""One pass over our folders, whatever they stand on: what goes, in which order, how much."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from actors.cleanup.door import Ground, OldFile
from actors.cleanup.evidence import TOO_LATE, Evidence
from events.cleanup import Area, SweepEnded, SweepStarting

NAMES: dict[Area, re.Pattern[str]] = {
    "runs": re.compile(r"r[0-9]{1,19}-[0-9]{1,9}"),
    "works": re.compile(r"w[0-9]{1,19}-[0-9]{1,9}"),
}


class Thing(NamedTuple):
    """A thing that is to go."""

    area: Area
    name: str
    remove: Callable[[Area, str], int]


def sweep_over(ground: Ground, starting: SweepStarting, now: datetime) -> SweepEnded:
    """Take away what the sweep names, up to its limit; what will not go is said and passed by."""
    evidence = Evidence(starting.sweep)
    if now > starting.not_after:
        evidence.failed.append(TOO_LATE)
        return evidence.ended()
    for thing in _things(ground, starting, evidence):
        if evidence.items >= starting.items_max:
            evidence.left += 1
        else:
            _take(thing, evidence)
    return evidence.ended()


def _take(thing: Thing, evidence: Evidence) -> None:
    try:
        size = thing.remove(thing.area, thing.name)
    except FileNotFoundError:
        evidence.missed(thing.area, thing.name)
    except OSError as error:
        evidence.failing(f"{thing.area}/{thing.name}", _words(error))
    else:
        evidence.took(thing.area, thing.name, size)


def _things(ground: Ground, starting: SweepStarting, evidence: Evidence) -> Iterator[Thing]:
    yield from _folders(ground, "runs", starting.runs, evidence)
    yield from _folders(ground, "works", starting.works, evidence)
    for file in _files(ground, "temp", evidence):
        if file.modified_at < starting.temp_before:
            yield Thing("temp", file.name, ground.remove_file)
    archives = _files(ground, "archives", evidence)
    for file in archives[: max(0, len(archives) - starting.archives_keep_count)]:
        if file.modified_at < starting.archives_before:
            yield Thing("archives", file.name, ground.remove_file)


def _folders(
    ground: Ground, area: Area, names: Sequence[str], evidence: Evidence
) -> Iterator[Thing]:
    for name in names:
        if NAMES[area].fullmatch(name):
            yield Thing(area, name, ground.remove_folder)
        else:
            evidence.failing(f"{area}/{name[:80]!r}", "not a name of ours")


def _files(ground: Ground, area: Area, evidence: Evidence) -> list[OldFile]:
    """The oldest first."""
    try:
        return sorted(ground.files(area), key=lambda file: (file.modified_at, file.name))
    except OSError as error:
        evidence.failing(area, _words(error))
        return []


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
