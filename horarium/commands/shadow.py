"""How far a second configuration decides like the first on the same observations."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from horarium.commands.options import Moment, Refusal, with_places
from horarium.commands.showing import counted, words
from horarium.commands.whatif import decided_again
from horarium.configuration import ConfigError, digest_of, load, render
from horarium.places import Places
from horarium.rethinking import Rethought
from horarium.tables import Cell, Column, Value, bar, gap, line, show, show_json, title

AGREEMENT = (Column("decision"), Column("recorded", right=True), Column("shadow", right=True),
             Column("alike", right=True), Column(""), Column("", right=True))  # fmt: skip


@click.command()
@click.option("--from", "since", type=Moment(), metavar="TIME", help="Since when. Default: ever.")
@click.option("--seed", type=int, default=1, show_default=True,
              help="For the ends of runs that never happened.")  # fmt: skip
@with_places
def shadow(here: Places, as_json: bool, since: datetime | None, seed: int) -> None:
    """Let the configuration that `shadow` names decide on all that was seen, and compare.

    It only ever reads the log, so it cannot run anything. What is counted are decisions by what
    they say, whatever their ids and instants; `horarium whatif --config` tells them apart.
    """
    other, path = _shadow_of(here)
    found = decided_again(here, None, since, None, lambda recorded: other, seed)
    if as_json:
        show_json(_document(found, path))
    else:
        _tell(found, path)


def _shadow_of(here: Places) -> tuple[Any, Path]:
    """The second configuration, and its file. Raises Refusal."""
    try:
        first = load(here.config, os.environ)
        if not first.configuration.shadow:
            raise Refusal(f'{here.config} names no shadow; write shadow = "other.toml" at its top')
        path = here.config.parent / first.configuration.shadow
        return load(path, os.environ).configuration, path
    except ConfigError as error:
        raise Refusal(render(error.faults)) from error


def _document(found: Rethought, path: Path) -> dict[str, Any]:
    return {
        "shadow": str(path),
        "configuration": digest_of(found.settings[1]),
        "after": found.stretch.after,
        "until": found.stretch.until,
        "agreement": [
            {**each._asdict(), "alike_millis": _millis(each.same, each.recorded, each.otherwise)}
            for each in found.agreement
        ],
        "differences": len(found.differences),
        "drawn_runs": found.drawn,
    }


def _millis(same: int, recorded: int, otherwise: int) -> int:
    return 1_000 * same // max(recorded, otherwise, 1)


def _tell(found: Rethought, path: Path) -> None:
    after, until = found.stretch
    title(f"{path.name} on records {after + 1:,} to {until:,}")
    gap()
    rows: list[tuple[Value, ...]] = []
    for kind, recorded, otherwise, same in found.agreement:
        most = max(recorded, otherwise)
        share = f"{_millis(same, recorded, otherwise) / 10:.0f} %"
        counts = (f"{recorded:,}", f"{otherwise:,}", f"{same:,}")
        rows.append((words(kind.replace("-", "_")), *counts, bar(same, 0, most, 10), share))
    show(AGREEMENT, rows, 2)
    gap()
    if not found.differences:
        line(Cell("Everything would have become the same."))
        return
    drawn = f"; {counted(found.drawn, 'run')} never happened so and got a drawn end"
    told = f"{counted(len(found.differences), 'thing')} would have become something else"
    line(told + (drawn if found.drawn else ""))
    line(f"`horarium whatif --config {path.name}` tells which.")
