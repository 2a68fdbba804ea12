"""How much a template is wanted in a phase. Every term is a whole number of thousandths."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from actors.calendar import in_window, instant, zone_of
from events.configuration import Window
from events.plan import Score
from events.policies import Plan
from events.settings import Priority

ONE_DAY = timedelta(days=1)
PRIORITY_MILLIS: dict[Priority, int] = {
    "critical": 1_000,
    "high": 750,
    "normal": 500,
    "low": 250,
    "idle": 0,
}


def window_millis(
    windows: Sequence[Window], zone: str, starts_at: datetime, ends_at: datetime
) -> int | None:
    """The weight of the best window open at some time of a period whose end is exclusive.

    500 when there are no windows; None when there are and none of them opens.
    """
    if not windows:
        return 500
    open_ = (window for window in windows if opens(window, zone, starts_at, ends_at))
    return max((window.weight_millis for window in open_), default=None)


def opens(window: Window, zone: str, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a window is open when the period starts, or opens before it ends."""
    on = starts_at.astimezone(zone_of(zone)).date()
    last = ends_at.astimezone(zone_of(zone)).date()
    instants = [starts_at]
    while on <= last:
        instants.append(instant(on, window.start, zone))
        on += ONE_DAY
    return any(starts_at <= at < ends_at and in_window(window, zone, at) for at in instants)


def balance_millis(used_usd_micros: int, share_usd_micros: int) -> int:
    """1000 for a category of whose share nothing is used, 0 when all of it is; 500 for no share."""
    if share_usd_micros <= 0:
        return 500
    return 1_000 - min(1_000, 1_000 * max(0, used_usd_micros) // share_usd_micros)


def variety_millis(recents: Sequence[str], name: str) -> int:
    """1000 for what is not among recent works, 300 for the last of them, more for older ones.

    `recents` ends with the newest. At place i of n, counted from 0 for the newest, it is
    1 - 0.7 x (1 - i/n).
    """
    count = len(recents)
    for place in range(count):
        if recents[count - 1 - place] == name:
            return 1_000 - 700 * (count - place) // count
    return 1_000


def remember(recents: list[str], name: str, most: int) -> None:
    """Put a name at the end, and keep no more than so many."""
    recents.append(name)
    del recents[: max(0, len(recents) - most)]


def score_of(plan: Plan, window: int, balance: int, variety: int, priority: Priority) -> Score:
    """The four terms, each times its weight, and their sum."""
    terms = (
        window * plan.window_weight_millis // 1_000,
        balance * plan.balance_weight_millis // 1_000,
        variety * plan.variety_weight_millis // 1_000,
        PRIORITY_MILLIS[priority] * plan.priority_weight_millis // 1_000,
    )
    return Score(sum(terms), *terms)
