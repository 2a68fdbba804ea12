"""What the clock remembers."""

from datetime import date, datetime, timedelta

from msgspec import Struct, field

from actors.calendar import PhaseWindow
from actors.clock.agenda import Agenda
from actors.clock.settled import Span
from events.configuration import Configuration, Intent
from events.intents import IntentsConfigured, IntentSource
from events.plan import OccurrenceSkipped
from events.time import (
    CalendarChanged,
    MissReason,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
)

Owed = (
    CalendarChanged
    | IntentsConfigured
    | OccurrenceExpired
    | OccurrenceMissed
    | OccurrencesCoalesced
    | OccurrenceSkipped
    | OccurrencesSuperseded
)


class Armed(Struct, omit_defaults=True):
    """An intent that is in force, and how far it has come.

    Everything up to `mark` is settled; `next` is the first instant after it, and `jitter` how
    many seconds later that is told.
    """

    intent: Intent
    mark: datetime
    anchored: datetime  # the moment from which it counts
    source: IntentSource = "configuration"
    switched: bool | None = None  # by hand
    next: datetime | None = None
    jitter: int = 0
    step: timedelta | None = None  # from one to the next, where that is always the same
    ran: list[Span] = field(default_factory=list)
    runs: int = 0  # counted only where there is a maximum
    expected: int = 0  # of what was told of this day, how many are still to come
    expected_until: datetime | None = None  # the last of them

    @property
    def enabled(self) -> bool:
        return self.intent.enabled if self.switched is None else self.switched


class Waiting(Struct):
    """Overdue occurrences of one intent that wait for their turn, in order of time."""

    instants: list[datetime]
    reason: MissReason


class Unlived(Struct):
    """The clock was put forward by more than a day: from `before` to `after` no time passed."""

    before: datetime
    after: datetime


class Clock(Struct):
    """The calendar goes by `seen`, the latest moment ever told: a clock that is put back a little
    makes days and phases wait, not come again. One that is put back by more than a day makes
    `seen` go back too.
    """

    house: Configuration = Configuration()  # its day, phases, policies and clock, nothing else
    tzdata: str = ""
    configured: bool = False
    intents: dict[str, Armed] = field(default_factory=dict)
    gone: dict[str, Armed] = field(default_factory=dict)  # the last to be removed
    passed_over: dict[str, Intent] = field(default_factory=dict)
    # Configured under the name of one that was made by hand before, and stands.
    listeners: dict[str, list[str]] = field(default_factory=dict)  # by what makes them due
    seen: datetime | None = None
    before: datetime | None = None  # the moment seen before that one
    unlived: list[Unlived] = field(default_factory=list)
    reopened: datetime | None = None  # The clock is back from far ahead; not told yet.
    day: date | None = None
    days: list[date] = field(default_factory=list)  # the last that started
    told: date | None = None  # the day whose occurrences were told
    open: list[PhaseWindow] = field(default_factory=list)
    turn: datetime | None = None  # when next a day ends or a phase starts or ends
    turned: bool = False  # that moment had come when time was told last
    due: Agenda = field(default_factory=Agenda)  # of each intent, when the next is told
    owed: list[Owed] = field(default_factory=list)  # verdicts that follow from what was heard
    waiting: dict[str, Waiting] = field(default_factory=dict)
    caught_up: list[datetime] = field(default_factory=list)  # when the last overdue were told
    alarms: Agenda = field(default_factory=Agenda)  # by setter/alarm
    signals: dict[str, int] = field(default_factory=dict)  # by key, how often they came
    alerts: list[str] = field(default_factory=list)  # raised by us
    probing: datetime | None = None  # A question to the machine is open until then.
