"""Why something happened or did not, and what would have let it happen."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from actors.calendar import day_bounds
from actors.replay.explaining import Explanation, Line, Teller, Unknown, says_of
from actors.replay.happenings import (
    of_record,
    phase,
    request,
    template,
)
from actors.replay.occasions import occurrence
from actors.triggers import next_after
from events.configuration import Configuration
from horarium import reading, times
from horarium.commands.options import Refusal, now, with_places
from horarium.past import LogPast
from horarium.places import Places
from horarium.tables import Cell, Column, faint, gap, line, note, show, show_json, title
from projections.database import ProjectionsUnavailable, open_readonly

LINES = 60  # of a chain, on a page; --json has all
CHAIN = (Column("record", right=True), Column("time"), Column("by"), Column("", long=True))
TREE = (Column("record", right=True), Column("time"), Column("", long=True))
_WORK, _RUN, _NUMBERED = (re.compile(it) for it in (r"w\d+-\d+", r"r\d+-\d+", r"(.+)#(\d+)"))
KINDS = (
    " There are works (w12-1), runs (r14-1), positions of the log (42), intents (name or"
    " name@18:00), templates (name@today or name@today#2), phases (name@today) and keys of"
    " requests."
)
VERDICTS = {
    "planned": "It would have been planned",
    "started": "It would have run",
    "answered": "It would have been done",
    "opened": "It would have begun",
    "tried again": "It would have been tried again",
    "begun": "It would have begun in time",
}


@click.command()
@click.argument("subject")
@click.option("--tree", is_flag=True, help="Show the chain by causes, not by time.")
@with_places
def explain(here: Places, as_json: bool, subject: str, tree: bool) -> None:
    """Why something ran or did not: its causes in order, what stood in its way first, and the
    smallest change that would have let it run, found by deciding it again.

    SUBJECT is a work (w12-1), a run (r14-1), a position of the log (which also names a refusal
    of money or a hold), an intent (its last occurrence) or intent@time, a template@day or
    template@day#n, a phase@day, or the key of a request.

    --json gives subject, about (what kind of thing it is), verdict, says, reasons (the first
    one first: within which list, reason, means, position), ways (each of which would have
    sufficed: changes with says, setting, value, command, and what was shown), decided_from
    (the record from which on it was decided again) and chain (the records, the newest last).
    """
    with _past(here) as past:
        try:
            told = Subject(past, now()).explained(subject)
        except Unknown as error:
            raise Refusal(f"{error}.{_meant(past, subject)}") from error
    if as_json:
        show_json(document(told))
        return
    _tell(told, tree)


class Subject:
    """What was written on the command line, found in the log."""

    def __init__(self, past: LogPast, moment: datetime) -> None:
        self._past, self._now = past, moment
        self._teller = Teller(past, self._clock, moment)

    def explained(self, text: str) -> Explanation:
        """Raises Unknown when there is no such thing, and click.UsageError when that is no name."""
        if _WORK.fullmatch(text):
            return self._teller.work(text)
        if _RUN.fullmatch(text):
            return self._teller.run(text)
        if text.isdecimal():
            return self._of_position(int(text))
        asked = self._past.requests(text)
        if asked:
            return request(self._teller, asked[-1], text)
        name, _, when = text.rpartition("@")
        house = self._past.configuration(self._past.head)
        if name and house is not None:
            return self._of_name(text, name, when, house)
        if house is not None and self._past.knows_intent(text):
            return self._of_intent(text, house)
        if house is not None and (text in house.templates or _is_phase(house, text)):
            raise _needs_day(text, text)
        raise Unknown(f"nothing is called {text!r}")

    def _clock(self, at: datetime) -> str:
        return times.clock(at, self._now)

    def _of_position(self, position: int) -> Explanation:
        record = self._past.record(position)
        if record is None:
            raise Unknown(f"the log has no record {position}; it ends at {self._past.head}")
        return of_record(self._teller, record)

    def _of_name(self, text: str, name: str, when: str, house: Configuration) -> Explanation:
        day, number = self._day(when)
        if day is None:
            if name not in house.intents and (name in house.templates or _is_phase(house, name)):
                raise _needs_day(text, name)
            return occurrence(self._teller, name, *self._moment(when), text)
        if name in house.templates:
            return template(self._teller, name, day, number, text)
        if _is_phase(house, name):
            return phase(self._teller, name, day, text)
        return self._of_day(text, name, day, house)

    def _of_intent(self, name: str, house: Configuration) -> Explanation:
        """Its last occurrence; where none came yet, the first that will."""
        at = self._past.last_due(name)
        if at is None and name in house.intents:
            at = next_after(house.intents[name], house, self._now)
        if at is None:
            return occurrence(self._teller, name, self._now, self._now, name)
        return occurrence(self._teller, name, at, at, f"{name}@{_written(at)}")

    def _of_day(self, text: str, name: str, day: date, house: Configuration) -> Explanation:
        """An intent that was due once that day needs no time."""
        first, after = day_bounds(house.day, day)
        last = after - timedelta(microseconds=1)
        found = {
            getattr(it.fact, "due_at", None) or getattr(it.fact, "first_due_at", None) or it.at
            for it in self._past.occurrences(name, first, last)
        }
        if len(found) > 1:
            some = ", ".join(f"{name}@{_written(at)}" for at in sorted(found)[:5])
            raise click.UsageError(f"{name} was due {len(found)} times that day; say when: {some}")
        return occurrence(self._teller, name, first, last, text)

    def _day(self, when: str) -> tuple[date | None, int | None]:
        numbered = _NUMBERED.fullmatch(when)
        day, number = numbered.groups() if numbered else (when, None)
        try:
            return times.day(day, self._now), int(number) if number else None
        except times.NotATime:
            return None, None

    def _moment(self, when: str) -> tuple[datetime, datetime]:
        """That instant, as exactly as it is written: a minute, or a second."""
        try:
            at = times.instant(when, self._now)
        except times.NotATime as error:
            raise click.UsageError(str(error)) from error
        if at.microsecond:
            return at, at
        length = timedelta(seconds=1) if at.second else timedelta(minutes=1)
        return at, at + length - timedelta(microseconds=1)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _needs_day(text: str, name: str) -> click.UsageError:
    return click.UsageError(f"{text!r}: write {name}@ and a day: today, 2026-11-20")


def _is_phase(house: Configuration, name: str) -> bool:
    return any(it.name == name for it in house.phases)


@contextmanager
def _past(here: Places) -> Iterator[LogPast]:
    try:
        with reading.opened(here) as log:
            try:
                with closing(open_readonly(here.projections)) as folded:
                    yield LogPast(log, folded)
            except ProjectionsUnavailable as error:
                note(f"Searching the whole log, for {error}.")
                yield LogPast(log, None)
    except reading.NoLog as error:
        raise Refusal(str(error)) from error
    except sqlite3.Error as error:
        raise Refusal(f"cannot read {here.data}: {error}") from error


def _meant(past: LogPast, subject: str) -> str:
    works, runs, keys = past.names()
    house = past.configuration(past.head) or Configuration()
    named = [*house.intents, *house.templates, *(it.name for it in house.phases)]
    if (name := subject.rpartition("@")[0]) and name not in named:
        offered = reading.did_you_mean(name, named)
    else:
        known = list(dict.fromkeys([*works, *runs, *keys, *named]))
        offered = reading.did_you_mean(subject, known)
    return offered if offered.startswith(" Did you mean") else KINDS


def document(told: Explanation) -> dict[str, Any]:
    """As --json prints it."""
    return {
        "subject": told.subject,
        "about": told.about,
        "verdict": told.verdict,
        "says": told.says,
        "reasons": [it._asdict() for it in told.reasons],
        "ways": [
            {
                "shown": way.shown,
                "changes": [
                    {
                        "says": it.says,
                        "setting": it.setting,
                        "value": it.value,
                        "command": it.command,
                    }
                    for it in way.changes
                ],
            }
            for way in told.ways
        ],
        "decided_from": told.decided_from,
        "chain": told.chain,
    }


def _tell(told: Explanation, tree: bool) -> None:
    title(told.says)
    for reason in told.reasons[1:]:
        if reason.within not in ("end", "outcome", "drop") and reason.reason != "no_funds":
            line(faint(f"  and {reason.means}"))
    for way in told.ways:
        line(f"{VERDICTS[way.shown]} if {says_of(way)}.")
        for change in way.changes:
            if change.setting or change.command:
                setting = f"{change.setting} = {change.value}" if change.value else change.setting
                line(Cell(f"    {change.command or setting}", "cyan"))
    if told.ways:
        line(faint(f"  (decided again from record {told.decided_from} on)"))
    if told.chain:
        gap()
        (_tell_tree if tree else _tell_chain)(told.chain)


def _tell_chain(chain: tuple[Line, ...]) -> None:
    left_out = len(chain) - LINES
    if left_out > 0:
        line(faint(f"{left_out:,} earlier records are left out; --json has them"))
    show(CHAIN, [(it.position, _time(it), it.by, it.says) for it in chain[-LINES:]])


def _tell_tree(chain: tuple[Line, ...]) -> None:
    depths: dict[int, int] = {}
    rows = []
    for it in _by_cause(chain):
        depths[it.position] = depths.get(it.cause or 0, -1) + 1
        rows.append((it.position, _time(it), "  " * depths[it.position] + it.says))
    show(TREE, rows)


def _by_cause(chain: tuple[Line, ...]) -> list[Line]:
    """Each record behind what caused it, and before what came to pass later."""
    known = {it.position for it in chain}
    following: dict[int, list[Line]] = {}
    for it in chain:
        following.setdefault(it.cause if it.cause in known else 0, []).append(it)
    told, waiting = [], list(reversed(following.get(0, [])))
    while waiting:
        it = waiting.pop()
        told.append(it)
        waiting += reversed(following.get(it.position, []))
    return told


def _time(it: Line) -> str:
    return times.clock(it.at, now(), seconds=True)
