"""The money of a day, and its limits."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import get_args

import click

from events.requests import LimitScope
from horarium import times
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Day, Refusal, located, now, with_places
from horarium.commands.showing import cost, day_name, moment, purse, tally, words
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Cell, Column, Value, faint, gap, line, show, show_json, title
from projections.database import place_of
from projections.queries.budget import Budget, CategoryBudget, Movement, OwnLimit, Purse, Quota
from projections.queries.budget import budget as purse_of
from projections.queries.documents import LIMIT_MAX

LIMITED = (
    Column("spent", right=True),
    Column("reserved", right=True),
    Column("left", right=True),
    Column("of", right=True),
    Column(""),
    Column("refused", right=True),
    Column("", long=True),
)
CATEGORIES = (Column("category"), *LIMITED)
OWN_LIMITS = (Column("own limit"), *LIMITED)
QUOTAS = (
    Column("quota"),
    Column("requests", right=True),
    Column("tokens", right=True),
    Column("cost", right=True),
    Column("resets", right=True),
    Column("", long=True),
)
MOVEMENTS = (
    Column("at", right=True),
    Column("movement"),
    Column("category"),
    Column("amount", right=True),
    Column("run"),
    Column("", long=True),
)
CHANGED = {"day": "changed for today", "good": "changed for good"}
SHOWN = "show"  # where no other command is named
USD_MAX = 1_000_000


class ShowingGroup(click.Group):
    """Shows, unless one of the other commands is named."""

    shown = SHOWN

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not {*args} & {*self.commands, *ctx.help_option_names}:
            args = [self.shown, *args]
        return super().parse_args(ctx, args)


@click.group(cls=ShowingGroup)
@located
def budget(here: Places) -> None:
    """The day's money by category: spent, reserved, left. Limits can be changed by hand.

    `horarium budget` alone shows the open day; `horarium budget show --help` says what else can
    stand there.
    """


@budget.command(SHOWN)
@click.argument("day", type=Day(), required=False)
@click.option("--movements", type=click.IntRange(0, LIMIT_MAX), default=10, show_default=True,
              help="How many lines of the ledger.")  # fmt: skip
@as_of_option
@with_places
def show_(
    here: Places, as_json: bool, day: date | None, movements: int, as_of: Point | None
) -> None:
    """The day's money by category: spent, reserved, left; quotas, alerts, movements."""
    with looking(here, as_of=as_of) as connection:
        place = place_of(connection)
        then = datetime.fromisoformat(place.at) if as_of is not None and place.at else now()
        found = purse_of(connection, day, movements=movements, at=then)
    if found is None:
        raise Refusal(f"no money was opened {f'on {day}' if day else 'yet'}")
    if as_json:
        show_json(found)
    else:
        _tell(found)


@budget.command("set")
@click.argument("scope", type=click.Choice(get_args(LimitScope)))
@click.argument("rest", nargs=-1, metavar="[NAME] AMOUNT")
@click.option("--for-good", is_flag=True, help="From now on, and not for today alone.")
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def set_(
    here: Places,
    as_json: bool,
    scope: LimitScope,
    rest: tuple[str, ...],
    for_good: bool,
    note: str,
    key: str,
) -> None:
    """Change what a day, a category, a template or an intent may cost in a day, in dollars.

    A limit by hand goes before the configured one, for today or, with --for-good, until it is
    reset. What waits for money is looked at again at once.
    """
    name, amount = _named(scope, rest, "AMOUNT")
    _ask(here, as_json, scope, name, _micros(amount), for_good, note, key)


@budget.command()
@click.argument("scope", type=click.Choice(get_args(LimitScope)))
@click.argument("rest", nargs=-1, metavar="[NAME]")
@click.option("--for-good", is_flag=True, help="Also what was changed for good.")
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def reset(
    here: Places,
    as_json: bool,
    scope: LimitScope,
    rest: tuple[str, ...],
    for_good: bool,
    note: str,
    key: str,
) -> None:
    """Take a change of today back; with --for-good let a limit be as configured again."""
    name, _ = _named(scope, (*rest, ""), "")
    _ask(here, as_json, scope, name, None, for_good, note, key)


def _named(scope: LimitScope, rest: tuple[str, ...], last: str) -> tuple[str, str]:
    """The name, which a day has not, and the amount."""
    wanted = 1 if scope == "day" else 2
    if len(rest) != wanted:
        usage = " ".join(part for part in (scope, "" if scope == "day" else "NAME", last) if part)
        raise click.UsageError(f"write {usage}")
    return ("", rest[0]) if scope == "day" else (rest[0], rest[1])


def _micros(amount: str) -> int:
    from horarium.configuration.units import UnfitError, money

    try:
        micros = money(amount.removeprefix("$"))
    except UnfitError as error:
        raise click.UsageError(str(error)) from error
    if not 0 <= micros <= USD_MAX * 1_000_000:
        raise click.UsageError(f"{amount} is not an amount from 0 to {USD_MAX:,}")
    return micros


def _ask(
    here: Places,
    as_json: bool,
    scope: LimitScope,
    name: str,
    usd_micros: int | None,
    for_good: bool,
    note: str,
    key: str,
) -> None:
    from events.requests import LimitRequested

    asked = LimitRequested(scope, key, name, usd_micros, for_good, note)
    ask(here, Asked(asked, key, () if scope == "day" else (scope,)), as_json)


def _tell(found: Budget) -> None:
    title(day_name(found.day), summed(found))
    for alert in found.alerts:
        line(Cell(alert.words, "yellow"))
    gap()
    show_categories(found.categories)
    if found.own_limits:
        gap()
        show(OWN_LIMITS, [_own(each) for each in found.own_limits], 2)
    if found.quotas:
        gap()
        show(QUOTAS, [_quota(each) for each in found.quotas], 2)
    if found.movements:
        gap()
        show(MOVEMENTS, [_movement(each) for each in found.movements], 2)


def summed(found: Purse) -> str:
    """A day's money in a line."""
    parts = [
        f"{times.money(found.settled_usd_micros)} of {times.money(found.limit_usd_micros)} spent",
        f"{times.money(found.reserved_usd_micros)} reserved" if found.reserved_usd_micros else "",
        f"{times.money(found.left_usd_micros)} left",
        f"the last {times.money(found.reserve_usd_micros)} for critical work"
        if found.reserve_usd_micros
        else "",
        CHANGED.get(found.changed, ""),
    ]
    return ", ".join(part for part in parts if part)


def show_categories(found: Sequence[CategoryBudget]) -> None:
    """A line with a bar for each category."""
    show(CATEGORIES, [_category(each) for each in found], 2)


def _category(found: CategoryBudget) -> Sequence[Value]:
    over = found.overrun_usd_micros
    parts = (
        "closed" if found.closed else "",
        f"{times.money(over)} over" if over else "",
        CHANGED.get(found.changed, ""),
    )
    return (
        found.category,
        cost(found.settled_usd_micros),
        cost(found.reserved_usd_micros),
        cost(found.left_usd_micros),
        cost(found.limit_usd_micros),
        purse(found.settled_usd_micros, found.reserved_usd_micros, found.limit_usd_micros),
        tally(found.refused, "yellow"),
        Cell(" ".join(part for part in parts if part), "red" if found.closed or over else ""),
    )


def _own(found: OwnLimit) -> Sequence[Value]:
    limit = found.limit_usd_micros
    bar = purse(found.settled_usd_micros, found.reserved_usd_micros, limit) if limit else ""
    return (
        found.name.replace(":", " ", 1),
        cost(found.settled_usd_micros),
        cost(found.reserved_usd_micros),
        cost(found.left_usd_micros),
        cost(limit),
        bar,
        tally(found.refused, "yellow"),
        CHANGED.get(found.changed, ""),
    )


def _quota(found: Quota) -> Sequence[Value]:
    return (
        f"{found.executor} {found.quota}",
        _used(f"{found.requests:,}", found.requests_max),
        _used(f"{found.tokens:,}", found.tokens_max),
        _spent(found),
        moment(found.spent_until or found.resets_at),
        Cell("spent", "yellow") if found.spent_until else "",
    )


def _used(used: str, most: int | None) -> Value:
    return faint(used) if most is None else f"{used} of {most:,}"


def _spent(found: Quota) -> Value:
    if found.usd_micros_max is None:
        return faint(times.money(found.usd_micros))
    used = f"{times.money(found.usd_micros)} of {times.money(found.usd_micros_max)}"
    held = found.reserved_usd_micros
    return f"{used}, {times.money(held)} reserved" if held else used


def _movement(found: Movement) -> Sequence[Value]:
    return (
        moment(found.at),
        found.movement,
        found.category or found.own_limit.replace(":", " ", 1),
        cost(found.usd_micros),
        found.run,
        faint(words(found.reason)),
    )
