"""Looking for what would stop the day dead."""

import os

import click

from horarium.commands.findings import show_findings
from horarium.commands.options import now, with_places
from horarium.places import Places


@click.command()
@with_places
def doctor(here: Places, as_json: bool) -> int:
    """Find what would stop the day dead: in the configuration, the machine, the data folder.

    Nothing is changed and nothing is run. Exit code 1 when there is an error.
    """
    from horarium.doctor import examine

    found = examine(here.config, here.data, os.environ, now())
    return show_findings(found, as_json, "Nothing was found that would stop the day.")
