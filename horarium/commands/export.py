"""A log for somebody else."""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import click

from horarium.asof import opened_log
from horarium.commands.looking import PointOfLog, refusing
from horarium.commands.options import Refusal, with_places
from horarium.commands.showing import counted
from horarium.exporting import CannotExport, Exported
from horarium.exporting import export as exported
from horarium.places import Places
from horarium.points import Point, position_of
from horarium.tables import line, show_json


@click.command()
@click.option("--bundle", "path", type=click.Path(dir_okay=False, path_type=Path), required=True,
              metavar="FILE", help="The file to write; it must not exist.")  # fmt: skip
@click.option("--since", type=PointOfLog(), metavar="POSITION|TIME",
              help="Only the records from there on, and what was known there.")  # fmt: skip
@click.option("--with-output", is_flag=True, help="Also what jobs are given and what they say.")
@with_places
def export(here: Places, as_json: bool, path: Path, since: Point | None, with_output: bool) -> None:
    """Write a log that replays elsewhere, without secrets.

    Masked are environments, tokens, passwords and long random words. Left out, unless asked for,
    are the inputs of jobs, their output and what they said of themselves. Look through the file
    before you give it away: what looks like any other word is not known to be a secret.
    """
    try:
        done = _exported(here, path, since, with_output)
    except FileExistsError as error:
        raise Refusal(f"{path} exists already") from error
    except (CannotExport, OSError) as error:
        raise Refusal(f"cannot write {path}: {error}") from error
    if as_json:
        show_json(done)
    else:
        _tell(done)


def _exported(here: Places, path: Path, since: Point | None, with_output: bool) -> Exported:
    with refusing(), opened_log(here) as log:
        first = position_of(log, since) if since is not None else 1
        if isinstance(since, datetime):
            first += 1
        return exported(log, path, first, with_output=with_output, version=version("horarium"))


def _tell(done: Exported) -> None:
    span = f", {done.first:,} to {done.last:,}" if done.records else ""
    line(f"{done.file}: {counted(done.records, 'record')}{span}, {done.masked:,} of them masked.")
