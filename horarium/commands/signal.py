"""Saying that something happened."""

import re

import click

from events.intents import SignalReceived
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.options import with_places_named_before
from horarium.commands.request import json_object
from horarium.places import Places

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")


@click.command()
@click.argument("name")
@click.option("--data", "said", default="{}", callback=json_object, metavar="JSON",
              help='An object; the work reads it as its input "signal".')  # fmt: skip
@key_option
@with_places_named_before
def signal(here: Places, as_json: bool, name: str, said: str, key: str) -> None:
    """Say that something happened: intents that wait for this signal are due.

    The data folder is named in front: horarium --data DIR signal NAME.
    """
    if not NAME.fullmatch(name):
        raise click.UsageError(f"{name!r} is no name of a signal")
    ask(here, Asked(SignalReceived(name, key, said), key), as_json)
