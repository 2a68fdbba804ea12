"""The intents: where each came from, what makes it due, whether it is in force."""

from datetime import datetime
from typing import Final

from msgspec.json import encode
from msgspec.structs import asdict

from events.configuration import Configuration, ConfigurationLoaded
from events.configuration import Intent as Definition
from events.intents import (
    BreakerClosed,
    BreakerOpened,
    IntentAdded,
    IntentRemoved,
    IntentsConfigured,
    IntentSwitched,
)
from events.record import Record
from projections.intent_tables import Intent
from projections.rows import Handlers, Tables

NAME: Final = "intents"
CONFIGURED: Final = "configuration"
UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def configuration_loaded(
    tables: Tables, record: Record, fact: ConfigurationLoaded, at: str
) -> None:
    """Only what came from a configuration is changed by another one."""
    house = fact.configuration
    if house is None:
        return
    tables.latest.make("house").value = encode(_about_time(house)).decode()
    for row in tables.intents.select(
        "WHERE source = ? AND state = 'in_force' ORDER BY intent", CONFIGURED
    ):
        if row.intent not in house.intents:
            _remove(row, "not_configured", at)
    for name, definition in house.intents.items():
        row = tables.intents.make(name)
        row.name_taken = row.state == "in_force" and row.source != CONFIGURED
        if not row.name_taken:
            _define(row, definition, CONFIGURED, at)


def intents_configured(tables: Tables, record: Record, fact: IntentsConfigured, at: str) -> None:
    for name in fact.removed:
        row = tables.intents.make(name)
        if row.state == "in_force" and row.source == CONFIGURED:
            _remove(row, "not_configured", at)
    for name in fact.name_taken:
        tables.intents.make(name).name_taken = True


def intent_added(tables: Tables, record: Record, fact: IntentAdded, at: str) -> None:
    _define(tables.intents.make(fact.name), fact.intent, fact.source, at)


def intent_removed(tables: Tables, record: Record, fact: IntentRemoved, at: str) -> None:
    _remove(tables.intents.make(fact.name), fact.reason, at)


def intent_switched(tables: Tables, record: Record, fact: IntentSwitched, at: str) -> None:
    row = tables.intents.make(fact.name)
    row.enabled, row.switched_at = fact.enabled, at


def breaker_opened(tables: Tables, record: Record, fact: BreakerOpened, at: str) -> None:
    tables.intents.make(fact.intent).broken_at = at


def breaker_closed(tables: Tables, record: Record, fact: BreakerClosed, at: str) -> None:
    tables.intents.make(fact.intent).broken_at = None


def _define(row: Intent, definition: Definition, source: str, at: str) -> None:
    """The same again changes nothing: what was switched by hand stays so."""
    written = encode(definition).decode()
    if (row.state, row.source, row.definition) == ("in_force", source, written):
        return
    row.source, row.run, row.definition = source, definition.run, written
    row.trigger = trigger_text(definition)
    row.enabled, row.switched_at = definition.enabled, None
    row.state, row.since = "in_force", at
    row.removed_at, row.removed_reason = None, ""


def _remove(row: Intent, reason: str, at: str) -> None:
    row.state, row.removed_at, row.removed_reason = "removed", at, reason


def _about_time(house: Configuration) -> Configuration:
    """What of a configuration says when something is due."""
    return Configuration(
        day=house.day, phases=house.phases, policies=house.policies, clock=house.clock
    )


def trigger_text(intent: Definition) -> str:
    """What makes it due, in a few words."""
    match intent:
        case Definition(cron=str(cron)):
            return f"cron {cron}"
        case Definition(every_seconds=int(seconds), every_from="completion"):
            return f"every {length(seconds)} from completion"
        case Definition(every_seconds=int(seconds)):
            return f"every {length(seconds)}"
        case Definition(at=datetime() as at):
            return f"at {at:%Y-%m-%dT%H:%M:%SZ}"
        case Definition(after=str(other)):
            return f"after {other} ({intent.after_when})"
    if intent.on is not None:
        named = ((what, name) for what, name in asdict(intent.on).items() if name)
        return " ".join(f"on {what} {name}" for what, name in named)
    return "now" if intent.now else ""


def length(seconds: int) -> str:
    """1h30m, as settings write it."""
    text = ""
    for unit, size in UNITS:
        count, seconds = divmod(seconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


HANDLERS: Handlers = {
    ConfigurationLoaded: configuration_loaded,
    IntentsConfigured: intents_configured,
    IntentAdded: intent_added,
    IntentRemoved: intent_removed,
    IntentSwitched: intent_switched,
    BreakerOpened: breaker_opened,
    BreakerClosed: breaker_closed,
}
