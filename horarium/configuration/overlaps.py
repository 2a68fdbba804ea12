"""Phases that lie on top of each other in the week."""

from collections.abc import Iterator, Sequence
from datetime import time
from typing import NamedTuple

from events.configuration import Phase
from events.settings import WEEKDAYS
from horarium.configuration.fault import Faults

_DAY_SECONDS = 86_400
_WEEK_SECONDS = 7 * _DAY_SECONDS


class _Span(NamedTuple):
    """When a phase is open, in seconds of the week."""

    start: int
    end: int
    phase: int  # its place in the list


def check_phases(phases: Sequence[Phase], faults: Faults) -> None:
    """Note windows that overlap, never open, or are given twice."""
    seen: dict[tuple[str, str], int] = {}
    for nth, phase in enumerate(phases):
        if not phase.days:
            faults.add(("phases", nth, "days"), "without days it never opens", severity="warning")
        twice = [day for day in phase.days if seen.setdefault((phase.name, day), nth) != nth]
        if twice:
            message = f"'{phase.name}' has another window on {', '.join(twice)} already"
            faults.add(("phases", nth, "name"), message)
    for first, second in sorted(set(_overlaps(phases))):
        message = f"it overlaps '{phases[first].name}'; work may run in both at once"
        faults.add(("phases", second), message, severity="warning")


def _overlaps(phases: Sequence[Phase]) -> Iterator[tuple[int, int]]:
    last: _Span | None = None
    for span in sorted(_spans(phases)):
        if last and span.start < last.end and phases[span.phase].name != phases[last.phase].name:
            yield min(span.phase, last.phase), max(span.phase, last.phase)
        if last is None or span.end > last.end:
            last = span


def _spans(phases: Sequence[Phase]) -> Iterator[_Span]:
    for nth, phase in enumerate(phases):
        length = (_seconds(phase.end) - _seconds(phase.start)) % _DAY_SECONDS or _DAY_SECONDS
        for day in sorted(set(phase.days)):
            start = WEEKDAYS.index(day) * _DAY_SECONDS + _seconds(phase.start)
            yield _Span(start, start + length, nth)
            if start + length > _WEEK_SECONDS:
                yield _Span(start - _WEEK_SECONDS, start + length - _WEEK_SECONDS, nth)


def _seconds(of_day: time) -> int:
    return of_day.hour * 3600 + of_day.minute * 60 + of_day.second
