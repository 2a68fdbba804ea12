"""What can be asked about work that exists."""

import click

from events.requests import CancelRequested, MoveRequested, ReleaseRequested
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.options import with_places
from horarium.places import Places


@click.command()
@click.argument("work")
@key_option
@with_places
def release(here: Places, as_json: bool, work: str, key: str) -> None:
    """Run waiting work now, whatever its phase. A pause still holds it."""
    ask(here, Asked(ReleaseRequested(work, key), key), as_json)


@click.command()
@click.argument("work")
@click.option("--phase", required=True, metavar="PHASE", help="The phase to wait for.")
@key_option
@with_places
def move(here: Places, as_json: bool, work: str, phase: str, key: str) -> None:
    """Let waiting work wait for another phase."""
    ask(here, Asked(MoveRequested(work, phase, key), key), as_json)


@click.command()
@click.argument("subject", metavar="WORK|RUN")
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def cancel(here: Places, as_json: bool, subject: str, note: str, key: str) -> None:
    """End a piece of work, waiting or running, or the work of a run."""
    ask(here, Asked(CancelRequested(subject, key, note), key), as_json)
