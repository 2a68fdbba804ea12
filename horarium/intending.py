"""Intents made by hand: read and checked by what reads and checks those of a configuration."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import convert
from msgspec.structs import replace

from events.configuration import Configuration, Intent
from events.settings import WEEKDAYS
from horarium import reading, times
from horarium.asof import opened_log, opened_projections
from horarium.configuration.fault import Fault, Faults, path_of
from horarium.configuration.intents import check_intents
from horarium.configuration.scalar import Context
from horarium.configuration.shapes import Place, table
from horarium.configuration.words import known_zone
from horarium.places import Places
from projections.database import ProjectionsUnavailable
from projections.queries.intents import intents

MOMENTS = ("at", "starts_at", "ends_at")
_DAYS = {"": 0, "today": 0, "tomorrow": 1}
_HOUR = re.compile(r"\d{1,2}:\d\d(:\d\d)?", re.ASCII)


class Read(NamedTuple):
    """An intent, and all that is wrong with it; it can be used when there are no errors."""

    intent: Intent
    faults: Sequence[Fault]

    @property
    def errors(self) -> Sequence[Fault]:
        return [fault for fault in self.faults if fault.severity == "error"]


def house_in_force(here: Places) -> Configuration:
    """The configuration that the log holds, with the intents that were made by hand.

    Raises reading.NoLog.
    """
    with opened_log(here) as log:
        house = convert(reading.configuration(log), Configuration)
    try:
        with opened_projections(here) as connection:
            return replace(house, intents={**house.intents, **_by_hand(connection)})
    except ProjectionsUnavailable:
        return house


def _by_hand(connection: Connection) -> dict[str, Intent]:
    return {
        one.intent: convert(one.definition, Intent)
        for one in intents(connection, removed=False, limit=10_000)
        if one.state == "in_force" and one.source != "configuration"
    }


def read(name: str, given: Mapping[str, Any], house: Configuration, here: Places) -> Read:
    """An intent from the values of its settings, as `config.toml` would have them."""
    faults = Faults("")
    zone = known_zone(house.day.timezone) or ZoneInfo("UTC")
    context = Context(zone, house.budget.daily_usd_micros, here.config.parent)
    [shape] = [each.shape for each in table(Configuration).settings if each.key == "intents"]
    held: Any = shape.read({name: dict(given)}, Place(("intents",), faults, context))
    faults.settle()
    check_intents(replace(house, intents={**house.intents, **held}), faults)
    at = path_of(("intents", name))
    mine = [it for it in faults.found if it.path == at or it.path.startswith((f"{at}.", f"{at}["))]
    return Read(held[name], [as_option(fault, at) for fault in mine])


def as_option(fault: Fault, at: str) -> Fault:
    """`intents.tea.on.signal` is `--on-signal` here."""
    key = re.sub(r"\[\d+\].*", "", fault.path.removeprefix(at)).strip(".")
    option = f"--{key.replace('.', '-').replace('_', '-')}" if key else ""
    return Fault(option, None, fault.message, fault.suggestion, fault.severity)


def moment(text: str, zone: ZoneInfo, now: datetime) -> str:
    """A moment as people say it, as the configuration writes it. A local one stays local, so that
    one that comes twice, or not at all, is noticed there."""
    said = text.strip().lower()
    if (length := times.span(said.removeprefix("in "))) is not None:
        return (now + length).astimezone(UTC).isoformat()
    word, _, hour = said.rpartition(" ")
    if word not in _DAYS or not _HOUR.fullmatch(hour):
        return said if said == "now" else text
    local = now.astimezone(zone)
    begun = hour.rjust(5, "0") <= f"{local:%H:%M:%S}"
    day = local.date() + timedelta(days=_DAYS[word] or int(not word and begun))
    return f"{day} {hour.rjust(5, '0')}"


def window(text: str) -> dict[str, Any]:
    """`mon-fri 09:00-17:00`, in either order, with or without days."""
    found: dict[str, Any] = {}
    for part in text.lower().split():
        if ":" in part:
            found["start"], _, found["end"] = part.partition("-")
        else:
            found["days"] = [*found.get("days", ()), *_weekdays(part)]
    return found


def _weekdays(text: str) -> Iterator[str]:
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        if first in WEEKDAYS and last in WEEKDAYS:
            span = (WEEKDAYS.index(last) - WEEKDAYS.index(first)) % 7
            yield from (WEEKDAYS[(WEEKDAYS.index(first) + n) % 7] for n in range(span + 1))
        else:
            yield part


def json_value(text: str) -> Any:
    """What JSON says; a text that is none stays itself, to be refused where it is read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
