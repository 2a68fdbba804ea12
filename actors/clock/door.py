"""What the clock needs of the world: to be woken."""

from datetime import datetime
from typing import Protocol


class Waker(Protocol):
    """Says TimePassed once the wall clock has reached the instant it was armed with."""

    def arm(self, instant: datetime | None) -> None:
        """Forget the instant of before and wait for this one; None waits for nothing."""

    def close(self) -> None:
        """No more TimePassed after this returns."""
