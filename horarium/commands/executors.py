"""Executors of which nothing is asked for now, and those that are full."""

from collections.abc import Sequence

from horarium.commands.showing import counted, moment, words
from horarium.tables import Column, Value, faint, gap, show, state, title
from projections.queries.executors import Executor

COLUMNS = (Column("executor"), Column("state"), Column("until", right=True), Column("", long=True))


def tell_executors(known: Sequence[Executor]) -> None:
    """A part of a screen, if one of them rests, has spent a quota, or has others waiting."""
    found = [each for each in known if each.state != "ready" or each.waiting]
    if found:
        gap()
        title("Executors")
        show(COLUMNS, map(_row, found), 2)


def _row(executor: Executor) -> Sequence[Value]:
    waiting = f"{counted(executor.waiting, 'run')} waiting" if executor.waiting else ""
    why = f"quota {executor.reason}" if executor.state == "spent" else words(executor.reason)
    said = ", ".join(filter(None, (why if executor.state != "ready" else "", waiting)))
    return executor.executor, state(executor.state), moment(executor.until), faint(said)
