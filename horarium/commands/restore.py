"""Putting a backup of the log back."""

from contextlib import nullcontext
from pathlib import Path

import click

from horarium import times
from horarium.commands.options import Refusal, now, with_places
from horarium.commands.rebuild import alone, build
from horarium.places import Places
from horarium.replacing import Copy, GivenUp, NoBackup, check_left, examined, given_up, replace
from horarium.tables import Column, line, plain, show, show_json


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do it, and do not only say what would be given up.")
@with_places
def restore(here: Places, as_json: bool, file: Path, yes: bool) -> None:
    """Put a backup back in the place of the log, and build the projections anew.

    The backup is read from its first record to its last before anything is touched. What is
    replaced is kept, in the data folder.
    """
    if here.log.exists() and file.samefile(here.log):
        raise Refusal(f"{file} is the log itself, not a backup of it")
    if yes:
        here.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(here) if yes else nullcontext():
        try:
            copy = examined(file)
            check_left(here, copy)
        except NoBackup as error:
            raise Refusal(plain(str(error))) from error
        lost = given_up(here, copy)
        aside = replace(here, copy, lost.after) if yes else None
        if yes:
            build(here, quiet=as_json)
    if as_json:
        show_json({"restored": yes, "backup": copy, "given_up": lost, "kept_in": aside})
    else:
        _tell(copy, lost, aside, yes)
    if not yes:
        raise Refusal("nothing was changed; say --yes to do it")


def _tell(copy: Copy, lost: GivenUp, aside: Path | None, done: bool) -> None:
    until = f", until {times.clock(copy.until, now())}" if copy.until else ""
    line(f"{copy.path} is whole: {copy.records:,} records{until}.")
    if copy.left:
        line(f"Records 1 to {copy.left:,} had left it; they lie sealed in the data folder.")
    if lost.unreadable:
        line(f"The present log cannot be read, so what is given up is not known: {lost.unreadable}")
    elif not lost.count or lost.first_at is None or lost.last_at is None:
        line("It holds all that the present log holds: nothing is given up.")
    else:
        span = f"{times.clock(lost.first_at, now())} to {times.clock(lost.last_at, now())}"
        first, last = lost.after + 1, lost.after + lost.count
        line(f"Given up: {lost.count:,} records, {first} to {last}, of {span}:")
        rows = [(f"{count:,}", kind) for kind, count in lost.kinds.items()]
        show([Column("count", right=True), Column("kind")], rows, indent=2)
    if done:
        line(f"Restored.{f' What was there is kept in {aside}.' if aside else ''}")
