"""Asking for a new plan."""

import click

from events.requests import ReplanRequested
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.options import with_places
from horarium.places import Places


@click.command()
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def replan(here: Places, as_json: bool, note: str, key: str) -> None:
    """Draw today's plan anew, for the phases that remain."""
    ask(here, Asked(ReplanRequested(key, note), key), as_json)
