"""What is different between two moments: in the plan and in the money."""

from collections.abc import Iterator, Sequence
from sqlite3 import Connection

from msgspec import field
from msgspec.structs import replace

from projections.database import place_of
from projections.queries.documents import LIMIT_MAX, Document


class Moment(Document, frozen=True):
    """A point of the log; `at` is the time of that record, null in front of the first."""

    position: int
    at: str | None


class Standing(Document, frozen=True):
    """Where a piece of work stands."""

    day: str | None
    phase: str | None
    state: str
    reason: str


class WorkChange(Document, frozen=True):
    """A piece of work before and after; `before` is null for one that was not there."""

    work: str
    name: str
    before: Standing | None
    after: Standing


class Amounts(Document, frozen=True):
    """The money of a category on a day; all is nothing where it was not known."""

    limit_usd_micros: int = 0
    reserved_usd_micros: int = 0
    settled_usd_micros: int = 0
    overrun_usd_micros: int = 0
    refused: int = 0
    closed: bool = False


class MoneyChange(Document, frozen=True):
    """A category of a day; with category "" the limit of the day as a whole."""

    day: str
    category: str
    before: Amounts
    after: Amounts


class PlanChange(Document, frozen=True):
    """The plan of a day was drawn anew. Revision 0 means there was none."""

    day: str
    before: int
    after: int


class Diff(Document, frozen=True):
    """Each list is in the order of age. Work that moved may have changed its state as well.
    `left_out` counts what each list would have held beyond its limit, of all lists together."""

    since: Moment
    until: Moment
    plans: list[PlanChange] = field(default_factory=list)
    added: list[WorkChange] = field(default_factory=list)
    withdrawn: list[WorkChange] = field(default_factory=list)  # by a later plan
    moved: list[WorkChange] = field(default_factory=list)  # to another phase or day
    changed: list[WorkChange] = field(default_factory=list)  # state or reason
    money: list[MoneyChange] = field(default_factory=list)
    left_out: int = 0


WITHDRAWN = ("dropped", "replanned")
_WORKS = "SELECT work, name, day, phase, state, reason FROM works ORDER BY position"
_MONEY = """SELECT day, category, limit_usd_micros, reserved_usd_micros, settled_usd_micros,
        overrun_usd_micros, refused, closed FROM categories
    UNION ALL SELECT day, '', limit_usd_micros, 0, 0, 0, 0, 0 FROM purses ORDER BY day, category"""
_PLANS = "SELECT day, max(revision) FROM plans GROUP BY day ORDER BY day"


def diff(before: Connection, after: Connection, *, limit: int = LIMIT_MAX) -> Diff:
    """Compare two connections, each to the projections as of a moment."""
    found = Diff(_moment(before), _moment(after))
    left_out = _compare_works(before, after, found, limit)
    found.money.extend(_money(before, after))
    found.plans.extend(_plans(before, after))
    return replace(found, left_out=left_out)


def is_empty(found: Diff) -> bool:
    """Whether nothing differs."""
    lists = (
        found.plans, found.added, found.withdrawn, found.moved, found.changed, found.money
    )  # fmt: skip
    return not any(lists)


def _moment(connection: Connection) -> Moment:
    place = place_of(connection)
    return Moment(place.position, place.at or None)


def _compare_works(before: Connection, after: Connection, found: Diff, limit: int) -> int:
    """Fill the lists; how many did not fit in."""
    was = {row[0]: row for row in before.execute(_WORKS)}
    left_out = 0
    for row in after.execute(_WORKS):
        old = was.get(row[0])
        if old == row:
            continue
        change = WorkChange(row[0], row[1], old and Standing(*old[2:]), Standing(*row[2:]))
        for kind in _kinds(change):
            if len(kept := getattr(found, kind)) < limit:
                kept.append(change)
            else:
                left_out += 1
    return left_out


def _kinds(change: WorkChange) -> Iterator[str]:
    old, new = change.before, change.after
    if old is None:
        yield "added"
        return
    if (new.state, new.reason) == WITHDRAWN:
        yield "withdrawn"
        return
    if (old.day, old.phase) != (new.day, new.phase):
        yield "moved"
    if (old.state, old.reason) != (new.state, new.reason):
        yield "changed"


def _money(before: Connection, after: Connection) -> Iterator[MoneyChange]:
    was = {(day, category): row for day, category, *row in before.execute(_MONEY)}
    for day, category, *row in after.execute(_MONEY):
        old = was.get((day, category), [0] * len(row))
        if old != row:
            yield MoneyChange(day, category, _amounts(old), _amounts(row))


def _amounts(row: Sequence[int]) -> Amounts:
    limit, reserved, settled, overrun, refused, closed = row
    return Amounts(limit, reserved, settled, overrun, refused, bool(closed))


def _plans(before: Connection, after: Connection) -> Iterator[PlanChange]:
    was = dict(before.execute(_PLANS).fetchall())
    for day, revision in after.execute(_PLANS):
        if was.get(day, 0) != revision:
            yield PlanChange(day, was.get(day, 0), revision)
