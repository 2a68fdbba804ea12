"""Letting sealed stretches leave the log, and putting them back."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from actors.replay.stepping import Unlivable
from events.codec import UnreadableRecord
from events.left import Stretch, stretches
from events.store import StoreError, StoreFull
from horarium import reading
from horarium.asof import opened_log
from horarium.commands.options import Refusal, with_places
from horarium.commands.rebuild import alone
from horarium.commands.showing import counted, moment, size
from horarium.commands.verify import counting
from horarium.leaving import CannotTrim, Plan, Progress, planned
from horarium.places import Places
from horarium.tables import Cell, Column, line, plain, show, show_json
from horarium.trimming import check_files, give_back, is_loose, put_back
from horarium.trimming import trim as let_leave

KEEP_THEM = (
    "Keep these files where they lie, and copies as of a backup: there they are read when log,",
    "explain, replay, diff, --as-of, whatif, shadow, export, verify or rebuild go so far back.",
    "Without them none of these can, and when an actor remembers in another way after an upgrade,",
    "or the projections are lost, the daemon does not start before they are brought back.",
)


@click.command()
@click.option("--until", type=click.IntRange(min=1), metavar="POSITION",
              help="Let nothing leave behind that record.")  # fmt: skip
@click.option("--back", is_flag=True, help="Put all that has left back.")
@click.option("--really", is_flag=True, help="Do it, and do not only say what would be done.")
@with_places
def trim(here: Places, as_json: bool, until: int | None, back: bool, really: bool) -> int:
    """Let the sealed beginning of the log leave it, so that its file becomes smaller.

    Only whole stretches leave that cleanup has sealed, from the first on, each read from end to
    end right before and found to be what the log has. The newest 10,000 records stay. No decision
    depends on what leaves. The daemon must be down for --really.
    """
    if back and until is not None:
        raise click.UsageError("--back puts all of it back; it takes no --until")
    with _refusing():
        if really:
            with alone(here):
                return _returned(here, as_json) if back else _trimmed(here, as_json, until)
        return _would_return(here, as_json) if back else _would_leave(here, as_json, until)


def _would_leave(here: Places, as_json: bool, until: int | None) -> int:
    plan, first = _planned(here, until, as_json)
    if as_json:
        show_json(_document(here, plan.leaving, done=False) | {"why_no_more": plan.why})
    else:
        _tell(here, "Would leave", plan.leaving)
        _tell_plan(plan, first)
        if plan.leaving:
            line("Nothing was changed; say --really to do it.")
    return int(plan.is_wrong)


def _trimmed(here: Places, as_json: bool, until: int | None) -> int:
    plan, first = _planned(here, until, as_json)
    before = here.log.stat().st_size
    if plan.leaving:
        _let_leave(here, plan)
    trouble = _give_back(here) if plan.leaving or _is_loose(here) else ""
    freed = before - here.log.stat().st_size
    if as_json:
        found = _document(here, plan.leaving, done=True)
        show_json(found | {"freed_bytes": freed, "why_no_more": plan.why, "trouble": trouble})
    else:
        _tell(here, "Have left", plan.leaving)
        _tell_plan(plan, first)
        if freed > 0:
            line(f"{here.log.name} is {size(freed)} smaller.")
        if trouble:
            line(Cell(f"The log is right, but its file is as large as before: {trouble}.", "red"))
            line("Say `horarium trim --really` once more, when that is mended.")
    return int(plan.is_wrong or bool(trouble))


def _let_leave(here: Places, plan: Plan) -> None:
    try:
        let_leave(here.data, plan.leaving)
    except StoreFull as error:
        why = f"{error}; nothing has left. Until it is gone, what leaves needs its space twice"
        raise Refusal(f"{why}: make some, or let less leave at once with --until") from error


def _give_back(here: Places) -> str:
    """What stood in the way; "" for nothing."""
    try:
        give_back(here.data)
    except StoreError as error:
        return str(error)
    return ""


def _would_return(here: Places, as_json: bool) -> int:
    with opened_log(here) as log:
        gone = stretches(log)
    with _counting(quiet=as_json) as progress:
        check_files(here.data, gone, progress)
    _tell_return(here, gone, as_json, done=False)
    return 0


def _returned(here: Places, as_json: bool) -> int:
    with opened_log(here):  # It says what to do where there is none.
        pass
    with _counting(quiet=as_json) as progress:
        gone = put_back(here.data, progress)
    _tell_return(here, gone, as_json, done=True)
    return 0


def _planned(here: Places, until: int | None, as_json: bool) -> tuple[Plan, int]:
    """What may leave, and the first record that is in the log now."""
    with opened_log(here) as log, _counting(quiet=as_json) as progress:
        gone = stretches(log)
        return planned(here, log, until, progress), (gone[-1].until if gone else 0) + 1


def _is_loose(here: Places) -> bool:
    with opened_log(here) as log:
        return is_loose(log)


def _document(here: Places, leaving: Sequence[Stretch], *, done: bool) -> dict[str, Any]:
    return {
        "done": done,
        "records": sum(it.until - it.after for it in leaving),
        "bytes": sum(_bytes(here, it) for it in leaving),
        "stretches": [
            {"first": it.after + 1, "last": it.until, "latest_at": it.latest_at, "file": it.file}
            for it in leaving
        ],
    }


def _bytes(here: Places, stretch: Stretch) -> int:
    return (here.data / stretch.file).stat().st_size


def _tell(here: Places, title: str, leaving: Sequence[Stretch]) -> None:
    if not leaving:
        return
    count, bytes_ = leaving[-1].until - leaving[0].after, sum(_bytes(here, it) for it in leaving)
    span = f"{leaving[0].after + 1:,} to {leaving[-1].until:,}"
    line(f"{title}: {counted(count, 'record')}, {span}, about {size(bytes_)}:")
    columns = (Column("until", right=True), Column("time"), Column("file"))
    show(columns, [(f"{it.until:,}", moment(it.latest_at), it.file) for it in leaving], indent=2)


def _tell_plan(plan: Plan, first: int) -> None:
    why = Cell(f"{plan.why}.", "red" if plan.is_wrong else "dim")
    if not plan.leaving:
        line(f"Nothing leaves, the log begins with record {first:,}:", why)
        return
    line("No more:", why)
    for words in KEEP_THEM:
        line(words)


def _tell_return(here: Places, gone: Sequence[Stretch], as_json: bool, *, done: bool) -> None:
    if as_json:
        show_json(_document(here, gone, done=done))
    elif not gone:
        line("Nothing has left this log.")
    else:
        _tell(here, "Are back" if done else "Would come back", gone)
        if not done:
            line("Nothing was changed; say --really to do it.")


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (reading.NoLog, UnreadableRecord, CannotTrim, Unlivable, StoreError) as error:
        raise Refusal(plain(str(error))) from error
    except BrokenPipeError:  # Nobody reads on what we say; what was to be done is done.
        raise
    except (OSError, sqlite3.Error) as error:
        raise Refusal(plain(f"cannot read or write {error}")) from error


@contextmanager
def _counting(*, quiet: bool) -> Iterator[Progress]:
    progress = counting(quiet=quiet)
    try:
        yield progress
    finally:
        progress(0)
