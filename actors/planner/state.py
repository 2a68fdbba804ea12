"""What the planner knows."""

from datetime import date, datetime

from msgspec import Struct, field

from events.configuration import Action, Configuration, Intent
from events.intents import IntentSource
from events.time import SupersedeReason


class OpenWork(Struct, gc=False, omit_defaults=True):
    """Work that was planned and has not ended."""

    category: str
    lane: str
    estimate_usd_micros: int
    expected_seconds: int
    day: date | None = None
    phase: str | None = None
    not_before: datetime | None = None
    intent: str = ""  # whose occurrence it is
    due_at: datetime | None = None  # of that occurrence
    overtaken: str = ""  # by a newer one, under this policy
    settled_usd_micros: int = 0  # what its runs have cost so far
    fixed: bool = False  # released, or moved by a person: no plan takes it back
    withdrawn: bool = False  # taken back, and not yet seen to be dropped
    name: str = ""
    input_json: str = "{}"
    action: Action | None = None  # that no configuration names
    tells: str = ""  # the alert that it tells of
    lineage: str = ""  # of what was revived: the work that was buried first, and how often


class Chosen(Struct, gc=False):
    """A template that a plan of today put into a phase."""

    template: str
    day: date
    phase: str


class Buffered(Struct, gc=False):
    """An occurrence that waits for the work of an earlier one to end."""

    due_at: datetime
    data_json: str = ""


class Alert(Struct, omit_defaults=True):
    """Something that people are told."""

    alert: str
    subject: str
    words: str = ""
    raised_at: datetime | None = None  # None: it is over
    work: str = ""  # that is to tell it
    times: int = 0  # such work was planned since it was raised
    again_at: datetime | None = None  # Before that it is not told again.


class Buried(Struct, omit_defaults=True):
    """Work that is out of attempts, as far as it can be planned anew."""

    name: str
    input_json: str = "{}"
    intent: str = ""
    action: Action | None = None
    lineage: str = ""


class ByHand(Struct):
    """An intent that did not come from the configuration."""

    intent: Intent
    source: IntentSource


class Planned(Struct):
    """What was made of a day that is not open any more. The clock may go back to it."""

    revision: int
    spent: dict[str, int]
    chosen: dict[str, Chosen]
    numbers: dict[str, int]


class Planner(Struct):
    """The state of the planner. Money is today's, by category, in micro-dollars."""

    configuration: Configuration | None = None
    changed: bool = False  # The last ConfigurationLoaded changed what plans depend on.
    day: date | None = None  # the one whose budget is open
    unplanned: bool = True  # since it was opened
    revision: int = 0  # of its plan; 0: not planned yet
    former_day: date | None = None  # the one planned before it
    former: dict[str, Planned] = field(default_factory=dict)  # by day, the last to be open
    limit_usd_micros: int = 0
    reserve_usd_micros: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    works: dict[str, OpenWork] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)  # today, by work
    numbers: dict[str, int] = field(default_factory=dict)  # last one of today, by template
    recents: list[str] = field(default_factory=list)  # templates planned or asked for
    by_hand: dict[str, ByHand] = field(default_factory=dict)
    switched: dict[str, bool] = field(default_factory=dict)  # enabled or not, by hand
    awaited: dict[str, int] = field(default_factory=dict)  # intents others wait for: how many
    occurring: dict[str, list[str]] = field(default_factory=dict)  # intent: its open works
    buffered: dict[str, list[Buffered]] = field(default_factory=dict)  # by intent, never empty
    data_json: str = ""  # of the occurrence heard last
    displaced: dict[str, SupersedeReason] = field(default_factory=dict)
    # Whose buffered occurrences the last ConfigurationLoaded takes the place of.
    ended: OpenWork | None = None  # of an intent, by the fact heard last
    paused: list[str] = field(default_factory=list)  # labels
    answered: dict[str, str] = field(default_factory=dict)  # key of a request: its work
    answered_before: dict[str, str] = field(default_factory=dict)
    granted: list[str] = field(default_factory=list)  # requests about intents, the latest only
    failing: dict[str, int] = field(default_factory=dict)  # intent: its failures in a row
    broken: list[str] = field(default_factory=list)  # intents that are due no more
    alerts: dict[str, Alert] = field(default_factory=dict)  # by name and subject
    told_by: list[str] = field(default_factory=list)  # runs that tell alerts, the latest only
    buried: dict[str, Buried] = field(default_factory=dict)  # by work, the latest only
    revived: tuple[str, str] = ("", "")  # key and work of such a request, as heard last
    limited: list[str] = field(default_factory=list)  # what was given a limit of its own by hand

    def answer_to(self, key: str) -> str | None:
        """What a request of that key became: the last ten thousand answers are known."""
        answer = self.answered.get(key)
        return self.answered_before.get(key) if answer is None else answer

    def intent(self, name: str) -> Intent | None:
        """The intent of that name; one made by hand wins."""
        if (by_hand := self.by_hand.get(name)) is not None:
            return by_hand.intent
        return None if self.configuration is None else self.configuration.intents.get(name)

    def is_enabled(self, name: str, intent: Intent) -> bool:
        return self.switched.get(name, intent.enabled)

    def own_limit(self, name: str, intent: str = "") -> str:
        """Under which limit of its own stands what an intent or a template brings, if any."""
        found = self.intent(intent) if intent else None
        label = f"intent:{intent}"
        if found is not None and (found.daily_usd_micros is not None or label in self.limited):
            return label
        house = self.configuration
        template = None if house is None else house.templates.get(name)
        if template is None:
            return ""
        label = f"template:{name}"
        return label if template.daily_usd_micros is not None or label in self.limited else ""

    def is_awaited(self, name: str) -> bool:
        """Whether anybody has to be told what comes of its occurrences."""
        if name in self.awaited:
            return True
        intent = self.intent(name)
        return intent is not None and (
            intent.every_from == "completion" or intent.max_runs is not None
        )

    def in_force(self) -> list[Intent]:
        """The intents that can be due."""
        configured = {} if self.configuration is None else self.configuration.intents
        named = configured | {name: it.intent for name, it in self.by_hand.items()}
        return [
            intent
            for name, intent in named.items()
            if name not in self.broken and self.is_enabled(name, intent)
        ]

    def chosen_today(self) -> list[tuple[str, date, str]]:
        """Template, day and phase of all that plans of today chose and did not take back."""
        return [
            (chosen.template, chosen.day, chosen.phase)
            for work, chosen in self.chosen.items()
            if not (work in self.works and self.works[work].withdrawn)
        ]
