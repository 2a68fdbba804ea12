"""Which stretches of a log may leave it: sealed without a gap, whole, and needed by nobody."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import NamedTuple

from actors.executor.brief import open_runs
from actors.executor.state import Executing
from events import codec
from events.cleanup import Sealed, SweepEnded
from events.head import kept_head
from events.left import Stretch, stretches
from horarium import bundle, reading
from horarium.asof import opened_projections
from horarium.places import Places
from horarium.points import link_of
from horarium.replaying import ACTORS, minds_before
from projections.database import ProjectionsUnavailable, place_of

STAYING_RECORDS = 10_000  # of the newest, whatever is sealed

Progress = Callable[[int], None]


class CannotTrim(Exception):
    """The log is not as it should be; the message says why nothing leaves it."""


class Limit(NamedTuple):
    """Nothing behind a position leaves, and why."""

    position: int
    why: str


class Plan(NamedTuple):
    """What may leave, in order; why no more; whether that is because a file is wrong."""

    leaving: list[Stretch]
    why: str
    is_wrong: bool = False


def planned(here: Places, log: Connection, until: int | None, progress: Progress) -> Plan:
    """Every file of it is read from end to end, beside the records that the log has.

    Raises CannotTrim, NoLog, UnreadableRecord.
    """
    _check_the_end(here, log)
    limit, leaving = _limit(here, log, until), list[Stretch]()
    gone = stretches(log)
    at, latest = (gone[-1].until, gone[-1].latest_at) if gone else (0, "")
    sealed = _sealed(log, at)
    while (found := sealed.get(at)) is not None and found.until <= limit.position:
        try:
            leaving.append(checked(here, log, found, latest, progress))
        except (bundle.BadLog, OSError) as error:
            return Plan(leaving, f"{found.file} is not what was sealed: {error}", is_wrong=True)
        at, latest = found.until, leaving[-1].latest_at
    if found is None:
        return Plan(leaving, f"no stretch behind record {at:,} is sealed")
    return Plan(leaving, limit.why)


def checked(
    here: Places, log: Connection, sealed: Sealed, latest: str, progress: Progress
) -> Stretch:
    """A stretch whose file holds, byte for byte, what the log has. `latest` is the greatest time
    of what is in front of it. Raises BadLog and OSError."""
    after, until = sealed.after, sealed.until
    greatest = datetime.fromisoformat(latest) if latest else datetime.min.replace(tzinfo=UTC)
    with bundle.opened(here.data / sealed.file) as source:
        if (source.after, source.before) != (after, link_of(log, after) or codec.GENESIS):
            raise bundle.BadLog(0, f"it does not follow upon record {after}")
        position = after
        for row, kept in zip(source.rows, reading.rows(log, after), strict=False):
            if not _same(row, kept):
                raise bundle.BadLog(row.position, "is not the record that the log has")
            position, greatest = row.position, max(greatest, row.record.at)
            if position % reading.PAGE_RECORDS == 0:
                progress(position)
    if position != until:
        raise bundle.BadLog(position, f"is the last one, and not record {until}")
    before, last = link_of(log, after) or codec.GENESIS, link_of(log, until) or ""
    return Stretch(after, until, before, last, greatest.isoformat(), sealed.file)


def _same(row: bundle.BundleRow, kept: reading.Row) -> bool:
    position, kind, state = kept
    parts = row.envelope, row.link, row.fact
    is_alike = position == row.position and parts == codec.parts(position, state)
    return is_alike and not row.masked and kind == row.record.fact.kind


def _sealed(log: Connection, base: int) -> dict[int, Sealed]:
    """What the log says is sealed, by the record in front of it, as far as cleanup knows."""
    found = dict[int, Sealed]()
    known = _considered(log).get("cleanup", 0)
    for position, _, state in reading.rows(log, base, ["sweep-ended"]):
        fact = codec.read(position, state).fact
        if isinstance(fact, SweepEnded) and fact.sealed is not None and position <= known:
            found[fact.sealed.after] = fact.sealed
    return found


def _limit(here: Places, log: Connection, until: int | None) -> Limit:
    limits = [*_limits(here, log)]
    if until is not None:
        limits.insert(0, Limit(until, f"nothing behind record {until:,} was asked for"))
    return min(limits, key=lambda limit: limit.position)


def _limits(here: Places, log: Connection) -> Iterator[Limit]:
    staying = reading.head(log) - STAYING_RECORDS
    yield Limit(staying, f"the newest {STAYING_RECORDS:,} records stay")
    considered = _considered(log)
    for actor in ACTORS:
        at = considered.get(actor, 0)
        yield Limit(at, f"{actor} has considered the records until {at:,}")
    yield _projected(here, log)
    if kept := kept_head(here.head).position:
        yield Limit(kept - 1, f"{here.head.name} knows the records until {kept:,}")
    executing = minds_before(log, considered.get("executor", 0))["executor"].state
    for run, released in _open(executing):
        yield Limit(released - 1, f"run {run} is open, and its records stay")


def _open(executing: Executing) -> Iterator[tuple[str, int]]:
    """Runs whose beginning is looked up when the daemon returns, each with a record before it."""
    for run in (*(it.run for it in open_runs(executing)), *executing.probes):
        yield run, int(run[1:].partition("-")[0])


def _considered(log: Connection) -> dict[str, int]:
    return dict(log.execute("SELECT application_name, notification_id FROM tracking").fetchall())


def _projected(here: Places, log: Connection) -> Limit:
    try:
        with opened_projections(here) as folded:
            place = place_of(folded)
    except ProjectionsUnavailable as error:
        return Limit(0, str(error))
    if place.position and link_of(log, place.position) != place.hash:
        return Limit(0, "the projections have learned another log; say `horarium rebuild`")
    return Limit(place.position, f"the projections know the records until {place.position:,}")


def _check_the_end(here: Places, log: Connection) -> None:
    """What stays has to be a log, to its end. Raises CannotTrim and UnreadableRecord."""
    gone, kept = stretches(log), kept_head(here.head)
    after, link = (gone[-1].until, gone[-1].last) if gone else (0, codec.GENESIS)
    rows = ((position, state) for position, _, state in reading.rows(log, after))
    for position, found in codec.check_chain(rows, link, after):
        if position == kept.position and found != kept.hash:
            raise CannotTrim(f"record {position} is not the one that {here.head.name} remembers")
        after = position
    if after < kept.position:
        raise CannotTrim(f"the log ends at record {after}, but {kept.position} was written")
