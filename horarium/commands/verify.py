"""Looking a log through: is it whole, does it keep what was promised, would we decide so today."""

import sys
from pathlib import Path
from typing import Any

import click
import orjson
from msgspec import to_builtins

from actors.replay.recompute import Difference
from events.catalogue import AnyFact
from horarium import reading
from horarium.commands.options import Refusal, with_places
from horarium.commands.showing import counted
from horarium.places import Places
from horarium.tables import Cell, Column, gap, line, show, show_json
from horarium.verifying import Progress, Verdict, verified, verified_file

TELL_EVERY_RECORDS = 20_000
PAIRS_CHARACTERS = 200


@click.command()
@click.option(
    "--log",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another log: a copy in SQLite, a bundle, or stored records one a line.",
)
@click.option("--no-recompute", is_flag=True, help="Do not decide everything again.")
@with_places
def verify(here: Places, as_json: bool, file: Path | None, no_recompute: bool) -> int:
    """Look the whole log through, changing nothing.

    Each record is decoded and its place in the chain checked; what a log can prove of itself is
    held against it; every decision is made again. What is decided differently now, by other
    rules, is told apart: it is no fault of the log. Exit code 1 when something is wrong.
    """
    progress = counting(quiet=as_json)
    try:
        if file is not None:
            found = verified_file(file, progress, recompute=not no_recompute)
        else:
            found = verified(here, progress, recompute=not no_recompute)
    except reading.NoLog as error:
        raise Refusal(str(error)) from error
    finally:
        progress(0)
    if as_json:
        show_json(_document(found))
    else:
        _tell(found, decided_again=not no_recompute)
    return 1 if found.violations_count else 0


def counting(*, quiet: bool) -> Progress:
    """Counts on a terminal; 0 clears the line."""
    if quiet or not sys.stderr.isatty():
        return lambda position: None
    told = 0

    def tell(position: int) -> None:
        nonlocal told
        if position == 0 and told:
            sys.stderr.write("\r\x1b[K")
            told = 0
        elif position - told >= TELL_EVERY_RECORDS:
            told = position
            sys.stderr.write(f"\r{position:,} records")
        sys.stderr.flush()

    return tell


def _document(found: Verdict) -> dict[str, Any]:
    return {
        "records": found.records,
        "after": found.after,
        "left": found.left,
        "left_unread": found.missing,
        "not_decided_again": found.undecided,
        "violations": [wrong._asdict() for wrong in found.violations],
        "violations_count": found.violations_count,
        "decided_differently": [_as_json(difference) for difference in found.differences],
        "decided_differently_count": found.differences_count,
    }


def _as_json(difference: Difference) -> dict[str, Any]:
    then, now = difference.then, difference.now
    return {
        "actor": difference.actor,
        "cause": difference.cause,
        "then": None if then is None else to_builtins(then),
        "now": None if now is None else to_builtins(now),
    }


def _tell(found: Verdict, *, decided_again: bool) -> None:
    if found.missing:
        line(Cell(f"{found.missing}.", "yellow"))
    elif found.left:
        line(f"Records 1 to {found.left:,} have left this log, and were read where they lie now.")
    if found.after:
        line(f"It begins behind record {found.after:,}: causes, answers and decisions are checked,")
        line("and of all else nothing, because what came before is not known.")
    if found.violations:
        wrong = counted(found.violations_count, "violation")
        line(Cell(f"{wrong} in {counted(found.records, 'record')}.", "red"))
        rows = [(str(it.position), it.invariant, it.reason) for it in found.violations]
        show([Column("position", right=True), Column("invariant"), Column("reason", long=True)],
             [(Cell(at), Cell(name, "red"), Cell(why)) for at, name, why in rows])  # fmt: skip
        _tell_more(found.violations_count - len(found.violations))
    else:
        line(Cell(f"{counted(found.records, 'record')}, nothing wrong.", "green"))
    if found.differences:
        gap()
        line(
            f"Decided differently now ({found.differences_count:,}), which is no fault of the log:"
        )
        show(
            [Column("position", right=True), Column("actor"), Column("then", long=True),
             Column("now", long=True)],
            [(str(it.cause), it.actor, _words(it.then, it.now), _words(it.now, it.then))
             for it in found.differences],
        )  # fmt: skip
        _tell_more(found.differences_count - len(found.differences))
    elif decided_again and not found.violations and not found.undecided:
        line("Every decision comes out the same again.")
    if found.undecided:
        line(f"Not decided again: what {', '.join(found.undecided)} knew there is not kept.")


def _tell_more(count: int) -> None:
    if count:
        line(Cell(f"and {count:,} more", "dim"))


def _words(fact: AnyFact | None, other: AnyFact | None) -> str:
    """A decision in a line: of two of a kind, what is not the same in both."""
    if fact is None:
        return "nothing"
    pairs, others = to_builtins(fact), to_builtins(other) if type(other) is type(fact) else {}
    told = {name: it for name, it in pairs.items() if name != "kind" and others.get(name) != it}
    if others:  # Whom it is about is worth telling all the same.
        told = {name: pairs[name] for name in ("work", "run") if name in pairs} | told
    said = " ".join(f"{name}={_value(it)}" for name, it in told.items())
    return f"{fact.kind} {said}"[:PAIRS_CHARACTERS]


def _value(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
