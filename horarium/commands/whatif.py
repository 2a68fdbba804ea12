"""What was recorded, decided again under other settings."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import click

from actors.replay.recorded import Change
from events.codec import UnreadableRecord
from events.configuration import Configuration
from horarium import changing, reading
from horarium.bundle import BadLog
from horarium.commands.options import Moment, Refusal, here_of
from horarium.configuration import ConfigError, digest_of, load, render
from horarium.places import Places
from horarium.rethinking import Rethought, rethought, source, stretch_between
from horarium.tables import note, show_json

UNKNOWN_SHARES = (
    "The limits of categories stay as they were recorded: {} is not what was in force then, so "
    "nobody can tell which of them are percentages of the daily limit."
)


@click.command()
@click.option("--config", "other", type=click.Path(path_type=Path), metavar="OTHER",
              help="The configuration to decide by; its days, phases, money, work.")  # fmt: skip
@click.option("--set", "wanted", multiple=True, metavar="NAME=VALUE",
              help="Change a setting of it, or of the one in force: budget.daily=8.")  # fmt: skip
@click.option("--from", "since", type=Moment(), metavar="TIME", help="Decide anew from here on.")
@click.option("--to", "until", type=Moment(end=True), metavar="TIME", help="Up to here.")
@click.option("--seed", type=int, default=1, show_default=True,
              help="For the ends of runs that never happened.")  # fmt: skip
@click.option("--log", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Another log, handed over as a file.")  # fmt: skip
@click.option("--data", metavar="DIR", help="The data folder (.horarium beside the configuration).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, times in UTC.")
@click.option("--all", "everything", is_flag=True, help="Each difference.")
@click.pass_context
def whatif(
    ctx: click.Context,
    other: Path | None,
    wanted: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    seed: int,
    file: Path | None,
    data: str | None,
    as_json: bool,
    everything: bool,
) -> None:
    """Decide what was recorded again under another configuration, and say what would differ.

    People, the daemon's lives and every run that happened stay as they were; time is made anew.
    A run that never happened gets an end drawn from those of the same action. Nothing is
    written and nothing is run.
    """
    from horarium.commands.rethought import document, tell

    here, unknown = here_of(ctx), list[str]()
    try:
        change = change_of(here, other, wanted, unknown.append)
        found = decided_again(here, file, since, until, change, seed)
    except changing.NotASetting as error:
        raise click.UsageError(str(error)) from error
    except ConfigError as error:
        raise Refusal(render(error.faults)) from error
    if as_json:
        show_json(document(found, seed) | {"notes": unknown[:1]})
    else:
        tell(found, everything)
        for each in unknown[:1]:
            note(each)


def decided_again(
    here: Places,
    file: Path | None,
    since: datetime | None,
    until: datetime | None,
    change: Change,
    seed: int,
) -> Rethought:
    """Both sides of a stretch of the log. Raises Refusal, and what `change` raises."""
    try:
        with source(here, file) as log:
            stretch = stretch_between(log, since, until)
            return rethought(log.records, stretch, change, seed, since)
    except (reading.NoLog, BadLog, UnreadableRecord) as error:
        raise Refusal(str(error)) from error


def change_of(
    here: Places,
    other: Path | None,
    wanted: Sequence[str],
    say: Callable[[str], object] = lambda words: None,
) -> Change:
    """What becomes of a configuration that was in force; `say` hears what nobody can tell of it.
    Raises NotASetting and ConfigError."""
    base = None if other is None else load(other, os.environ).configuration
    file = here.config if other is None else other

    def change(recorded: Configuration) -> Configuration:
        found = recorded if base is None else base
        if not wanted:
            return found
        shares = changing.shares_in(file, digest_of(found))
        if shares is None and changing.sets_daily_limit(wanted):
            say(UNKNOWN_SHARES.format(file.name))
        return changing.changed(found, wanted, shares)

    return _remembering(change)


def _remembering(change: Change) -> Change:
    """Each configuration is changed once."""
    known: dict[str, Configuration] = {}

    def remembered(configuration: Configuration) -> Configuration:
        digest = digest_of(configuration)
        if digest not in known:
            known[digest] = change(configuration)
        return known[digest]

    return remembered
