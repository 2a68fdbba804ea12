"""A simulated stretch as one document for programs. Money is in micro-dollars."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from actors.replay.faults import Rates
from actors.replay.simulating import Outcome, Remedy, Stretch
from actors.replay.tally import Spread, Tally


class Lived(NamedTuple):
    """A stretch that was simulated, and what the checker found wrong with its log."""

    seed: int
    outcome: Outcome
    violations: Sequence[str] = ()


def document(
    stretch: Stretch, digest: str, lived: Sequence[Lived], needed: Remedy, *, faults: bool
) -> dict[str, Any]:
    """All of it. Of several runs the first stands whole; `digest` is the configuration's."""
    first = lived[0]
    actions = stretch.configuration.actions
    found: dict[str, Any] = {
        "start": stretch.start,
        "days": stretch.days,
        "seed": first.seed,
        "configuration": digest,
        "recorded_runs": stretch.history.runs,
        "estimated_actions": [name for name in actions if not stretch.history.count(name)],
        "records": first.outcome.tally.records,
        "digest": first.outcome.digest,
        **_counted(stretch, first.outcome.tally),
        "remedy": _remedy(needed),
        "rates_per_mille": Rates()._asdict() if faults else {},
        "faults": first.outcome.met,
        "violations": [
            f"seed {each.seed}, record {it}" for each in lived for it in each.violations
        ],
    }
    if len(lived) > 1:
        found["runs"] = [_brief(each) for each in lived]
        found["distribution"] = distribution(lived)
    return found


def _counted(stretch: Stretch, tally: Tally) -> dict[str, Any]:
    late = {name: _lateness(each) for name, each in sorted(tally.late.items())}
    return {
        "plan": _plan(tally),
        "spend_usd_micros": {
            category: {str(day): amount for day, amount in by_day.items()}
            for category, by_day in sorted(tally.spend.items())
        },
        "ends": tally.ends,
        "waiting": sorted(work.name for work in tally.waiting()),
        "held": _held(tally),
        "dropped": _times(tally.dropped, "name"),
        "refused": _times(tally.refused, "category"),
        "closed_occurrences": tally.closed,
        "passed_over": tally.passed_over,
        "lateness": _lateness(tally.lateness) | {"by_name": late},
        "lanes": _lanes(stretch, tally),
    }


def _plan(tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "day": day.day,
            "phases": day.plan,
            "works": day.works,
            "ends": day.ends,
            "passed_over": day.passed_over,
        }
        for day in tally.days.values()
    ]


def _held(tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "reason": reason,
            "times": wait.times,
            "seconds": wait.seconds,
            "longest_seconds": wait.longest_seconds,
        }
        for (name, reason), wait in sorted(tally.held.items())
    ]


def _times(counts: Mapping[tuple[str, str], int], what: str) -> list[dict[str, Any]]:
    """How often each was what it was, for which reason."""
    return [
        {what: name, "reason": reason, "times": count}
        for (name, reason), count in sorted(counts.items())
    ]


def _lanes(stretch: Stretch, tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "lane": name,
            "concurrency": stretch.configuration.lane(name).concurrency,
            "runs": lane.runs,
            "busy_seconds": lane.busy_seconds,
            "at_once_most": lane.at_once_most,
            "waits": lane.waits,
            "waited_seconds": lane.waited_seconds,
        }
        for name, lane in sorted(tally.lanes.items())
    ]


def _lateness(spread: Spread) -> dict[str, Any]:
    return {
        "starts": spread.counts.total(),
        "p50_seconds": spread.percentile(50),
        "p95_seconds": spread.percentile(95),
        "max_seconds": spread.percentile(100),
    }


def _remedy(needed: Remedy) -> dict[str, Any]:
    return {
        "days": needed.days,
        "fits": not needed.unmet,
        "unmet": _wanted(needed.unmet),
        "changes": [change._asdict() for change in needed.changes],
        "left": _wanted(needed.left),
    }


def _wanted(unmet: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "phase": phase, "reason": reason, "times": count}
        for (name, phase, reason), count in sorted(unmet.items())
    ]


def spent(tally: Tally) -> int:
    """In all, in micro-dollars."""
    return sum(sum(by_day.values()) for by_day in tally.spend.values())


MEASURES: Mapping[str, Callable[[Tally], int]] = {
    "spent_usd_micros": spent,
    "completed": lambda tally: tally.ends["completed"],
    "failed": lambda tally: tally.ends["failed"] + tally.ends["buried"],
    "dropped": lambda tally: tally.ends["dropped"],
    "refused": lambda tally: tally.refused.total(),
    "late_p95_seconds": lambda tally: tally.lateness.percentile(95),
    "late_max_seconds": lambda tally: tally.lateness.percentile(100),
}


def _brief(lived: Lived) -> dict[str, Any]:
    measured = {name: measure(lived.outcome.tally) for name, measure in MEASURES.items()}
    return {"seed": lived.seed, "digest": lived.outcome.digest, **measured}


def distribution(lived: Sequence[Lived]) -> dict[str, dict[str, int]]:
    """Of each measure the least, the most, and what so many percent do not exceed."""
    found = {}
    for name, measure in MEASURES.items():
        ranked = sorted(measure(each.outcome.tally) for each in lived)
        found[name] = {
            "least": ranked[0],
            "p10": ranked[-(-len(ranked) * 10 // 100) - 1],
            "p50": ranked[-(-len(ranked) * 50 // 100) - 1],
            "p90": ranked[-(-len(ranked) * 90 // 100) - 1],
            "most": ranked[-1],
        }
    return found
