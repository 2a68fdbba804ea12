"""What the clocks of a machine say together that none of them says alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from events.time import ClockStepped, HostSlept

AMISS = timedelta(seconds=2)  # Less than this is how clocks are kept right.
MILLISECOND = timedelta(milliseconds=1)


class Reading(NamedTuple):
    """The clocks, read at one moment."""

    wall: datetime  # in UTC; people and time servers set it
    ran: timedelta  # how long the machine has run; it stands still while it sleeps
    passed: timedelta | None  # how long ago it was started; None where no clock counts that


def amiss(before: Reading, after: Reading) -> Iterator[HostSlept | ClockStepped]:
    """What happened to time between two readings, sleep first.

    Without a clock that goes on in sleep, a wall clock that ran ahead counts as sleep.
    """
    on_wall, ran = after.wall - before.wall, after.ran - before.ran
    if before.passed is None or after.passed is None:
        passed = max(on_wall, ran)
    else:
        passed = after.passed - before.passed
    if passed - ran >= AMISS:
        yield HostSlept((passed - ran) // MILLISECOND, before.wall)
    if abs(on_wall - passed) >= AMISS:
        yield ClockStepped((on_wall - passed) // MILLISECOND, before.wall + passed)
