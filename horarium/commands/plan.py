"""The plan of a day, phase by phase."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import chain, islice

import click

from events.plan import WITHDRAWALS
from horarium import times
from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Day, Refusal, with_places
from horarium.commands.sayings import HOLDS
from horarium.commands.showing import counted, day_name, moment, span, words
from horarium.commands.windows import offset, window
from horarium.places import Places
from horarium.points import Point
from horarium.tables import (
    Cell,
    Column,
    Value,
    faint,
    gap,
    line,
    lines,
    show,
    show_json,
    state,
    title,
    write,
)
from projections.queries.documents import LIMIT_MAX
from projections.queries.plan import PassedOver, Plan, PlannedPhase
from projections.queries.plan import plan as planned
from projections.queries.work import Work

WORKS = (
    Column("state"),
    Column("name"),
    Column("work"),
    Column("cost", right=True),
    Column("score", right=True),
    Column("why", long=True),
)
PASSED_OVER = (Column("phase"), Column("template"), Column("score", right=True), Column("why"),
               Column("", long=True))  # fmt: skip
TERMS = ("window", "balance", "variety", "priority")


@click.command()
@click.argument("day", type=Day(), required=False)
@click.option("--all", "everything", is_flag=True, help="Each work, each candidate passed over.")
@as_of_option
@with_places
def plan(
    here: Places, as_json: bool, day: date | None, everything: bool, as_of: Point | None
) -> None:
    """The plan of a day, phase by phase: work with state, estimate, score and reason."""
    with looking(here, as_of=as_of) as connection:
        found = planned(connection, day, limit=LIMIT_MAX)
    if found is None:
        raise Refusal(f"nothing is known of {day}" if day else "no day has been planned yet")
    if as_json:
        show_json(found)
        return
    title(day_name(found.day), _summed(found))
    _tell_phases(found, everything)
    if found.works_left_out:
        line(faint(f"and {counted(found.works_left_out, 'piece', 'pieces')} of work more"))
    _tell_passed_over(found.passed_over, everything)


def _summed(found: Plan) -> str:
    if not found.revision:
        return "no plan was drawn"
    aside = (
        f", {times.money(found.set_aside_usd_micros)} set aside for "
        f"{counted(found.set_aside_count, 'occurrence')} to come"
        if found.set_aside_count
        else ""
    )
    return (
        f"plan {found.revision}, drawn {moment(found.drawn_at)} ({words(found.because)}), "
        f"{times.money(found.left_usd_micros)} to give out{aside}"
    )


def _tell_phases(found: Plan, everything: bool) -> None:
    """One table, so that all phases stand in the same columns, with a heading before each."""
    ahead = offset(found.phases)
    groups = [(_heading(phase, ahead), [*_rows(phase.works, everything)]) for phase in found.phases]
    if found.works:
        groups.append(([Cell("any time", "bold")], [*_rows(found.works, everything)]))
    made = iter(lines(WORKS, chain.from_iterable(rows for _, rows in groups), 2))
    gap()
    write(islice(made, 1))
    for heading, rows in groups:
        line(*heading)
        write(islice(made, len(rows)))


def _heading(phase: PlannedPhase, ahead: timedelta) -> Sequence[Value]:
    start, end = window(phase, ahead)
    return (
        Cell(phase.phase, "bold"),
        f"{start} to {end}" if start and end else "",
        state("" if phase.state == "pending" else phase.state),
        f"({words(phase.reason)})" if phase.reason else "",
        "" if phase.works or phase.state == "missed" else faint("nothing planned"),
    )


def _rows(works: Sequence[Work], everything: bool) -> Iterator[Sequence[Value]]:
    """A line for each piece of work; what no plan chose and has ended alike shares one.

    What a later plan took back is told only with `everything`.
    """
    alike: dict[tuple[str, str, str], list[Work]] = {}
    for work in works if everything else filter(_stands, works):
        single = everything or work.score or not work.ended_at
        alike.setdefault((work.name, work.state, work.work if single else ""), []).append(work)
    for group in alike.values():
        yield _row(group[0]) if len(group) == 1 else _shared_row(group)


def _stands(work: Work) -> bool:
    return not (work.state == "dropped" and work.reason in WITHDRAWALS)


def _row(work: Work) -> Sequence[Value]:
    score = work.score or {}
    money = times.money(work.cost_usd_micros if work.ended_at else work.estimate_usd_micros)
    return (
        state(work.state),
        work.name,
        work.work,
        money if work.ended_at else faint(f"~{money}"),
        str(score.get("total_millis") or ""),
        faint(", ".join(_reasons(work, score))),
    )


def _shared_row(works: Sequence[Work]) -> Sequence[Value]:
    last = works[-1]
    return (
        state(last.state),
        last.name,
        counted(len(works), "time"),
        times.money(sum(work.cost_usd_micros for work in works)),
        "",
        faint(f"the last {moment(last.ended_at)}, {last.source}"),
    )


def _reasons(work: Work, score: dict[str, int]) -> Iterator[str]:
    """Why it stands as it does, and why it stands here at all."""
    if work.waiting_since:
        until = f" until {moment(work.until)}" if work.until else ""
        yield f"waits for {HOLDS.get(work.reason, words(work.reason))}{until}"
    elif work.reason:
        yield words(work.reason)
    if work.ended_at and work.started_at:
        yield f"{moment(work.started_at)}, took {span(work.started_at, work.ended_at)}"
    elif work.started_at:
        yield f"since {moment(work.started_at)}"
    if work.deferrals:
        yield f"deferred {counted(work.deferrals, 'time')}"
    terms = [f"{term} {score[f'{term}_millis']}" for term in TERMS if score.get(f"{term}_millis")]
    yield " + ".join(terms) if terms else work.source
    if work.note:
        yield work.note


def _tell_passed_over(found: Sequence[PassedOver], everything: bool) -> None:
    if not found:
        return
    gap()
    counts = Counter(words(each.reason) for each in found).most_common()
    told = ", ".join(f"{reason} {count}" for reason, count in counts)
    more = "" if everything else "; --all lists them"
    title("Passed over", f"{len(found)}: {told}{more}")
    if everything:
        show(PASSED_OVER, map(_passed_over, found), 2)


def _passed_over(found: PassedOver) -> Sequence[Value]:
    score = found.score
    terms = [f"{term} {score[f'{term}_millis']}" for term in TERMS if score.get(f"{term}_millis")]
    return (
        found.phase,
        found.template,
        str(score["total_millis"]) if score.get("total_millis") else "",
        words(found.reason),
        faint(" + ".join(terms)),
    )
