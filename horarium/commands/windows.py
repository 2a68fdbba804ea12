"""When a phase begins and ends, in the time of whoever looks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from horarium.commands.showing import moment
from projections.queries.plan import PlannedPhase

_DAY = timedelta(days=1)


def offset(phases: Iterable[PlannedPhase]) -> timedelta:
    """How far our time is ahead of the configured one, as told by a phase that has begun.

    What has not begun is known by its configured window alone, in the zone of the day.
    """
    for phase in phases:
        if phase.starts_at and phase.window_start:
            here = datetime.fromisoformat(phase.starts_at).astimezone().replace(tzinfo=None)
            there = datetime.fromisoformat(f"{here.date()} {phase.window_start}")
            return (here - there) % _DAY
    return timedelta(0)


def window(phase: PlannedPhase, ahead: timedelta) -> tuple[str, str]:
    """Its two ends, as far as they are known."""
    return (
        moment(phase.starts_at) or _shifted(phase.window_start, ahead),
        moment(phase.ends_at) or _shifted(phase.window_end, ahead),
    )


def _shifted(hour: str | None, ahead: timedelta) -> str:
    return f"{datetime.fromisoformat(f'2000-01-02 {hour}') + ahead:%H:%M}" if hour else ""
