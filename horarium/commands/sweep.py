"""Sweeping on demand, and showing what would go."""

import time
from collections.abc import Sequence
from typing import get_args

import click
from msgspec import convert

from events.cleanup import EndedProcess, SweepEnded, SweepRequested
from events.settings import SweepPart
from horarium import client, reading
from horarium.commands.asking import Asked, ask, key_option, posted
from horarium.commands.options import Refusal, now, with_places
from horarium.commands.showing import size
from horarium.places import Places
from horarium.tables import Cell, Column, gap, line, show, show_json

PARTS: tuple[SweepPart, ...] = get_args(SweepPart)
WAIT_SECONDS, LOOK_SECONDS = 90.0, 0.05


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--really", is_flag=True, help="Also end processes that no run began.")
@key_option
@with_places
def sweep(
    here: Places,
    as_json: bool,
    parts: tuple[SweepPart, ...],
    dry_run: bool,
    really: bool,
    key: str,
) -> int:
    """Take away what is old: all there is to sweep, or the PARTS that are named.

    What the daemon itself has made goes at once. Processes that no run began are only shown,
    also those that cleanup.foreign describes, unless you say --really or the pattern does. A
    dry run needs no daemon and changes nothing. Exit code 1 when something would not go.
    """
    if dry_run:
        return _foreseen(here, as_json, parts, really)
    return _swept(here, as_json, SweepRequested(key, parts, really))


def _foreseen(here: Places, as_json: bool, parts: tuple[SweepPart, ...], really: bool) -> int:
    from horarium.sweeping.foreseeing import foreseen

    try:
        done = foreseen(here, now(), parts, really=really)
    except reading.NoLog as error:
        raise Refusal(str(error)) from error
    if as_json:
        show_json({"dry_run": True, **_document(done)})
    else:
        _tell(done, dry=True)
    return 1 if done.failed else 0


def _swept(here: Places, as_json: bool, request: SweepRequested) -> int:
    asked = Asked(request, request.key)
    reply = posted(here, asked)
    match reply:
        case client.Reply(
            200, {"answer": {"kind": "sweep-starting", "fact": {"sweep": str(name)}}}
        ):
            done = _waited_for(here, int(reply.body["position"]), name)
        case _:
            ask(here, asked, as_json)  # It was answered before; the answer says so.
            return 0
    if as_json:
        show_json({"dry_run": False, **_document(done)})
    else:
        _tell(done, dry=False)
    return 1 if done.failed else 0


def _waited_for(here: Places, position: int, name: str) -> SweepEnded:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        with reading.opened(here) as log:
            for row in reading.rows(log, position, ["sweep-ended"]):
                if (fact := reading.document(row)["fact"])["sweep"] == name:
                    return convert({"kind": "sweep-ended", **fact}, type=SweepEnded)
        time.sleep(LOOK_SECONDS)
    raise Refusal(f"{name} has not ended yet; `horarium log --kind sweep-ended` will show it")


def _document(done: SweepEnded) -> dict[str, object]:
    return {name: getattr(done, name) for name in done.__struct_fields__}


def _tell(done: SweepEnded, *, dry: bool) -> None:
    """The first of what went, and then how much it was."""
    went, are = ("Would go", "would be") if dry else ("Gone", "were")
    rows = [(it.area, it.name, size(it.bytes)) for it in done.swept]
    if rows:
        show([Column("area"), Column("name"), Column("size", right=True)], rows)
    _tell_processes(f"Processes that {are} ended", done.processes)
    _tell_processes("Not ours, and only shown; --really ends them", done.shown)
    if rows or done.processes or done.shown:
        gap()
    freed = f", {size(done.memory_bytes)} of memory" if done.processes_count else ""
    things, processes = _many(done.items, "thing", "things"), done.processes_count
    line(
        f"{went}: {things}, {size(done.bytes)}; {_many(processes, 'process', 'processes')}{freed}."
    )
    if done.sealed is not None:
        said = f"records {done.sealed.after + 1:,} to {done.sealed.until:,}"
        line(f"{'Would be sealed' if dry else f'Sealed in {done.sealed.file}'}: {said}.")
    if done.left:
        line(f"{done.left:,} more are left for the next sweep.")
    for why in done.failed:
        line(Cell(f"would not go: {why}", "red"))


def _tell_processes(title: str, found: Sequence[EndedProcess]) -> None:
    if not found:
        return
    gap()
    line(f"{title}:")
    columns = [
        Column("pid", right=True),
        Column("name"),
        Column("of"),
        Column("memory", right=True),
    ]
    rows = [(str(it.pid), it.name, it.run or it.pattern, size(it.memory_bytes)) for it in found]
    show(columns, rows, indent=2)


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
