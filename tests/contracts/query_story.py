"""A small life to ask about, and how answers are looked at."""

from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from events.budget import BudgetOpened, FundsRefused, FundsReserved, FundsSettled
from events.catalogue import AnyFact
from events.configuration import Phase
from events.daemon import DaemonStarted
from events.plan import CandidatePassedOver, OccurrenceSkipped, PlanDrawn, Score
from events.requests import Paused, PauseRequested, WorkRequested
from events.runs import Outcome, RunClosed, RunEnded, RunResult, RunStarting
from events.time import OccurrenceDue, OccurrenceMissed
from events.work import (
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkPlanned,
    WorkReleased,
    WorkState,
)
from projections.database import open_readonly
from projections.projector import rebuild
from tests.rules.projection_story import (
    DAWN,
    DAY,
    EVENING,
    LIFE,
    MORNING,
    NOON,
    STEPS,
    TODAY,
    Caused,
    configured,
    log,
)

YESTERDAY = TODAY - timedelta(days=1)
HEAD = 100


def lived(
    name: str,
    outcome: Outcome,
    state: WorkState | None,
    *,
    category: str = "system",
    result: RunResult | None = None,
    cost: int = 0,
) -> list[AnyFact]:
    """A request that became work with one run; with no state it still runs."""
    w, r = f"w-{name}", f"r-{name}"
    planned = WorkPlanned(w, name, "request", f"k-{name}", STEPS, category, "main")
    facts: list[AnyFact] = [
        planned,
        WorkReleased(w, r, name, 1, 1, category, 100),
        FundsReserved(r, w, category, 100, TODAY),
        RunStarting(r, w, name, 1, 1, "noop", NOON),
    ]
    if state is None:
        return facts
    return [
        *facts,
        RunEnded(r, True, EVENING, 1, duration_ms=20, tail=f"tail of {name}", result=result),
        RunClosed(r, w, name, outcome, reason=f"{name} says 100%"),
        FundsSettled(r, w, category, TODAY, 100, cost, "reported"),
        WorkFinished(w, state, f"{name} says so"),
    ]


ESSAY = WorkPlanned(
    "w-essay", "essay", "template", "essay#1", STEPS, "creative", "main", TODAY, "evening",
    priority="high", score=Score(412, 400), revision=1, estimate_usd_micros=70,
)  # fmt: skip
PHASES = (
    Phase(name="evening", start=EVENING.time(), end=DAWN.time()),
    Phase(name="morning", start=DAWN.time(), end=NOON.time()),
)
STORY: list[Caused] = [
    DaemonStarted("0.1", 7, "boot"),
    configured(*PHASES),
    DAY,
    BudgetOpened(TODAY, 5_000, 500, {"research": 2_000, "system": 1_000}),
    PlanDrawn(TODAY, 1, "day_opened", ("morning", "evening"), 4_000, 30, 1),
    CandidatePassedOver(TODAY, 1, "morning", "poem", "outscored", Score(300)),
    MORNING,
    *LIFE[1:],
    ESSAY,
    WorkHeld("w-essay", "phase_not_open"),
    *lived("lost", "unknown", "unknown", cost=40),
    *lived("wrong", "misconfigured", "failed"),
    *lived("asks", "succeeded", "completed", result=RunResult("a\nlong\tstory", (), ("why?",))),
    *lived("tired", "failed", "buried", cost=60),
    *lived("busy", "succeeded", None),
    WorkPlanned("w-poor", "poor", "request", "k-poor", STEPS, "creative", "main", note="please"),
    WorkReleased("w-poor", "r-poor", "poor", 1, 1, "creative", 90),
    FundsRefused("r-poor", "w-poor", "creative", 90, 0, "over_category_limit"),
    WorkHeld("w-poor", "no_funds"),
    WorkPlanned("w-late", "late", "template", "late#1", STEPS, "system", "main", TODAY, "morning"),
    WorkDropped("w-late", "phase_over"),
    OccurrenceDue("daily", NOON),
    OccurrenceSkipped("daily", NOON, "still_running"),
    OccurrenceMissed("hourly", DAWN, NOON, 12, "daemon_down"),
    PauseRequested("lane", "k-pause", "main"),
    (Paused("lane", "main", "holidays"), 65),
    WorkRequested("essay", "k-asked", note="soon"),
]


def renamed(fact: AnyFact, ending: str) -> AnyFact:
    """The same of other work and another run."""
    changed = {
        field: getattr(fact, field) + ending for field in ("work", "run") if hasattr(fact, field)
    }
    return replace(fact, **changed)


def names(found: list[Any], field: str = "action") -> list[str]:
    return [getattr(item, field) for item in found]


def shown(document: Any, *fields: str) -> dict[str, Any]:
    told = to_builtins(document)
    return {field: told[field] for field in fields}


def moment_of(kind: type[AnyFact]) -> str:
    record = next(record for record in log(*STORY) if isinstance(record.fact, kind))
    return record.at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def queried(tmp_path: Path, *facts: Caused) -> Connection:
    path = tmp_path / "projections.sqlite"
    rebuild(path, [log(*facts)])
    return open_readonly(path)
