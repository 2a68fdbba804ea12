"""Saying what became of a run of which nobody saw the end."""

import click

from events.requests import SettleRequested
from events.runs import SettledAs
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.options import with_places
from horarium.places import Places

USD_MAX = 1_000_000


def _micros(ctx: click.Context, param: click.Parameter, said: str | None) -> int | None:
    """Dollars, as the configuration writes them."""
    if said is None:
        return None
    from horarium.configuration.units import UnfitError, money

    try:
        micros = money(said.removeprefix("$"))
    except UnfitError as unfit:
        raise click.BadParameter(str(unfit), ctx, param) from unfit
    if not 0 <= micros <= USD_MAX * 1_000_000:
        raise click.BadParameter(f"{said} is not an amount from 0 to {USD_MAX:,}", ctx, param)
    return micros


@click.command()
@click.argument("run")
@click.option("--as", "settled_as", required=True, type=click.Choice(("succeeded", "failed")),
              help="What became of it.")  # fmt: skip
@click.option("--cost", callback=_micros, metavar="USD",
              help="What it cost; without it, what was set aside stays charged.")  # fmt: skip
@click.option("--note", default="", metavar="TEXT", help="How you know, for whoever reads the log.")
@key_option
@with_places
def settle(
    here: Places, as_json: bool, run: str, settled_as: str, cost: int | None, note: str, key: str
) -> None:
    """Say what became of RUN, of which nobody saw the end.

    `horarium runs --state unknown` lists them.
    """
    became: SettledAs = "succeeded" if settled_as == "succeeded" else "failed"
    ask(here, Asked(SettleRequested(run, became, key, cost, note), key, ("run",)), as_json)
