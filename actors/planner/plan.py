"""The drawing of a plan: what goes into each phase of a day, and why everything else does not.

Money for what is already under way and for the occurrences expected until the day ends is set
aside first. Then, phase by phase in order of time, the best scored template that fits is taken
again and again, until none fits. For each phase, each template is either taken, once or more,
or passed over, exactly once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from actors.calendar import PhaseWindow
from actors.planner.purse import Purse
from actors.planner.scoring import (
    balance_millis,
    remember,
    score_of,
    variety_millis,
    window_millis,
)
from actors.planner.subject import Subject, subject_of
from actors.triggers import count_between, due_between
from events.configuration import Configuration, Intent, Template
from events.plan import PassOverReason, Score

OCCURRENCES_MAX = 1_500  # expected of one intent: somewhat more than one for each minute of a day
SECOND = timedelta(seconds=1)


class Situation(NamedTuple):
    """What a plan is drawn from. `windows` are those it covers, in order of time."""

    configuration: Configuration
    intents: Sequence[Intent]  # that can be due
    now: datetime
    day_ends_at: datetime
    windows: Sequence[PhaseWindow]
    limit_usd_micros: int
    reserve_usd_micros: int
    shares: Mapping[str, int]  # of each category
    spent: Mapping[str, int]  # today, by category
    promised: Mapping[str, int]  # to work that is under way, by category
    busy_seconds: Mapping[tuple[date, str, str], int]  # by day, phase and lane
    chosen: Sequence[tuple[str, date, str]]  # template, day, phase: today, by former revisions
    recents: Sequence[str]  # names of works, the newest last


class Choice(NamedTuple):
    """A template in a phase: taken, or passed over for a reason."""

    window: PhaseWindow
    template: str
    score: Score
    taken: Subject | None = None
    reason: PassOverReason = "outscored"


class Drawing(NamedTuple):
    left_usd_micros: int
    set_aside_usd_micros: int
    set_aside_count: int
    choices: Iterator[Choice]


class Candidate(NamedTuple):
    name: str
    template: Template
    subject: Subject


class Room:
    """A phase that is being filled: seconds by lane, places, and how welcome each template is."""

    def __init__(self, window: PhaseWindow, situation: Situation) -> None:
        self.window = window
        self.starts_at = max(window.starts_at, situation.now)
        self.seconds = (window.ends_at - self.starts_at) // SECOND
        self.places = Counter(
            name for name, *place in situation.chosen if place == [window.day, window.phase]
        )
        self.welcome: dict[str, int | None] = {}
        self._configuration = situation.configuration
        self._busy = {
            lane: seconds
            for (day, phase, lane), seconds in situation.busy_seconds.items()
            if (day, phase) == (window.day, window.phase)
        }

    def has_time(self, lane: str, seconds: int) -> bool:
        """Whether so much fits into the phase, and beside what is in the lane already."""
        all_seconds = self.seconds * self._configuration.lane(lane).concurrency
        return seconds <= self.seconds and self._busy.get(lane, 0) + seconds <= all_seconds

    def occupy(self, lane: str, seconds: int) -> None:
        self._busy[lane] = self._busy.get(lane, 0) + seconds


class Draft:
    """A plan in the making."""

    def __init__(self, situation: Situation) -> None:
        self.configuration = configuration = situation.configuration
        self.purse = Purse(
            situation.limit_usd_micros,
            situation.reserve_usd_micros,
            situation.shares,
            situation.spent,
        )
        self.rooms = [Room(window, situation) for window in situation.windows]
        self.planned = Counter(name for name, _, _ in situation.chosen)
        self.recents = list(situation.recents)
        self.disabled: list[str] = []
        self.candidates: list[Candidate] = []
        for name in sorted(configuration.templates):  # The first of equals wins.
            template, subject = configuration.templates[name], subject_of(configuration, name)
            if subject is None or not (configuration.plan.enabled and template.enabled):
                self.disabled.append(name)
            else:
                self.candidates.append(Candidate(name, template, subject))

    def set_aside(
        self, intents: Sequence[Intent], now: datetime, until: datetime
    ) -> tuple[int, int]:
        """Set money aside for the occurrences expected in a period: how much, for how many.

        Those of an intent that names a phase take their seconds from it too; all others fit in
        between.
        """
        amount = count = 0
        until -= datetime.resolution
        subjects: dict[str, Subject | None] = {}
        for intent in intents:
            if intent.run not in subjects:
                subjects[intent.run] = subject_of(self.configuration, intent.run)
            if (subject := subjects[intent.run]) is None:
                continue
            if intent.phase is not None:
                self._make_room(intent, subject, now, until)
            if subject.estimate_usd_micros:
                expected = self._expected(intent, now, until)
                count += expected
                all_of_them = expected * subject.estimate_usd_micros
                amount += self.purse.set_aside(subject.category, all_of_them)
        return amount, count

    def _expected(self, intent: Intent, now: datetime, until: datetime) -> int:
        most = min(OCCURRENCES_MAX, intent.max_runs or OCCURRENCES_MAX)
        return min(most, count_between(intent, self.configuration, now, until))

    def _make_room(self, intent: Intent, subject: Subject, now: datetime, until: datetime) -> None:
        due = due_between(intent, self.configuration, now, until, OCCURRENCES_MAX)
        rooms = [room for room in self.rooms if room.window.phase == intent.phase]
        for at in due:
            room = next((room for room in rooms if at < room.window.ends_at), None)
            if room is not None:
                room.occupy(subject.lane, subject.expected_seconds)

    def choices(self) -> Iterator[Choice]:
        for room in self.rooms:
            yield from self._fill(room)

    def _fill(self, room: Room) -> Iterator[Choice]:
        fitting, passed_over = self._sift(room)
        compared: dict[str, Score] = {}
        taken = set()
        while fitting:
            compared |= {candidate.name: self._score(candidate, room) for candidate in fitting}
            best = max(fitting, key=lambda it: compared[it.name].total_millis)
            self._take(best, room)
            taken.add(best.name)
            yield Choice(room.window, best.name, compared[best.name], best.subject)
            fitting = [it for it in fitting if self._obstacle(it, room) is None]
        yield from passed_over
        for name, score in compared.items():
            if name not in taken:
                yield Choice(room.window, name, score)

    def _sift(self, room: Room) -> tuple[list[Candidate], list[Choice]]:
        """Who may compete for a phase, and who not, as it stands before anything is chosen."""
        fitting, passed_over = [], []
        for name in self.disabled:
            passed_over.append(Choice(room.window, name, Score(), reason="disabled"))
        for candidate in self.candidates:
            room.welcome[candidate.name] = self._welcome(candidate, room)
            reason = self._obstacle(candidate, room)
            if reason is None:
                fitting.append(candidate)
            else:
                score = self._score(candidate, room)
                passed_over.append(Choice(room.window, candidate.name, score, reason=reason))
        return fitting, passed_over

    def _take(self, candidate: Candidate, room: Room) -> None:
        name, _, subject = candidate
        self.purse.take(subject.category, subject.estimate_usd_micros)
        room.occupy(subject.lane, subject.expected_seconds)
        room.places[name] += 1
        self.planned[name] += 1
        remember(self.recents, name, self.configuration.plan.recent_works)

    def _obstacle(self, candidate: Candidate, room: Room) -> PassOverReason | None:
        """The first thing in the way of a template; None when it fits into the phase."""
        name, template, subject = candidate
        if template.phases and room.window.phase not in template.phases:
            return "phase_not_wanted"
        if room.welcome[name] is None:
            return "outside_windows"
        if self.planned[name] >= template.per_day:
            return "daily_limit"
        if room.places[name] >= template.per_phase:
            return "phase_limit"
        if room.places.total() >= self.configuration.plan.per_phase_max:
            return "phase_full"
        critical = subject.priority == "critical"
        refusal = self.purse.refusal(subject.category, subject.estimate_usd_micros, critical)
        if refusal is not None:
            return refusal
        if not room.has_time(subject.lane, subject.expected_seconds):
            return "no_time_left"
        return None

    def _welcome(self, candidate: Candidate, room: Room) -> int | None:
        windows, zone = candidate.template.windows, self.configuration.day.timezone
        return window_millis(windows, zone, room.starts_at, room.window.ends_at)

    def _score(self, candidate: Candidate, room: Room) -> Score:
        subject, category = candidate.subject, candidate.subject.category
        return score_of(
            self.configuration.plan,
            room.welcome[candidate.name] or 0,
            balance_millis(self.purse.used(category), self.purse.share(category)),
            variety_millis(self.recents, candidate.name),
            subject.priority,
        )


def draw(situation: Situation) -> Drawing:
    """A plan. Its choices are made while they are read."""
    draft = Draft(situation)
    for category, amount in situation.promised.items():
        draft.purse.set_aside(category, amount)
    amount, count = draft.set_aside(situation.intents, situation.now, situation.day_ends_at)
    return Drawing(draft.purse.left_usd_micros, amount, count, draft.choices())
