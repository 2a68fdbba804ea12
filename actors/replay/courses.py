"""What becomes of runs that never happened: as it went before, else as it is estimated.

Where the log knows ends of an action, one of them is drawn. Else a run takes from half to one
and a half times what is expected, costs from 80 to 100 % of its estimate, and succeeds.
"""

from collections import deque
from datetime import timedelta
from typing import NamedTuple

from actors.replay.draws import Draws
from actors.replay.naming import RunName
from events.configuration import Action
from events.runs import RunEnded, Trouble

REMEMBERED_MAX = 500  # ends of each action, the latest
# What came of the daemon's own doings says nothing of the action.
OF_THE_DAEMON: frozenset[Trouble] = frozenset(
    {"cancelled", "too_late", "doors_closed", "paused", "daemon_stopped", "lost"}
)


class Course(NamedTuple):
    """How one run goes. It is stopped when it takes longer than it may."""

    milliseconds: int
    exit_code: int | None = 0
    trouble: Trouble | None = None
    cost_usd_micros: int | None = None
    detail: str = ""
    resets_after: int | None = None  # seconds until it may work again, by its own word


class History:
    """How the runs of each action have ended, as far as a log tells."""

    def __init__(self) -> None:
        self.ends: dict[str, deque[Course]] = {}
        self.runs = 0

    def add(self, action: str, ended: RunEnded) -> None:
        """Remember an end, unless it came of the daemon and not of the action."""
        if ended.trouble in OF_THE_DAEMON:
            return
        cost = None if ended.result is None else ended.result.cost_usd_micros
        course = Course(
            ended.duration_ms, ended.exit_code, ended.trouble, cost, ended.detail, _after(ended)
        )
        self.ends.setdefault(action, deque(maxlen=REMEMBERED_MAX)).append(course)
        self.runs += 1

    def count(self, action: str) -> int:
        return len(self.ends.get(action, ()))


def _after(ended: RunEnded) -> int | None:
    if ended.resets_at is None:
        return None
    return max(0, (ended.resets_at - ended.ended_at) // timedelta(seconds=1))


def course_of(draws: Draws, history: History, name: RunName, called: str, action: Action) -> Course:
    """The course of a run of the action `called` so, the same for the same run of a seed."""
    if action.executor == "noop":
        return Course(0)
    if known := history.ends.get(called):
        return draws.choice(known, "course", *name)
    if action.executor == "sweep":
        return Course(1_000)
    milliseconds = draws.between(500, 1_500, "time", *name) * action.expected_seconds
    estimate, ceiling = action.estimate_usd_micros, action.ceiling_usd_micros
    cost = None
    if estimate:
        cost = estimate * draws.between(800, 1_000, "cost", *name) // 1_000
        cost = cost if ceiling is None else min(cost, ceiling)
    return Course(milliseconds, cost_usd_micros=cost)
