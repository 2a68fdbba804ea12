"""What a preview is asked of: an intent, with the settings that are given for it in passing."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from msgspec import convert
from msgspec.structs import replace

from actors.planner.subject import subject_of
from actors.replay.previewing import Question, Sleep
from events.configuration import Action, Configuration, Intent
from horarium import intending, times
from horarium.asof import opened_projections
from horarium.configuration import load, units
from horarium.configuration.fault import Fault, Faults, render
from horarium.configuration.intents import check_intents, waits_for
from horarium.configuration.scalar import Context
from horarium.configuration.shapes import Place, Table, table
from horarium.configuration.words import known_zone
from horarium.places import Places, places
from horarium.reading import did_you_mean
from projections.database import ProjectionsUnavailable
from projections.queries.intents import intent as one_intent

PASSING = "preview"  # the name of what is only given in passing
ANY_WORK = Intent(run=PASSING, every_seconds=1)
OPTIONS = {"--timezone": "--tz"}  # what is called otherwise here
T = TypeVar("T")


class Unfit(Exception):
    """What was given cannot be lived; the message says what is wrong, and what was meant."""


class Unknown(Exception):
    """There is no such intent; the message says which name was meant."""


class Asked(NamedTuple):
    """As it was written on the command line; None is what was not."""

    intent: str | None
    settings: Mapping[str, Any]  # by the keys of `config.toml`
    begin: str | None
    limit: int
    asleep: str | None
    takes: str | None


class Meant(NamedTuple):
    """The question, the intent it is about, and the zone of its local times."""

    question: Question
    intent: Intent
    zone: ZoneInfo


def meant(asked: Asked, here: Places, now: datetime) -> Meant:
    """Raises Unfit, Unknown, ConfigError."""
    house, name = _house(here, asked), asked.intent or PASSING
    known = _known(asked.intent, house, here) if asked.intent else ANY_WORK
    if name == PASSING:
        house = replace(house, actions={**house.actions, PASSING: Action(expected_seconds=0)})
    intent = _given(name, known, asked, house, here)
    house = replace(house, intents={**house.intents, name: intent})
    zone = known_zone(intent.timezone or house.day.timezone) or ZoneInfo("UTC")
    expected = subject_of(house, intent.run)
    takes = _read("--takes", units.duration, asked.takes) if asked.takes else None
    takes = takes if takes is not None else expected.expected_seconds if expected else 0
    question = Question(
        name,
        replace(house, intents=_line_of(name, house.intents)),
        _begin(asked.begin, zone, now),
        asked.limit,
        timedelta(seconds=takes),
        _sleep(asked.asleep, zone),
    )
    return Meant(question, intent, zone)


def _house(here: Places, asked: Asked) -> Configuration:
    """The configuration, if there is one; a trigger in passing needs none."""
    if asked.intent is None and here.config == places().config and not here.config.exists():
        return Configuration()
    return load(here.config, os.environ).configuration


def _known(name: str, house: Configuration, here: Places) -> Intent:
    """Of the configuration, or made by hand as far as the projections know."""
    if (configured := house.intents.get(name)) is not None:
        return configured
    by_hand = None
    try:
        with opened_projections(here) as connection:
            by_hand = one_intent(connection, name)
    except ProjectionsUnavailable:
        pass
    if by_hand is None or by_hand.state != "in_force" or by_hand.source == "configuration":
        raise Unknown(f"no intent is called {name!r}.{did_you_mean(name, [*house.intents])}")
    return convert(by_hand.definition, Intent)


def _given(name: str, known: Intent, asked: Asked, house: Configuration, here: Places) -> Intent:
    """An intent with other settings. Raises Unfit with all that is wrong with it."""
    faults = Faults("")
    zone = known_zone(house.day.timezone) or ZoneInfo("UTC")
    context = Context(zone, house.budget.daily_usd_micros, here.config.parent)
    shape = table(Intent)
    place = Place(("intents", name), faults, context)
    held: Any = shape.read({"run": known.run, **asked.settings}, place)
    fields = _fields(shape, asked.settings)
    if fields & {"cron", "every_seconds"}:
        known = replace(known, cron=None, every_seconds=None, every_from="scheduled", at=None,
                        now=False, on=None, after=None, after_when="success")  # fmt: skip
    intent = replace(known, **{field: getattr(held, field) for field in fields})
    faults.settle()
    check_intents(replace(house, intents={**house.intents, name: intent}), faults)
    found = [_as_option(fault, name) for fault in faults.found if _is_of(fault, name)]
    if any(fault.severity == "error" for fault in found):
        raise Unfit(render(found))
    return intent


def _fields(shape: Table, settings: Mapping[str, Any]) -> set[str]:
    return {each.field.name for each in shape.settings if each.key in settings}


def _is_of(fault: Fault, name: str) -> bool:
    path = f"intents.{name}"
    return fault.path == path or fault.path.startswith((f"{path}.", f"{path}["))


def _as_option(fault: Fault, name: str) -> Fault:
    said = intending.as_option(fault, f"intents.{name}")
    return Fault(OPTIONS.get(said.path, said.path), None, said.message, said.suggestion)


def _line_of(name: str, intents: Mapping[str, Intent]) -> dict[str, Intent]:
    """The intent and those for whose end it waits, one behind the other."""
    line: dict[str, Intent] = {}
    waiting = [name]
    while waiting and (one := waiting.pop()) not in line:
        line[one] = intents[one]
        waiting = [other for _, other in waits_for(intents[one])]
    return line


def _begin(text: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    if text is None or text.strip().lower() == "now":
        return now.replace(microsecond=0)
    try:
        text = f"{times.day(text, now, zone)} 00:00"
    except times.NotATime:
        text = intending.moment(text, zone, now)
    return _read("--from", units.moment, text, zone)


def _sleep(text: str | None, zone: ZoneInfo) -> Sleep | None:
    if text is None:
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise Unfit(f'--asleep  "{text}" is not a window such as 02:00-09:00')
    began = _read("--asleep", units.clock, start.strip())
    ended = _read("--asleep", units.clock, end.strip(), True)
    if began == ended:
        raise Unfit(f"--asleep  from {began:%H:%M} to {ended:%H:%M} is no length of time")
    return Sleep(began, ended, zone.key)


def _read(option: str, read: Callable[..., T], *values: object) -> T:
    try:
        return read(*values)
    except units.UnfitError as unfit:
        raise Unfit(render([Fault(option, None, str(unfit), unfit.suggestion)])) from None
