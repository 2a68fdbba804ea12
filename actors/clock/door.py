"""What the clock needs of the world: to be woken, and to have the machine looked at."""

from datetime import datetime
from typing import Protocol


class Waker(Protocol):
    """Says TimePassed once the wall clock has reached the instant it was armed with."""

    def arm(self, instant: datetime | None) -> None:
        """Forget the instant of before and wait for this one; None waits for nothing."""

    def close(self) -> None:
        """No more TimePassed after this returns."""


class IdleProbe(Protocol):
    """Says IdleSeen, once for each question. It recovers by looking again."""

    def look(self, position: int) -> None:
        """See whether the machine is idle and return at once. The answer names this position,
        that of the question, as its cause; a look that fails or takes too long says busy."""
