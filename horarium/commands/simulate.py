"""A stretch of time simulated: the real rules, invented doors, virtual time."""

import os
from datetime import date
from time import perf_counter

import click

from actors.calendar import day_of
from actors.replay.courses import History
from actors.replay.faults import Rates
from actors.replay.simulating import Stretch, remedy, simulated
from horarium import reading
from horarium.commands.options import Day, Refusal, now, with_places
from horarium.configuration import ConfigError, Loaded, load, render
from horarium.places import Places
from horarium.simulated import Lived, document
from horarium.tables import note, show_json

DAYS_MAX = 3_660
RUNS_MAX = 10_000
VIOLATIONS_MAX = 100  # told of one run


@click.command()
@click.option("--days", type=click.IntRange(1, DAYS_MAX), default=7, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same gives the same.")
@click.option("--start", type=Day(), metavar="DATE", help="The first day. Default: today.")
@click.option("--runs", type=click.IntRange(1, RUNS_MAX), default=1, show_default=True,
              help="With so many seeds; more than one give a distribution.")  # fmt: skip
@click.option("--faults", is_flag=True, help="Let things go wrong, and check every result.")
@click.option("--all", "everything", is_flag=True, help="Each day and each name.")
@click.option("--speed", is_flag=True, help="Say how fast it went.")
@with_places
def simulate(
    here: Places,
    as_json: bool,
    days: int,
    seed: int,
    start: date | None,
    runs: int,
    faults: bool,
    everything: bool,
    speed: bool,
) -> int:
    """Live days that never were, by the rules that run live, and say what comes of them.

    A run goes as one of the same action went before, where there is a log; else as estimated.
    """
    from horarium.commands.simulated import tell

    loaded = loaded_from(here)
    first = start or day_of(loaded.configuration.day, now())
    stretch = Stretch(loaded.configuration, first, days, seed, _history(here, loaded))
    began = perf_counter()
    lived = [_live(stretch._replace(seed=seed + nth), faults) for nth in range(runs)]
    took = perf_counter() - began
    needed = remedy(stretch)
    if as_json:
        found = document(stretch, loaded.digest, lived, needed, faults=faults)
        show_json(found | {"seconds": round(took, 3)} if speed else found)
    else:
        tell(stretch, lived, needed, everything)
    if speed:
        records = sum(each.outcome.tally.records for each in lived)
        note(f"{records:,} records in {took:.2f} s, {records / took:,.0f} a second")
    return 1 if any(each.violations for each in lived) else 0


def loaded_from(here: Places) -> Loaded:
    """The settings of the configuration file. Raises Refusal with all that is wrong."""
    try:
        return load(here.config, os.environ)
    except ConfigError as error:
        raise Refusal(render(error.faults)) from error


def _history(here: Places, loaded: Loaded) -> History:
    from horarium.history import recorded_history

    try:
        return recorded_history(here, loaded.configuration.actions, note)
    except reading.NoLog as error:
        raise Refusal(str(error)) from error


def _live(stretch: Stretch, faults: bool) -> Lived:
    if not faults:
        return Lived(stretch.seed, simulated(stretch))
    from projections.invariants.checker import Checker
    from projections.invariants.past import ACTORS

    found: list[str] = []
    checker = Checker(lambda wrong: found.append(f"{wrong.position}: {wrong.reason}"))
    outcome = simulated(stretch, Rates(), lambda record: checker.take((record,)))
    checker.finish(dict.fromkeys(ACTORS, outcome.tally.records))
    return Lived(stretch.seed, outcome, found[:VIOLATIONS_MAX])
