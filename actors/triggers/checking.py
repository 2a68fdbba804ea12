"""What is wrong with an intent's trigger, its conditions and its policies, before it is used."""

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfoNotFoundError

from actors.calendar import zone_of
from actors.triggers.cron import cron_of, fields_of
from actors.triggers.due import comes
from actors.triggers.meant import duration, instead_of_cron, zone_like
from actors.triggers.policies import period_seconds, policy_of
from actors.triggers.trouble import Trouble, UnsoundError, nearest, shown
from events.configuration import Configuration, Intent

TRIGGERS = "cron, every, at, on, after"
ON = ("signal", "succeeded", "failed", "ended", "alert", "spent")


def check(intent: Intent, house: Configuration) -> Trouble | None:
    """The first thing that is wrong with an intent; None when it is sound and can come."""
    for look in CHECKS:
        if trouble := next(look(intent, house), None):
            return trouble
    return None


def _trigger(intent: Intent, _: Configuration) -> Iterator[Trouble]:
    given: dict[str, object] = {"cron": intent.cron, "every": intent.every_seconds}
    given |= {"at": intent.at, 'at = "now"': intent.now or None}
    given |= {"on": intent.on, "after": intent.after}
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        words = f"exactly one of {TRIGGERS} is needed, not {' and '.join(names) or 'none'}"
        yield Trouble(names[-1].split()[0] if names else "", words)
    if intent.every_from == "completion" and intent.every_seconds is None:
        yield Trouble("every_from", "it needs every, whose end it counts from")
    if intent.after is None and intent.after_when != "success":
        yield Trouble("after_when", "it needs after, whose outcome it is about")
    if intent.every_seconds is not None and intent.every_seconds < 1:
        yield Trouble("every", "it must be a second or more", "1s")
    if intent.at is not None and intent.at.utcoffset() is None:
        words = "it needs an offset from UTC, as in 2026-11-20T09:00:00Z"
        yield Trouble("at", words, f"{intent.at.isoformat()}Z")
    if intent.on is not None:
        events = [name for name in ON if getattr(intent.on, name) is not None]
        if len(events) != 1:
            words = (
                f"exactly one of {', '.join(ON)} is needed, not {' and '.join(events) or 'none'}"
            )
            yield Trouble("on", words)


def _zone(intent: Intent, house: Configuration) -> Iterator[Trouble]:
    name = intent.timezone or house.day.timezone
    try:
        zone_of(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = f"the time zone {shown(name)} is unknown"
        yield Trouble("timezone" if intent.timezone else "", words, zone_like(name))


def _cron(intent: Intent, _: Configuration) -> Iterator[Trouble]:
    if intent.cron is None:
        return
    try:
        cron = cron_of(intent.cron)
    except UnsoundError as unsound:
        meant = instead_of_cron(intent.cron) or unsound.suggestion
        yield Trouble("cron", f"cron {shown(intent.cron)}: {unsound.words}", meant)
        return
    if not cron.days.comes():
        words = f"cron {shown(intent.cron)} never comes: no year has such a day"
        yield Trouble("cron", words, _last_day(intent.cron))


def _last_day(expression: str) -> str:
    """The same on the last day of the month, which is what 31 February may mean."""
    second, *rest = fields_of(expression)
    if rest[4] != "*":
        return ""
    rest[2] = "L"
    return " ".join(rest if second == "0" else [second, *rest])


def _conditions(intent: Intent, house: Configuration) -> Iterator[Trouble]:
    known = list(dict.fromkeys(phase.name for phase in house.phases))
    for name in intent.phases:
        if name not in known:
            yield Trouble("phases", f"unknown phase {shown(name)}", nearest(name, known))
    for window in intent.windows:
        span = f"{window.start:%H:%M}..{window.end:%H:%M}"
        if window.start == window.end:
            words = f"the window {span} has no length; without windows it is due at any time"
            yield Trouble("windows", words)
        if not window.days:
            yield Trouble("windows", f"the window {span} has no days and never opens")
    for dates in intent.exclude:
        if dates.last is not None and dates.last < dates.first:
            words = f"{dates.first}..{dates.last} ends before it begins"
            yield Trouble("exclude", words, f"{dates.last}..{dates.first}")
    for key, at in (("starts_at", intent.starts_at), ("ends_at", intent.ends_at)):
        if at is not None and at.utcoffset() is None:
            words = "it needs an offset from UTC, as in 2026-11-20T09:00:00Z"
            yield Trouble(key, words, f"{at.isoformat()}Z")
    if intent.starts_at and intent.ends_at and intent.ends_at <= intent.starts_at:
        yield Trouble("ends_at", "it is not later than starts_at")


def _policies(intent: Intent, house: Configuration) -> Iterator[Trouble]:
    policy = policy_of(intent, house)
    if intent.misfire_limit is not None and policy.misfire not in ("run_all", "within"):
        words = f"misfire {shown(policy.misfire)} makes up for one at most and needs no limit"
        yield Trouble("misfire_limit", words, 'misfire = "run_all"')
    if intent.misfire_window_seconds is not None and policy.misfire == "skip":
        words = "misfire 'skip' makes up for none, however old"
        yield Trouble("misfire_window", words, 'misfire = "within"')
    if intent.overlap_limit is not None and policy.overlap != "buffer_all":
        words = f"overlap {shown(policy.overlap)} has no use for a limit"
        yield Trouble("overlap_limit", words, 'overlap = "buffer_all"')
    period = period_seconds(intent) if intent.jitter_seconds else None
    if intent.jitter_seconds and period is not None and intent.jitter_seconds >= period:
        words = f"it must be shorter than the {duration(period)} from one time to the next"
        yield Trouble("jitter", words, duration(period - 1))


def _never(intent: Intent, house: Configuration) -> Iterator[Trouble]:
    if not comes(intent, house):
        key = next((key for key in ("cron", "at") if getattr(intent, key) is not None), "")
        key = "every" if intent.every_seconds is not None else key
        limits = ("phases", "windows", "exclude", "starts_at", "ends_at")
        held = " and ".join(name for name in limits if getattr(intent, name))
        yield Trouble(key, f"it never comes within its {held}")


CHECKS: tuple[Callable[[Intent, Configuration], Iterator[Trouble]], ...]
CHECKS = (_trigger, _zone, _cron, _conditions, _policies, _never)
