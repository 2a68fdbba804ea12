"""What the clock remembers."""

from datetime import date, datetime

from msgspec import Struct, field

from actors.calendar import PhaseWindow
from actors.clock.agenda import Agenda
from events.configuration import Configuration, Intent
from events.time import OccurrenceMissed


class Armed(Struct):
    """An intent that is configured, and the last of its occurrences that became due."""

    intent: Intent
    settled: datetime | None = None


class Clock(Struct):
    """The calendar goes by `seen`, the latest moment ever told: a clock that is put back makes
    days and phases wait, not come again.
    """

    calendar: Configuration = Configuration()  # its day and its phases, nothing else
    intents: dict[str, Armed] = field(default_factory=dict)
    life: datetime | None = None  # when the daemon started
    seen: datetime | None = None
    before: datetime | None = None  # the moment seen before that one
    day: date | None = None
    open: list[PhaseWindow] = field(default_factory=list)
    turn: datetime | None = None  # when next a day ends or a phase starts or ends
    due: Agenda = field(default_factory=Agenda)  # of each intent, the next occurrence
    owed: list[OccurrenceMissed] = field(default_factory=list)  # overtaken by a configuration
    alarms: Agenda = field(default_factory=Agenda)  # by setter/alarm
