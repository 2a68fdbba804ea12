"""What becomes of occurrences that were not told in time: the policies for misfires."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from actors.triggers import (
    count_between,
    jitter_of,
    last_at_or_before,
    next_after,
    passed_over,
    policy_of,
)
from events.configuration import Configuration, Intent
from events.plan import OccurrenceSkipped
from events.policies import Policies
from events.time import (
    MissPolicy,
    MissReason,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
)

Verdict = (
    OccurrenceDue | OccurrenceMissed | OccurrencesCoalesced | OccurrenceSkipped | OccurrenceExpired
)
WINDOW_MAX = timedelta(hours=2)  # of run_once_latest, when none is given
INSTANT = timedelta(microseconds=1)
ONCE = ("run_once_latest", "run_once_earliest")


def verdicts(
    name: str,
    intent: Intent,
    house: Configuration,
    after: datetime,
    now: datetime,
    reason: MissReason = "late",
    until: datetime | None = None,
) -> list[Verdict]:
    """One for each occurrence later than `after` that should have been told by now, in order.

    Those up to `until` only, when it is given. A verdict may cover a range: nothing here takes
    longer because more time went by. How many overdue ones are told in a minute is settled
    elsewhere.
    """
    late = _Late(name, intent, house, policy_of(intent, house), now, reason)
    come = now - jitter_of(name, intent, house)
    until = come if until is None else min(until, come)
    latest, unwanted = late.latest(after, until)
    if latest is None:
        return unwanted
    if come - latest <= timedelta(seconds=house.clock.misfire_grace_seconds):
        due = late.start(latest, overdue=False)
        return [*late.before(after, due, latest, come), due, *unwanted]
    return [*late.overdue(after, latest, come), *unwanted]


def verdict_on(
    name: str,
    intent: Intent,
    house: Configuration,
    due_at: datetime,
    now: datetime,
    reason: MissReason = "late",
) -> Verdict:
    """That on an occurrence which no other follows before it has come to an end."""
    late = _Late(name, intent, house, policy_of(intent, house), now, reason)
    come = now - jitter_of(name, intent, house)
    if come - due_at <= timedelta(seconds=house.clock.misfire_grace_seconds):
        return late.start(due_at, overdue=False)
    policy: MissPolicy = "self_restart" if intent.self_restart else "skip"
    if not intent.self_restart and late.policies.misfire != "skip":
        window = late.window(due_at)
        if window is None or come - due_at <= window:
            return late.start(due_at)
        policy = "window"
    return OccurrenceMissed(name, due_at, due_at, 1, reason, policy=policy)


def in_time(
    name: str, intent: Intent, house: Configuration, due_at: datetime, now: datetime
) -> Verdict:
    """That on an occurrence whose moment has come."""
    deadline = intent.start_deadline_seconds
    if deadline is None:
        deadline = house.policies.start_deadline_seconds
    return _start(name, intent, house, deadline, now, due_at, overdue=False)


def _start(
    name: str,
    intent: Intent,
    house: Configuration,
    deadline: int | None,
    now: datetime,
    due_at: datetime,
    overdue: bool,
) -> Verdict:
    """It becomes due, if it is wanted and not too late for it."""
    if (why := passed_over(intent, house, due_at)) is not None:
        return OccurrenceSkipped(name, due_at, why)
    if deadline is not None and now - due_at > timedelta(seconds=deadline):
        return OccurrenceExpired(name, due_at, "start_deadline")
    return OccurrenceDue(name, due_at, overdue)


class _Late(NamedTuple):
    """An intent that was not told in time."""

    name: str
    intent: Intent
    house: Configuration
    policies: Policies
    now: datetime
    reason: MissReason

    def start(self, due_at: datetime, overdue: bool = True) -> Verdict:
        deadline = self.policies.start_deadline_seconds
        return _start(self.name, self.intent, self.house, deadline, self.now, due_at, overdue)

    def latest(self, after: datetime, until: datetime) -> tuple[datetime | None, list[Verdict]]:
        """The latest that is wanted, and verdicts on those behind it that are not."""
        unwanted: list[Verdict] = []
        at = last_at_or_before(self.intent, self.house, until)
        while at is not None and at > after:
            why = passed_over(self.intent, self.house, at)
            if why is None:
                return at, unwanted[::-1]
            unwanted.append(OccurrenceSkipped(self.name, at, why))
            at = last_at_or_before(self.intent, self.house, at - INSTANT)
        return None, unwanted[::-1]

    def before(
        self, after: datetime, due: Verdict, latest: datetime, come: datetime
    ) -> list[Verdict]:
        """On those before one that is in time: it stands for them where one is enough."""
        until = latest - INSTANT
        if self.policies.misfire not in ONCE or self.intent.self_restart:
            return self.overdue(after, until, come)
        if not isinstance(due, OccurrenceDue):
            return self.missed(after, until, "window")
        return self.into(after, until, latest)

    def overdue(self, after: datetime, until: datetime, come: datetime) -> list[Verdict]:
        """On those of which none is due in time."""
        if self.intent.self_restart:
            return self.missed(after, until, "self_restart")
        match self.policies.misfire:
            case "skip":
                return self.missed(after, until, "skip")
            case "run_once_latest":
                return self._latest_of(after, until, come)
            case "run_once_earliest":
                return self._earliest_of(after, until, come)
            case _:
                return self._all_of(after, until, come)

    def _latest_of(self, after: datetime, until: datetime, come: datetime) -> list[Verdict]:
        window = self.window(until)
        due = self.start(until)
        if window is not None and come - until > window:
            return self.missed(after, until, "window")
        if not isinstance(due, OccurrenceDue):
            return [*self.missed(after, until - INSTANT, "window"), due]
        return [*self.into(after, until - INSTANT, until), due]

    def _earliest_of(self, after: datetime, until: datetime, come: datetime) -> list[Verdict]:
        start = max(self._window_start(after, until, come), self._deadline_start(until))
        found = self.missed(after, start, "window")
        earliest = next_after(self.intent, self.house, start)
        while earliest is not None and earliest <= until:
            due = self.start(earliest)
            found.append(due)
            if isinstance(due, OccurrenceDue):
                return [*found, *self.into(earliest, until, earliest)]
            earliest = next_after(self.intent, self.house, earliest)
        return found

    def _all_of(self, after: datetime, until: datetime, come: datetime) -> list[Verdict]:
        start = self._window_start(after, until, come)
        newest: list[Verdict] = []
        at = last_at_or_before(self.intent, self.house, until)
        while at is not None and at > start and len(newest) < self.policies.misfire_limit:
            newest.append(self.start(at))
            at = last_at_or_before(self.intent, self.house, at - INSTANT)
        over = self.missed(start, at, "limit") if at is not None and at > start else []
        return [*self.missed(after, start, "window"), *over, *newest[::-1]]

    def window(self, latest: datetime) -> timedelta | None:
        """How old it may be; None: as old as it likes."""
        if self.policies.misfire_window_seconds is not None:
            return timedelta(seconds=self.policies.misfire_window_seconds)
        if self.policies.misfire != "run_once_latest":
            return None
        return min(WINDOW_MAX, self._period(latest) / 2)

    def _period(self, latest: datetime) -> timedelta:
        if self.intent.every_seconds is not None and self.intent.every_from == "completion":
            return timedelta(seconds=self.intent.every_seconds)
        following = next_after(self.intent, self.house, latest)
        while following is not None and passed_over(self.intent, self.house, following):
            following = next_after(self.intent, self.house, following)
        return 2 * WINDOW_MAX if following is None else following - latest

    def _window_start(self, after: datetime, until: datetime, come: datetime) -> datetime:
        window = self.window(until)
        return after if window is None else min(until, max(after, come - window - INSTANT))

    def _deadline_start(self, latest: datetime) -> datetime:
        """What is no later than this may not start any more; the latest is told so by itself."""
        deadline = self.policies.start_deadline_seconds
        if deadline is None:
            return datetime.min.replace(tzinfo=UTC)
        return min(latest, self.now - timedelta(seconds=deadline)) - INSTANT

    def missed(self, after: datetime, until: datetime, policy: MissPolicy) -> list[Verdict]:
        if (found := range_of(self.intent, self.house, after, until)) is None:
            return []
        return [OccurrenceMissed(self.name, *found, self.reason, policy=policy)]

    def into(self, after: datetime, until: datetime, due_at: datetime) -> list[Verdict]:
        if (found := range_of(self.intent, self.house, after, until)) is None:
            return []
        return [OccurrencesCoalesced(self.name, *found, due_at, self.reason)]


def range_of(
    intent: Intent, house: Configuration, after: datetime, until: datetime
) -> tuple[datetime, datetime, int] | None:
    """The first and the last occurrence later than `after` and up to `until`, and how many."""
    first = next_after(intent, house, after)
    if first is None or first > until:
        return None
    last = last_at_or_before(intent, house, until)
    if last is None or last <= first:
        return first, first, 1
    return first, last, count_between(intent, house, after, until)
