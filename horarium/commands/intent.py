"""Intents: those there are, those there were, and those made by hand."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from msgspec import to_builtins

from horarium.coming import coming, house_of, said, settings
from horarium.commands.asking import NOT_RUNNING, Asked, ask, key_option
from horarium.commands.fates import why
from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import NoDaemon, Refusal, located, now, with_places
from horarium.commands.settings import given_settings, intent_options
from horarium.commands.showing import counted, in_seconds, moment
from horarium.known import intent_names
from horarium.places import Places
from horarium.points import Point
from horarium.reading import NoLog, did_you_mean
from horarium.tables import Cell, Column, Value, faint, gap, line, show, show_json, state, title
from projections.queries.documents import LIMIT_MAX
from projections.queries.intents import Intent, Verdict, verdicts
from projections.queries.intents import intent as one_intent
from projections.queries.intents import intents as known_intents

COLUMNS = (Column("intent"), Column("due"), Column("runs"), Column("from"), Column(""),
           Column("last", right=True), Column("verdict"), Column("", long=True))  # fmt: skip
VERDICTS = (Column("due", right=True), Column("times", right=True), Column("verdict"),
            Column("work"), Column("", long=True))  # fmt: skip
NEXT_SHOWN, LAST_SHOWN = 3, 5
OF_WORK = ("action", "template")


class Unfit(click.ClickException):
    """What was given is no intent: exit code 2."""

    exit_code = 2


@click.group()
@located
def intent(here: Places) -> None:
    """Intents: list them, show one, add and remove those made by hand, switch any."""


@intent.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are gone.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=1_000, show_default=True)
@as_of_option
@with_places
def list_(here: Places, as_json: bool, everything: bool, limit: int, as_of: Point | None) -> None:
    """Each intent with its source, its trigger, and what became of it last."""
    with looking(here, as_of=as_of) as connection:
        found = known_intents(connection, removed=everything, limit=limit)
    if as_json:
        show_json(found)
    elif found:
        show(COLUMNS, map(_row, found))
    else:
        line("There are no intents.")


@intent.command("show")
@click.argument("name")
@as_of_option
@with_places
def show_(here: Places, as_json: bool, name: str, as_of: Point | None) -> None:
    """All that is known of one intent, also of one that is gone."""
    with looking(here, as_of=as_of) as connection:
        found, house = one_intent(connection, name), house_of(connection)
        told = verdicts(connection, name, limit=LAST_SHOWN)
    if found is None:
        raise Refusal(f"no intent is called {name!r}.{did_you_mean(name, intent_names(here))}")
    due = coming(found, house, now(), limit=NEXT_SHOWN)
    sentence = said(found, house)
    if as_json:
        more = {"sentence": sentence, "next": due, "verdicts": told}
        show_json({**to_builtins(found), **more})
    else:
        _tell(found, sentence, due, told)


@intent.command()
@click.argument("name")
@intent_options
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def add(here: Places, as_json: bool, name: str, note: str, key: str, **given: Any) -> None:
    """Make an intent, with the settings that one in config.toml has.

    It is in force at once and outlives restarts; another configuration leaves it alone.
    """
    from events.intents import IntentAddRequested
    from horarium import intending

    try:
        house = intending.house_in_force(here)
    except NoLog as error:
        raise NoDaemon(f"{NOT_RUNNING} ({error})") from error
    settings = given_settings(given, ZoneInfo(house.day.timezone), now())
    read = intending.read(name, settings, house, here)
    if read.errors:
        raise Unfit(_faults(name, read.faults))
    for fault in read.faults:
        click.echo(_faults(name, [fault]), err=True)
    ask(here, Asked(IntentAddRequested(name, read.intent, key, note=note), key, OF_WORK), as_json)


@intent.command()
@click.argument("name")
@key_option
@with_places
def remove(here: Places, as_json: bool, name: str, key: str) -> None:
    """Remove an intent that was made by hand."""
    from events.intents import IntentRemoveRequested

    ask(here, Asked(IntentRemoveRequested(name, key), key), as_json)


@intent.command()
@click.argument("name")
@key_option
@with_places
def enable(here: Places, as_json: bool, name: str, key: str) -> None:
    """Let any intent be due again, also one that was paused after failures."""
    _switch(here, as_json, name, key, enabled=True)


@intent.command()
@click.argument("name")
@key_option
@with_places
def disable(here: Places, as_json: bool, name: str, key: str) -> None:
    """Let any intent not be due, until it is enabled or its configuration changes."""
    _switch(here, as_json, name, key, enabled=False)


def _switch(here: Places, as_json: bool, name: str, key: str, *, enabled: bool) -> None:
    from events.intents import IntentSwitchRequested

    ask(here, Asked(IntentSwitchRequested(name, enabled, key), key), as_json)


def _faults(name: str, faults: Sequence[Any]) -> str:
    from horarium.configuration import render

    return f"{name}:\n{render(faults)}" if len(faults) > 1 else f"{name}: {render(faults)}"


def standing(found: Intent) -> Cell:
    """Whether it is due at all."""
    if found.state == "removed":
        return Cell("removed", "yellow")
    if not found.enabled:
        return Cell("disabled", "yellow")
    if found.broken_at:
        return Cell("paused after failures", "yellow")
    return faint("")


def _row(found: Intent) -> Sequence[Value]:
    gone = f"{moment(found.removed_at)}, {why(found.removed_reason)}" if found.removed_at else ""
    return (
        found.intent,
        found.trigger,
        found.run,
        found.source,
        standing(found),
        moment(found.last_due_at, seconds=in_seconds(found.trigger)),
        state(found.last_verdict),
        faint(gone or found.last_work or why(found.last_reason)),
    )


def _tell(found: Intent, sentence: str, due: Sequence[datetime], told: Sequence[Verdict]) -> None:
    title(found.intent, standing(found))
    for what, words in _facts(found, sentence, due):
        line(faint(what), words)
    if told:
        gap()
        title("Last verdicts")
        seconds = in_seconds(found.trigger)
        show(VERDICTS, (_verdict(each, seconds) for each in told), 2)


def _facts(found: Intent, sentence: str, due: Sequence[datetime]) -> Iterator[tuple[str, str]]:
    yield "due", sentence
    yield "settings", ", ".join(settings(found))
    yield "from", f"{found.source}, since {moment(found.since)}"
    if found.removed_at:
        yield "removed", f"{moment(found.removed_at)}: {why(found.removed_reason)}"
    if found.switched_at:
        switched = "enabled" if found.enabled else "disabled"
        yield "switched", f"{switched} by hand, {moment(found.switched_at)}"
    if found.broken_at:
        known = f"horarium intent enable {found.intent}"
        yield "paused", f"since {moment(found.broken_at)}, after failures in a row: {known}"
    if found.name_taken:
        yield "note", "one of the configuration has the same name and is passed over"
    if due:
        seconds = in_seconds(found.trigger)
        yield "next", ", ".join(moment(at.isoformat(), seconds=seconds) for at in due)
    counts = ("planned", "skipped", "missed", "coalesced", "superseded", "expired", "buffered")
    told = [f"{count:,} {name}" for name in counts if (count := getattr(found, name))]
    if told:
        yield "so far", ", ".join(told)


def _verdict(told: Verdict, seconds: bool) -> Sequence[Value]:
    until = f" to {moment(told.last_due_at, seconds=seconds)}" if told.count > 1 else ""
    withdrawn = "; withdrawn" if told.reopened_after else ""
    return (
        f"{moment(told.due_at, seconds=seconds)}{until}",
        counted(told.count, "time") if told.count > 1 else "",
        state(told.verdict),
        told.work or "",
        faint(f"{why(told.reason, told.policy)}{withdrawn}"),
    )
