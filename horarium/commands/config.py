"""Checking the configuration, and its schema."""

import os

import click

from horarium.commands.options import located, with_places
from horarium.places import Places


@click.group()
@located
def config(here: Places) -> None:
    """Check the configuration; print its schema."""


@config.command()
@with_places
def check(here: Places, as_json: bool) -> int:
    """Say all that is wrong with the configuration; nothing is started."""
    from horarium.commands.findings import show_findings
    from horarium.configuration import faults

    found = faults(here.config, os.environ)
    return show_findings(found, as_json, f"{here.config} is in order.")


@config.command()
@with_places
def schema(here: Places, as_json: bool) -> None:
    """The JSON schema of the configuration, for editors; it is JSON in any case."""
    from horarium.configuration.schema import schema_text

    click.echo(schema_text().rstrip("\n"))
