"""The projector and its file: all of a batch or nothing, anew when it cannot be trusted."""

import sqlite3
from pathlib import Path
from typing import get_args

import pytest

from events.budget import (
    BudgetOpened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReturned,
)
from events.catalogue import AnyFact
from events.cleanup import DiskSeen, SweepEnded, SweepStarting
from events.daemon import DaemonStarted, DaemonStopped
from events.plan import CandidatePassedOver, OccurrenceSkipped, WorkWithdrawn
from events.runs import (
    RunAdopted,
    RunCancelling,
    RunRetrying,
    WorkBuried,
)
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    OccurrenceDue,
    OccurrenceMissed,
    PhaseEnded,
    PhaseMissed,
    TimePassed,
)
from events.work import (
    StepReached,
    WorkDeferred,
    WorkDropped,
    WorkHeld,
    WorkReturned,
)
from projections.database import (
    ProjectionsUnavailable,
    fingerprint,
    open_readonly,
    place_of,
    version_of,
    wipe,
)
from projections.fold import Fold
from projections.projector import ProjectionError, Projector, rebuild
from tests.rules.projection_story import (
    ANSWERS,
    DAWN,
    DAY,
    EVENING,
    LIFE,
    MORNING,
    NOON,
    OF_TIME_AND_INTENTS,
    PLANNED,
    TODAY,
    TOMORROW,
    configured,
    log,
)
from tests.rules.trouble_examples import OF_TROUBLE

EXAMPLES: tuple[AnyFact, ...] = (
    *(fact for fact in LIFE),
    configured(),
    DaemonStarted("0.1", 1, "boot"),
    DaemonStopped("asked"),
    TimePassed(),
    *dict.fromkeys(asked for asked, _, _ in ANSWERS),
    *(answered for _, answered, _ in ANSWERS),
    RunAdopted("r1", 42),
    SweepStarting("s1", "r1", ("r1",), NOON, NOON, 1, 1, NOON),
    SweepEnded("s1", 0, 0),
    DiskSeen(1, 2),
    MORNING,
    PhaseEnded(TODAY, "morning", NOON),
    PhaseMissed(TODAY, "noon", NOON, EVENING, "daemon_down"),
    *OF_TIME_AND_INTENTS,
    *OF_TROUBLE,
    OccurrenceDue("daily", NOON),
    OccurrenceMissed("daily", DAWN, NOON, 2, "late"),
    OccurrenceSkipped("daily", NOON, "intent_unknown"),
    AlarmSet("a", "clock", NOON),
    AlarmCleared("a", "clock"),
    AlarmRang("a", "clock", NOON),
    CandidatePassedOver(TODAY, 1, "morning", "essay", "disabled"),
    WorkWithdrawn("w1", "replanned"),
    WorkHeld("w1", "paused"),
    WorkDeferred("w1", "evening", TOMORROW, 1),
    WorkDropped("w1", "no_phase_left"),
    BudgetOpened(TODAY, 1, 0, {}),
    FundsRefused("r1", "w1", "research", 1, 0, "day_spent"),
    FundsOffered("w1", "research"),
    FundsReturned("r1", "w1", "research", TODAY, 500),
    FundsOverrun("r1", "research", TODAY, 1),
    StepReached("w1", "r2", "write", 2, "research", 0),
    RunRetrying("w1", 1, "gather", 2, NOON),
    RunCancelling("r1", "w1"),
    WorkReturned("w1", "r1", 1, 1, "paused"),
    WorkBuried("w1", "gather", 3),
)


@pytest.mark.parametrize("lived", [0, 2, 5, len(LIFE)])
def test_no_fact_of_the_catalogue_is_too_much_wherever_it_comes(lived: int) -> None:
    assert {type(fact) for fact in EXAMPLES} == set(get_args(AnyFact))
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    fold = Fold(connection)
    fold.learn(log(*LIFE[:lived]))
    for fact in EXAMPLES:
        connection.execute("BEGIN")
        fold.learn(log(fact, fact, after=lived))
        assert place_of(connection).position == lived + 2
        connection.execute("ROLLBACK")
        fold.forget()
    connection.close()


def test_a_batch_and_its_position_are_kept_together(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    projector = Projector(path)
    projector.apply(log(*LIFE[:4]))
    assert (projector.position, projector.hash) == (4, "#4")
    projector.close()
    again = Projector(path)
    assert (again.position, again.hash) == (4, "#4")
    again.apply(log(*LIFE))  # What it knows already is passed over.
    assert again.position == len(LIFE)
    again.close()


def test_a_gap_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    projector = Projector(tmp_path / "projections.sqlite")
    projector.apply(log(DAY))
    with pytest.raises(ProjectionError, match="record 2 wanted, 3 given"):
        projector.apply(log(PLANNED, after=2))
    projector.apply(log(PLANNED, after=1))
    assert projector.position == 2
    projector.close()


def test_a_batch_that_fails_leaves_no_trace_and_may_come_again(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    projector = Projector(path)
    projector.apply(log(DAY))
    with sqlite3.connect(path) as meddler:
        meddler.execute(
            "CREATE TRIGGER full BEFORE INSERT ON positions BEGIN SELECT raise(ABORT, 'full'); END"
        )
        with pytest.raises(sqlite3.IntegrityError, match="full"):
            projector.apply(log(PLANNED, after=1))
        assert meddler.execute("SELECT count(*) FROM works").fetchone() == (0,)
        meddler.execute("DROP TRIGGER full")
        meddler.commit()
        projector.apply(log(PLANNED, after=1))
        assert meddler.execute("SELECT count(*) FROM works").fetchone() == (1,)
    meddler.close()
    projector.close()


def test_a_file_of_another_version_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    rebuild(path, [log(*LIFE)])
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(ProjectionsUnavailable, match="another version"):
        open_readonly(path)
    projector = Projector(path)
    assert projector.position == 0
    projector.apply(log(*LIFE))
    assert projector.position == len(LIFE)
    projector.close()
    reader = open_readonly(path)
    assert version_of(reader) == fingerprint()
    reader.close()


def test_a_damaged_file_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    path.write_bytes(b"this was never a database" * 1_000)
    projector = Projector(path)
    assert projector.position == 0
    projector.close()


def test_a_file_that_breaks_meanwhile_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    rebuild(path, [log(*LIFE)])
    projector = Projector(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(ProjectionError, match="made again at the next start"):
        projector.apply(log(PLANNED, after=len(LIFE)))
    assert not path.exists()


def test_a_rebuild_forgets_what_the_log_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    rebuild(path, [log(*LIFE)])
    records = log(*LIFE[:3])
    assert rebuild(path, [records[:1], records[1:]]) == 3
    reader = open_readonly(path)
    assert place_of(reader).position == 3
    assert reader.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    reader.close()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    projector = Projector(path)
    projector.apply(log(DAY))
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    projector.close()
    assert set(modes.values()) == {0o600}
    assert "projections.sqlite-wal" in modes
