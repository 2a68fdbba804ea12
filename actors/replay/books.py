"""The six rule books, by which everything is lived, simulated and decided again."""

from typing import Any

from actors.budget.rules import RULES as BUDGET
from actors.cleanup.rules import RULES as CLEANUP
from actors.clock.rules import RULES as CLOCK
from actors.clock.rules import next_instant
from actors.executor.rules import RULES as EXECUTOR
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.planner.rules import RULES as PLANNER
from actors.rules import Rules

__all__ = ["BOOKS", "next_instant"]

BOOKS: tuple[Rules[Any], ...] = (CLOCK, PLANNER, PHASE_QUEUE, BUDGET, EXECUTOR, CLEANUP)
