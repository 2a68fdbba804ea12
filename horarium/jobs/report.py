"""A day as Markdown, from the projections."""

import os
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from projections.database import open_readonly
from projections.queries.days import Day, days
from projections.queries.report import Line, report
from projections.queries.runs import Run, runs

MICROS = 1_000_000
RUNS_MAX = 200


def daily(given: dict[str, Any]) -> dict[str, Any]:
    """Write `reports/DAY.md` in the data folder, for `day` (default: the day of this run).

    Answers with one line about the day. Raises when the projections know no such day.
    """
    data = Path(os.environ["HORARIUM_DATA"])
    on = date.fromisoformat(given.get("day") or os.environ["HORARIUM_DAY"])
    with closing(open_readonly(data / "projections.sqlite")) as connection:
        found = [day for day in days(connection, until=on, limit=1) if day.day == on.isoformat()]
        if not found:
            raise ValueError(f"the projections know no day {on}")
        page = written(
            found[0],
            report(connection, by="category", first=on, last=on).lines,
            [run for run in runs(connection, limit=RUNS_MAX) if _is_over(run, on)],
        )
    target = data / "reports" / f"{on}.md"
    target.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = data / "temp" / f"{target.name}.{os.environ['HORARIUM_RUN']}"  # Swept if left.
    unfinished.touch(mode=0o600)
    unfinished.write_text(page)
    unfinished.replace(target)
    return {"summary": f"{_headline(found[0])}: {target.name}", "cost_usd": 0}


def written(day: Day, lines: list[Line], ran: list[Run]) -> str:
    """The page, from documents of the projections."""
    parts = [f"# {day.day}", "", _headline(day) + ".", "", *_phases(day)]
    parts += ["## Cost", ""]
    parts += _table(
        ("category", "runs", "succeeded", "cost"),
        [(line.group, line.runs, line.succeeded, _usd(line.cost_usd_micros)) for line in lines],
    )
    parts += ["## Runs", ""]
    parts += _table(
        ("run", "action", "state", "cost", "summary"),
        [
            (run.run, run.action, run.state, _usd(run.cost_usd_micros), run.told)
            for run in reversed(ran)
        ],
    )
    asked = [run for run in ran if run.questions]
    if asked:
        parts += ["## Questions", ""]
        parts += [f"- {_cell(question)} ({run.run})" for run in asked for question in run.questions]
    return "\n".join(parts) + "\n"


def _phases(day: Day) -> list[str]:
    return _table(
        ("phase", "state", "planned", "completed", "not completed"),
        [
            (
                phase.phase,
                phase.state.replace("_", " "),
                phase.planned,
                phase.completed,
                _not_completed(phase),
            )
            for phase in day.phases
        ],
    )


def _is_over(run: Run, on: date) -> bool:
    return run.day == on.isoformat() and run.ended_at is not None


def _headline(day: Day) -> str:
    to_come = day.planned - day.completed - _not_completed(day)
    return (
        f"{day.completed} of {day.planned} works completed, {_not_completed(day)} not, "
        f"{to_come} to come, {_usd(day.cost_usd_micros)} spent"
    )


def _not_completed(tally: Any) -> int:
    ended: int = tally.failed + tally.unknown + tally.dropped + tally.cancelled + tally.buried
    return ended


def _usd(micros: int | None) -> str:
    return "" if micros is None else f"${micros / MICROS:.2f}"


def _table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    if not rows:
        return ["Nothing.", ""]
    lines = [heads, ("---",) * len(heads), *rows]
    return [*("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines), ""]


def _cell(cell: Any) -> str:
    """Text that cannot break out of its cell: what jobs say of themselves is not ours."""
    text = "" if cell is None else str(cell)
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")[:300]
