"""The log lived again, record by record."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import json
from msgspec.structs import replace

from actors.replay.stepping import Step, Unlivable
from horarium.asof import opened_log
from horarium.browsing import Browser, terminal_keys
from horarium.bundle import BadLog
from horarium.commands.looking import PointOfLog, refusing
from horarium.commands.options import Refusal, now, with_places
from horarium.places import Places
from horarium.points import NoSuchPoint, Point
from horarium.replaying import ACTORS, foreign_steps, own_steps
from horarium.stepping import document, lines
from horarium.tables import coloured, plain


@click.command()
@click.option("--from", "start", type=PointOfLog(), metavar="POSITION|TIME",
              help="Begin at that record, or behind that time.")  # fmt: skip
@click.option("--to", "end", type=PointOfLog(), metavar="POSITION|TIME", help="End there.")
@click.option("--step/--no-step", default=None,
              help="One record a key. Default: at a terminal.")  # fmt: skip
@click.option("--by", type=click.Choice(ACTORS), help="Only what this actor heard.")
@click.option("--log", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="A bundle, or a backup of a log.")  # fmt: skip
@with_places
def replay(
    here: Places,
    as_json: bool,
    start: Point | None,
    end: Point | None,
    step: bool | None,
    by: str | None,
    file: Path | None,
) -> None:
    """What each actor knew before each record, what it decided upon it, and how it changed.

    Nothing is done and nothing is written. Keys at a terminal: n or Enter for the next record, p
    for the one before, / to search, q to quit. With --json one object a line.
    """
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if step and (as_json or not terminal):
        raise click.UsageError("--step needs a terminal, and goes without --json")
    with _steps(here, file, start, end) as steps:
        wanted = filter(None, (_by(each, by) for each in steps))
        if as_json:
            _write_json(wanted)
        elif terminal and step is not False:
            with terminal_keys() as key:
                Browser((list(_lines(each, by)) for each in wanted), key).browse()
        else:
            for each in wanted:
                sys.stdout.writelines(f"{line}\n" for line in _lines(each, by))


@contextmanager
def _steps(
    here: Places, file: Path | None, start: Point | None, end: Point | None
) -> Iterator[Iterator[Step]]:
    try:
        if file is not None:
            yield foreign_steps(file, start, end)
            return
        with refusing(), opened_log(here) as log:
            yield own_steps(log, start, end)
    except BadLog as error:
        raise Refusal(plain(f"{file}: {error}")) from error
    except (NoSuchPoint, Unlivable) as error:
        raise Refusal(plain(str(error))) from error


def _by(step: Step, actor: str | None) -> Step | None:
    """The step as one actor knows it; None when that has not heard of it."""
    if actor is None:
        return step
    heard = [each for each in step.considered if each.actor == actor]
    return replace(step, considered=heard) if heard else None


def _lines(step: Step, by: str | None) -> Iterator[str]:
    first, *rest = lines(step, now(), silent=by is not None)
    yield click.style(first, bold=True) if coloured(sys.stdout) else first
    yield from rest


def _write_json(steps: Iterator[Step]) -> None:
    for each in steps:
        sys.stdout.write(json.encode(document(each), enc_hook=str).decode() + "\n")
