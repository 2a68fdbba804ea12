"""What would become of an intent, or of a trigger in passing, by the policies in force."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from horarium import times
from horarium.commands.fates import why
from horarium.commands.options import Refusal, now, with_places
from horarium.places import Places
from horarium.tables import Column, Value, faint, gap, line, note, show, show_json, state

if TYPE_CHECKING:
    from actors.replay.fates import Fate
    from horarium.previewing import Asked, Meant

COUNT_MAX = 10_000
COLUMNS = (Column("UTC"), Column("local"), Column("verdict"), Column("starts"),
           Column("", long=True))  # fmt: skip
CLOCKS = {
    "shifted": "at the end of the hour that the clocks leave out",
    "first_pass": "the first of two such local times",
    "second_pass": "the second of two such local times",
}
REASONS = {
    "on_time": "in time",
    "overdue": "made up for, {late} late",
    "waited": "waited {late} for the one before",
    "start_deadline": "but its work did not start before its deadline",
}
MILLISECOND = timedelta(milliseconds=1)


class Misuse(click.ClickException):
    """What was given cannot be lived: exit code 2."""

    exit_code = 2


@click.command()
@click.argument("intent", required=False)
@click.option("--cron", metavar="EXPR", help="Five fields, or six with seconds first.")
@click.option("--every", metavar="DURATION", help="The time from one to the next, such as 90m.")
@click.option("--tz", "timezone", metavar="ZONE", help="The zone of local times.")
@click.option("--from", "begin", metavar="TIME", help="From when on; local. Default: now.")
@click.option("--count", type=click.IntRange(1, COUNT_MAX), default=10, show_default=True)
@click.option("--asleep", metavar="02:00-09:00", help="The machine sleeps then, every day.")
@click.option("--takes", metavar="DURATION", help="How long its work takes.")
@click.option("--misfire", metavar="POLICY", help="What is made up for of what was missed.")
@click.option("--misfire-window", metavar="DURATION", help="How old that may be.")
@click.option("--misfire-limit", metavar="N", type=int, help="How many, by run_all and within.")
@click.option("--overlap", metavar="POLICY", help="When it is due while its work still runs.")
@click.option("--overlap-limit", metavar="N", type=int, help="How many wait, by buffer_all.")
@click.option("--dst-gap", metavar="POLICY", help="When clocks leave its time out.")
@click.option("--dst-overlap", metavar="POLICY", help="When clocks show its time twice.")
@click.option("--jitter", metavar="DURATION", help="How much later it may be told.")
@click.option("--start-deadline", metavar="DURATION", help="How late its work may start.")
@with_places
def preview(
    here: Places,
    as_json: bool,
    intent: str | None,
    begin: str | None,
    count: int,
    asleep: str | None,
    takes: str | None,
    **settings: Any,
) -> None:
    """Say when an INTENT would be due, and what would become of each occurrence.

    The real rules live it in a world of its own: nothing is started or written, and neither a
    daemon nor a data folder is needed. Money, pauses and other work play no part.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if intent is None and not given.keys() & {"cron", "every"}:
        raise click.UsageError("Name an INTENT, or give --cron or --every.")
    from actors.replay.previewing import previewed
    from horarium.previewing import Asked

    found = _meant(Asked(intent, given, begin, count, asleep, takes), here)
    fates = previewed(found.question)
    if as_json:
        show_json([_document(fate, found.zone) for fate in fates])
    else:
        _tell(found, fates, count)


def _meant(asked: "Asked", here: Places) -> "Meant":
    from horarium.configuration import ConfigError, render
    from horarium.previewing import Unfit, Unknown, meant

    try:
        return meant(asked, here, now())
    except Unfit as error:
        raise Misuse(str(error)) from error
    except Unknown as error:
        raise Refusal(str(error)) from error
    except ConfigError as error:
        raise Refusal(render(error.faults)) from error


def _tell(found: "Meant", fates: Sequence["Fate"], count: int) -> None:
    from actors.triggers import sentence

    line(sentence(found.intent, found.question.house))
    if not found.intent.enabled:
        note("It is disabled; this is what would come if it were not.")
    if fates:
        gap()
        _show(fates, found.zone)
    _close(fates, count, found.question.takes)


def _show(fates: Sequence["Fate"], zone: ZoneInfo) -> None:
    rows = [_row(fate, zone) for fate in fates]
    used = [nth for nth in range(len(COLUMNS)) if any(_text(row[nth]) for row in rows)]
    show([COLUMNS[nth] for nth in used], [[row[nth] for nth in used] for row in rows])


def _text(value: Value) -> str:
    return value if isinstance(value, str) else getattr(value, "text", "")


def _row(fate: "Fate", zone: ZoneInfo) -> Sequence[Value]:
    local = fate.due_at.astimezone(zone)
    starts = fate.starts_at if fate.starts_at != fate.due_at else None
    return (
        _utc(fate.due_at),
        f"{local:%a} {local.isoformat(' ', 'seconds')}",
        state(fate.verdict),
        _clock(starts, fate.due_at, zone) if starts else "",
        faint(words(fate, zone)),
    )


def _clock(at: datetime, beside: datetime, zone: ZoneInfo) -> str:
    return times.clock(at, beside, zone, seconds=True)


def words(fate: "Fate", zone: ZoneInfo) -> str:
    """Why it is so."""
    return "; ".join(_words(fate, zone))


def _words(fate: "Fate", zone: ZoneInfo) -> Iterator[str]:
    if fate.verdict != "planned":
        yield why(fate.reason, fate.policy)
        if fate.into is not None:
            yield f"{_clock(fate.into, fate.due_at, zone)} stands for it"
        return
    late = times.duration((fate.starts_at - fate.due_at) // MILLISECOND) if fate.starts_at else ""
    yield REASONS.get(fate.reason, why(fate.reason)).format(late=late)
    if fate.clocks in CLOCKS:
        yield CLOCKS[fate.clocks]
    if fate.overtaken:
        yield "its work is ended for a newer one"


def _close(fates: Sequence["Fate"], count: int, takes: timedelta) -> None:
    """What else is to be known of the table."""
    if takes:
        line(faint(f"Its work is taken to last {times.duration(takes // MILLISECOND)}."))
    if not fates:
        line("No time makes it due.")
    elif len(fates) < count:
        line(faint("No more come within twenty years."))


def _document(fate: "Fate", zone: ZoneInfo) -> dict[str, object]:
    found: dict[str, object] = {
        "scheduled_for": _utc(fate.due_at),
        "local": fate.due_at.astimezone(zone).isoformat(),
        "verdict": fate.verdict,
        "reason": fate.reason,
        "words": words(fate, zone),
    }
    if fate.policy:
        found["policy"] = fate.policy
    if fate.into is not None:
        found["into"] = _utc(fate.into)
    if fate.overtaken:
        found["overtaken"] = True
    if fate.starts_at not in (None, fate.due_at):
        found["work_starts_at"] = _utc(fate.starts_at)
    return found


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
