"""The simulated sides of the clock's doors: clocks that are told what to show, and a machine that
is idle when it is said to be."""

from collections.abc import Callable
from datetime import datetime, timedelta

from actors.clock.noticing import Reading
from events.time import IdleSeen


class SimulatedClocks:
    """All three clocks of a machine; `has_boottime` says whether one goes on in its sleep."""

    def __init__(self, wall: datetime, has_boottime: bool = True) -> None:
        zero = timedelta()
        self._reading = Reading(wall, zero, zero if has_boottime else None)

    def read(self) -> Reading:
        """See `read_clocks`."""
        return self._reading

    def run(self, span: timedelta) -> None:
        """The machine runs for so long."""
        wall, ran, passed = self._reading
        self._reading = Reading(wall + span, ran + span, _more(passed, span))

    def sleep(self, span: timedelta) -> None:
        """It is suspended for so long."""
        wall, ran, passed = self._reading
        self._reading = Reading(wall + span, ran, _more(passed, span))

    def step(self, span: timedelta) -> None:
        """Somebody sets the wall clock, forward or back."""
        self._reading = self._reading._replace(wall=self._reading.wall + span)


def _more(passed: timedelta | None, span: timedelta) -> timedelta | None:
    return None if passed is None else passed + span


class SimulatedIdle:
    """Answers as `says` does, at once."""

    def __init__(self, says: Callable[[], IdleSeen], tell: Callable[[int, IdleSeen], None]) -> None:
        self._says, self._tell = says, tell

    def look(self, position: int) -> None:
        """See `IdleProbe.look`."""
        self._tell(position, self._says())
