"""A data folder with a day in it, for the stories of the command line."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path

from events.budget import (
    BudgetOpened,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsSettled,
)
from events.catalogue import AnyFact
from events.codec import entry, written
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Lane,
    Phase,
    Step,
    Template,
)
from events.daemon import DaemonStarted
from events.plan import CandidatePassedOver, PlanDrawn, Score
from events.record import Record
from events.requests import Paused, PauseRequested
from events.runs import RunClosed, RunEnded, RunResult, RunStarted, RunStarting, WorkBuried
from events.sqlite import SqliteStore
from events.store import Row
from events.time import DayStarted, OccurrenceMissed, PhaseEnded, PhaseStarted
from events.work import WorkDropped, WorkFinished, WorkHeld, WorkPlanned, WorkReleased
from horarium.places import Places, places
from projections.projector import Projector

FRIDAY = date(2026, 11, 20)
BOOT = "b7f1"
EVIL = "\x1b[31mred\x07 [bold]not bold[/bold]\nnext line"

SETTINGS = Configuration(
    phases=(
        Phase(name="morning", start=time(6), end=time(12)),
        Phase(name="afternoon", start=time(12), end=time(18)),
        Phase(name="evening", start=time(18), end=time(22)),
    ),
    budget=Budget(categories={"research": 3_000_000, "system": 1_000_000}),
    lanes={"main": Lane()},
    actions={
        "read": Action(category="research", estimate_usd_micros=250_000),
        "digest": Action(category="system"),
        "backup": Action(category="system"),
    },
    templates={"study": Template(steps=(Step(action="read"),))},
)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=UTC)


NOW = at(14, 30)


def planned(work: str, name: str, phase: str | None, category: str, estimate: int) -> WorkPlanned:
    """From a plan when it has a phase and a score, else from an intent."""
    score = Score(740, 400, 120, 100, 120) if phase else None
    return WorkPlanned(
        work,
        name,
        "template" if phase else "intent",
        f"{name}@{FRIDAY}#1" if phase else f"{name}@2026-11-20T09:00:00Z",
        (Step(action="read" if name == "study" else name),),
        category,
        "main",
        FRIDAY,
        phase,
        estimate_usd_micros=estimate,
        score=score,
        revision=1 if phase else 0,
    )


def released(work: str, run: str, action: str, category: str, ceiling: int) -> list[AnyFact]:
    return [
        WorkReleased(work, run, action, 1, 1, category, ceiling),
        FundsReserved(run, work, category, ceiling, FRIDAY),
        RunStarting(run, work, action, 1, 1, "command", at(23)),
    ]


def started(run: str, hour: int) -> RunStarted:
    return RunStarted(run, 4_000 + hour, BOOT, 77, at(hour, 0, 1))


def over(
    run: str, work: str, action: str, category: str, when: datetime, result: RunResult
) -> list[AnyFact]:
    """It ran and went well, at the cost that its result says."""
    cost = result.cost_usd_micros or 0
    return [
        RunEnded(run, True, when, 0, duration_ms=80_000, output_bytes=12, result=result),
        RunClosed(run, work, action, "succeeded", cost_usd_micros=cost, cost_source="reported"),
        FundsSettled(run, work, category, FRIDAY, 250_000, cost, "reported"),
        WorkFinished(work, "completed"),
    ]


def failed(run: str, work: str, action: str, when: datetime) -> list[AnyFact]:
    return [
        RunEnded(run, True, when, 3, detail="exit code 3", duration_ms=4_200, tail=EVIL),
        RunClosed(run, work, action, "failed", reason="exit code 3"),
        FundsSettled(run, work, "system", FRIDAY, 0, 0, "estimated"),
        WorkBuried(work, action, 2),
        WorkFinished(work, "buried", "out of attempts"),
    ]


def a_day() -> list[tuple[datetime, list[AnyFact]]]:
    """One life of a daemon until half past two: the morning is over, the afternoon goes on."""
    good = RunResult(EVIL, ("owls hunt at night",), ("May I read on?",), 310_000, 1_200)
    return [
        (at(5), [ConfigurationLoaded("d1", SETTINGS, "/etc/config.toml"),
                 DaemonStarted("0.1.0", 4_711, BOOT)]),
        (at(6), [DayStarted(FRIDAY, at(0), at(23)),
                 BudgetOpened(FRIDAY, 5_000_000, 500_000, dict(SETTINGS.budget.categories)),
                 PhaseStarted(FRIDAY, "morning", at(6), at(12)),
                 PlanDrawn(FRIDAY, 1, "day_opened", ("morning", "afternoon", "evening"),
                           4_000_000, 100_000, 2),
                 planned("w8-1", "study", "morning", "research", 250_000),
                 planned("w8-2", "study", "afternoon", "research", 250_000),
                 planned("w8-3", "study", "evening", "research", 250_000),
                 CandidatePassedOver(FRIDAY, 1, "evening", "study", "daily_limit", Score(300)),
                 WorkHeld("w8-2", "phase_not_open"),
                 WorkHeld("w8-3", "phase_not_open"),
                 *released("w8-1", "r13-1", "read", "research", 250_000)]),
        (at(6, 0, 2), [started("r13-1", 6)]),
        (at(6, 2), [*over("r13-1", "w8-1", "read", "research", at(6, 1, 22), good),
                    FundsOverrun("r13-1", "research", FRIDAY, 60_000)]),
        (at(9), [planned("w30-1", "backup", None, "system", 0),
                 *released("w30-1", "r31-1", "backup", "system", 0)]),
        (at(9, 0, 2), [started("r31-1", 9)]),
        (at(9, 0, 7), failed("r31-1", "w30-1", "backup", at(9, 0, 6))),
        (at(12), [PhaseEnded(FRIDAY, "morning", at(12)),
                  PhaseStarted(FRIDAY, "afternoon", at(12), at(18)),
                  WorkReleased("w8-2", "r50-1", "read", 1, 1, "research", 250_000),
                  FundsRefused("r50-1", "w8-2", "research", 250_000, 0, "closed"),
                  WorkHeld("w8-2", "no_funds"),
                  OccurrenceMissed("digest-hourly", at(10), at(12), 3, "daemon_down")]),
        (at(13), [planned("w60-1", "digest", None, "system", 0),
                  WorkDropped("w60-1", "defer_limit"),
                  PauseRequested("lane", "k1", "night", "late"), Paused("lane", "night", "late")]),
        (at(14), [planned("w70-1", "digest", None, "system", 0),
                  *released("w70-1", "r71-1", "digest", "system", 0)]),
        (at(14, 0, 2), [started("r71-1", 14)]),
    ]  # fmt: skip


def log_of(
    data: Path, told: Iterable[tuple[datetime, Iterable[AnyFact]]], after: int = 0
) -> list[Record]:
    """Append to the log in this folder, as the daemon would."""
    data.mkdir(mode=0o700, exist_ok=True)
    store = SqliteStore(data / "log.sqlite")
    position, link = store.head()
    records, rows = [], []
    for when, facts in told:
        for fact in facts:
            position += 1
            said = entry(fact, when, cause=position - 1 or None)
            state, link = written(position, "clock" if position % 2 else "process", said, link)
            rows.append(Row(position, fact.kind, state))
            records.append(Record(position, when, "clock", position - 1 or None, fact, hash=link))
    store.commit(rows)
    store.close()
    return records


def projected(data: Path, records: Iterable[Record]) -> None:
    projector = Projector(data / "projections.sqlite")
    projector.apply(list(records))
    projector.close()


def a_house(folder: Path) -> Places:
    """A data folder with the day in log and projections."""
    here = places(str(folder / "config.toml"), str(folder / "data"))
    projected(here.data, log_of(here.data, a_day()))
    return here
