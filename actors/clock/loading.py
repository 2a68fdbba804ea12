"""What another configuration means for the clock."""

from datetime import datetime

from actors.clock import days, intents
from actors.clock.intents import Change
from actors.clock.state import Clock
from events.configuration import Configuration, ConfigurationLoaded
from events.time import CalendarChanged, SupersedeReason


def load(state: Clock, loaded: ConfigurationLoaded, at: datetime) -> None:
    """Learn the settings in force, and what local times mean from here on."""
    before, given = state.house, loaded.configuration
    house = before if given is None else _house(given)
    moved: SupersedeReason | None = None
    if state.configured and loaded.tzdata and state.tzdata not in ("", loaded.tzdata):
        moved = "tzdata_changed"
        state.owed.append(CalendarChanged("tzdata", state.tzdata, loaded.tzdata))
    if state.configured and house.day.timezone != before.day.timezone:
        moved = "zone_changed"
        zones = before.day.timezone, house.day.timezone
        state.owed.append(CalendarChanged("timezone", *zones))
    state.tzdata = loaded.tzdata or state.tzdata
    state.configured = state.configured or given is not None
    if house != before:
        days.configure(state, house, at)
    change = Change(before, at, moved)
    if given is not None:
        intents.configure(state, given.intents, change)
    elif moved is not None:
        intents.move(state, change)


def _house(configuration: Configuration) -> Configuration:
    return Configuration(
        day=configuration.day,
        phases=configuration.phases,
        policies=configuration.policies,
        clock=configuration.clock,
    )
