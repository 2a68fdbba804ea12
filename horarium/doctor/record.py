"""Whether the log that is there can be read, with what has left it, and whether it comes from the
future."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from events.left import stretches
from horarium import reading, sealed
from horarium.configuration.fault import Fault
from horarium.places import Places

AHEAD = timedelta(minutes=1)  # So far apart clocks may be.


def log_findings(config: Path, data: Path, now: datetime) -> Iterator[Fault]:
    """What the newest record says of the log and the clock; nothing where there is no log."""
    here = Places(config, data)
    try:
        if not here.log.exists():
            return
        newest = newest_at(here)
        yield from _left(here)
    except (reading.NoLog, OSError) as error:
        yield Fault("", None, str(error), file=str(here.log))
        return
    if newest is not None and newest > now + AHEAD:
        yield Fault(
            "",
            None,
            f"the clock is in the past: it says {now:%Y-%m-%d %H:%M} UTC, and the newest record "
            f"is of {newest:%Y-%m-%d %H:%M} UTC",
        )


def _left(here: Places) -> Iterator[Fault]:
    """What has left the log should lie where it is looked for."""
    with reading.opened(here) as connection:
        gone = stretches(connection)
    if why := sealed.missing(here.data, gone):
        yield Fault("", None, why, severity="warning", file=str(here.log))


def newest_at(here: Places) -> datetime | None:
    """When the newest record was made; None for an empty log. Raises NoLog."""
    with reading.opened(here) as connection:
        row = next(reading.newest(connection), None)
    return None if row is None else datetime.fromisoformat(reading.document(row)["at"])
