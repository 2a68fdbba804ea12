"""When an intent is due next, reckoned from what is in force; the triggers are loaded to do so."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from sqlite3 import Connection
from typing import TYPE_CHECKING

from msgspec import convert
from msgspec.json import decode
from msgspec.structs import replace

from projections.moments import rfc3339
from projections.queries.intents import Intent
from projections.queries.intents import house as told_house
from projections.queries.occurrences import Occurrences

if TYPE_CHECKING:
    from events.configuration import Configuration

LIMIT = 1_000


def house_of(connection: Connection) -> "Configuration":
    """What of the configuration in force says when something is due."""
    from events.configuration import Configuration

    return decode(told_house(connection), type=Configuration)


def bounds(house: "Configuration", day: str) -> tuple[str, str]:
    """When a day begins and ends."""
    from actors.calendar import zone_of

    zone, first = zone_of(house.day.timezone), date.fromisoformat(day)
    begins, ends = (
        datetime.combine(each, house.day.starts_at, zone).astimezone(UTC)
        for each in (first, first + timedelta(days=1))
    )
    return rfc3339(begins), rfc3339(ends)


def coming(
    intent: Intent, house: "Configuration", after: datetime, until: datetime | None = None,
    limit: int = 1,
) -> Sequence[datetime]:  # fmt: skip
    """The next instants at which it is due; none when it is gone, disabled, paused after failures,
    or waits for something else than a time."""
    from actors.triggers import next_after
    from events.configuration import Intent as Definition

    found: list[datetime] = []
    if intent.state != "in_force" or not intent.enabled or intent.broken_at:
        return found
    definition = convert(intent.definition, Definition)
    if definition.max_runs is not None:
        limit = min(limit, _runs_left(intent, definition.max_runs))
    with suppress(ValueError):  # It was made by rules that read more than ours do.
        while len(found) < min(limit, LIMIT):
            due = next_after(definition, house, found[-1] if found else after)
            if due is None or (until is not None and due > until):
                break
            found.append(due)
    return found


def _runs_left(intent: Intent, most: int) -> int:
    """As far as the tables know; what the clock expects all the same still comes."""
    return max(most - intent.planned, int(bool(intent.open_days)))


def reckoned(
    row: Occurrences, intent: Intent, house: "Configuration", late: datetime
) -> Occurrences:
    """A range of what is expected: its first instant, and how many of it are later than they may
    be."""
    from actors.triggers import count_between, jitter_of, next_after
    from events.configuration import Intent as Definition

    last = datetime.fromisoformat(row.last_due_at)
    with suppress(ValueError):
        definition = convert(intent.definition, Definition)
        late = min(late - jitter_of(intent.intent, definition, house), last)
        after = datetime.fromisoformat(row.after or row.due_at)
        if not row.after:
            after -= timedelta(microseconds=1)
        first = next_after(definition, house, after)
        if first is not None and first <= last:
            overdue = min(row.count, count_between(definition, house, after, late))
            return replace(row, due_at=rfc3339(first), after=None, overdue=max(0, overdue))
    return row


def settings(intent: Intent) -> list[str]:
    """What it is made of, as `config.toml` says it."""
    from events.configuration import Intent as Definition
    from horarium.configuration.writing import written

    with suppress(ValueError):  # It was made by rules that read more than ours do.
        return written(convert(intent.definition, Definition))
    return [f"{key} = {value}" for key, value in intent.definition.items()]


def said(intent: Intent, house: "Configuration") -> str:
    """What its trigger says, in a sentence."""
    from actors.triggers import sentence
    from events.configuration import Intent as Definition

    if intent.definition:
        with suppress(ValueError):
            return sentence(convert(intent.definition, Definition), house)
    return intent.trigger
