"""When a sweep is decided, what each may take, and what people are told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from actors.cleanup.rules import EMERGENCY_SECONDS, RULES
from actors.cleanup.state import KEYS_KEPT, Cleaning, open_sweeps
from events.catalogue import AnyDecision, AnyFact
from events.cleanup import (
    DiskSeen,
    Seal,
    Sealed,
    SweepEnded,
    SweepRequested,
    SweepStarting,
)
from events.configuration import Action, Configuration, ConfigurationLoaded
from events.intents import AlertCleared, AlertRaised
from events.policies import Cleanup, Foreign
from events.record import Record
from events.requests import RequestRepeated
from events.runs import RunClosed, RunSettled, RunStarting
from events.settings import SweepPart
from events.work import WorkFinished, WorkState

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATEST = NOON + HOUR
GIB = 1 << 30
OLD = Foreign(program="claude")
ALL = Cleanup(
    runs_keep_seconds=3600,
    failed_keep_seconds=3 * 3600,
    failed_keep_count=2,
    unknown_keep_seconds=9 * 3600,
    sockets_keep_seconds=600,
    processes=True,
    foreign={"agents": OLD},
    within_seconds=30,
    disk_low_bytes=GIB,
    archives_max_bytes=GIB,
    seal_every_records=1_000,
)
SWEEPS: dict[str, tuple[SweepPart, ...]] = {"before": ("processes", "temp"), "after": ()}
ACTIONS = {name: Action(executor="sweep", sweeps=parts) for name, parts in SWEEPS.items()}


def given(cleanup: Cleanup = ALL, *told: tuple[AnyFact, timedelta]) -> Cleaning:
    """Each fact with how long before noon it was told."""
    state = Cleaning()
    RULES.evolve(
        state, ConfigurationLoaded("d", Configuration(cleanup=cleanup, actions=ACTIONS)), NOON
    )
    for fact, before in told:
        RULES.evolve(state, fact, NOON - before)
    return state


def ended(
    number: int, before: timedelta, how: WorkState = "completed"
) -> list[tuple[AnyFact, timedelta]]:
    run, work = f"r{number}-1", f"w{number}-1"
    facts: list[AnyFact] = [
        RunStarting(run, work, "read", 1, 1, "claude", LATEST),
        RunClosed(run, work, "read", "failed" if how == "failed" else "succeeded"),
        WorkFinished(work, how),
    ]
    return [(fact, before) for fact in facts]


def when(state: Cleaning, fact: AnyFact, position: int = 90) -> Sequence[AnyDecision]:
    again = msgpack.decode(msgpack.encode(state), type=Cleaning)
    record = Record(position, NOON, "somebody", None, fact)
    decided = RULES.consider(state, record)
    assert list(RULES.consider(again, record)) == list(decided)
    assert again == state  # Also one that was written down and read back.
    return decided


def swept(state: Cleaning, fact: AnyFact, position: int = 90) -> SweepStarting:
    (decision,) = when(state, fact, position)
    assert isinstance(decision, SweepStarting)
    return decision


def step(action: str) -> RunStarting:
    return RunStarting("r9-1", "w9-1", action, 1, 1, "sweep", LATEST)


def test_a_step_sweeps_what_its_action_says() -> None:
    found = swept(given(), step("before"))
    assert (found.parts, found.runs, found.occasion) == (("processes", "temp"), (), "run")


def test_an_action_that_names_nothing_sweeps_all_there_is() -> None:
    found = swept(given(ALL, *ended(1, 2 * HOUR)), step("after"), 5_000)
    assert found.parts == ("processes", "foreign", "sockets", "runs", "temp", "archives", "log")
    assert (found.runs, found.within_seconds, found.archives_max_bytes) == (("r1-1",), 30, GIB)
    assert (found.sockets_before, found.seal) == (NOON - HOUR / 6, Seal(0, 1_000))


def test_what_is_switched_off_is_not_swept_even_when_it_is_named() -> None:
    state = given(Cleanup())
    assert swept(state, step("before")).parts == ("temp",)
    assert swept(given(Cleanup()), step("after")).parts == ("runs", "temp", "archives")


@pytest.mark.parametrize(
    ("how", "goes_at"),
    [("completed", 1), ("cancelled", 1), ("failed", 3), ("buried", 3), ("unknown", 9)],
)
def test_each_class_is_kept_as_long_as_it_says(how: WorkState, goes_at: int) -> None:
    for hours in (1, 3, 9):
        found = swept(given(ALL, *ended(1, hours * HOUR, how)), SweepRequested("k"))
        assert (found.runs == ("r1-1",)) == (hours >= goes_at)


def test_of_the_failed_so_many_stay_and_the_others_are_counted_apart() -> None:
    told = [it for nth in range(1, 5) for it in ended(nth, HOUR / nth, "failed")]
    told += [it for nth in range(5, 8) for it in ended(nth, HOUR / nth)]
    assert swept(given(ALL, *told), SweepRequested("k")).runs == ("r1-1", "r2-1")


def test_the_unknown_that_is_settled_is_of_another_class() -> None:
    settled = RunSettled("r1-1", "w1-1", "succeeded", "person"), HOUR
    told = ended(1, 2 * HOUR, "unknown")
    assert swept(given(ALL, *told), SweepRequested("k")).runs == ()
    assert swept(given(ALL, *told, settled), SweepRequested("k")).runs == ("r1-1",)


def test_an_agent_makes_a_folder_too() -> None:
    assert swept(given(ALL, *ended(1, 2 * HOUR)), SweepRequested("k")).works == ("w1-1",)


def test_a_sweep_that_is_asked_for_is_nobodys_run_and_bears_the_key() -> None:
    state = given()
    found = swept(state, SweepRequested("k", ("temp",)))
    assert (found.sweep, found.run, found.key, found.occasion) == ("s90-1", "", "k", "asked")
    assert open_sweeps(state) == [found]
    when(state, SweepEnded("s90-1", 0, 0, clean=("temp",)))
    assert open_sweeps(state) == []


def test_asked_again_under_its_key_it_is_the_same() -> None:
    state = given()
    when(state, SweepRequested("k"))
    assert when(state, SweepRequested("k")) == [RequestRepeated("k", "")]
    for nth in range(KEYS_KEPT):
        when(state, SweepRequested(f"other-{nth}"))
    assert len(state.keys) == KEYS_KEPT


def test_what_is_not_ours_is_only_shown_unless_somebody_wants_it_really() -> None:
    assert swept(given(), step("after")).foreign == {"agents": OLD}
    really = swept(given(), SweepRequested("k", ("foreign",), really=True)).foreign
    assert really == {"agents": replace(OLD, really=True)}


LOW, ENOUGH = DiskSeen(GIB - 1, 9 * GIB), DiskSeen(GIB + GIB // 4, 9 * GIB)


def test_a_disk_that_is_nearly_full_is_told_once_and_swept_in_order() -> None:
    told = [*ended(1, HOUR / 9), *ended(2, HOUR, "failed"), *ended(3, HOUR / 5)]
    state = given(ALL, *told, *ended(4, HOUR, "unknown"))
    alert, found = when(state, LOW)
    assert alert == AlertRaised("disk_low", "1023 MiB are free on the disk, 1024 are wanted")
    assert isinstance(found, SweepStarting)
    assert found.parts == ("processes", "temp", "runs", "archives")
    assert found.runs == ("r1-1", "r3-1", "r2-1")  # Completed first; of unknown ones none.
    assert (found.temp_before, found.archives_before) == (NOON - HOUR, NOON)
    assert (found.archives_keep_count, found.within_seconds) == (1, EMERGENCY_SECONDS)
    assert (found.until_free_bytes, found.occasion) == (ENOUGH.free_bytes, "disk_low")
    assert when(state, LOW) == []  # That one is under way.


def test_while_it_stays_so_it_is_swept_again_and_then_all_is_well() -> None:
    state = given()
    when(state, LOW)
    when(state, SweepEnded("s90-1", 0, 0))
    assert swept(state, LOW, 91).sweep == "s91-1"
    assert when(state, DiskSeen(GIB + 1, 9 * GIB)) == []  # Not much more than too little.
    assert when(state, ENOUGH) == [AlertCleared("disk_low")]
    assert when(state, ENOUGH) == []


def test_a_disk_is_never_low_where_nobody_said_what_that_is() -> None:
    assert when(given(Cleanup()), DiskSeen(0, GIB)) == []


def test_runs_that_go_on_stay_also_on_a_full_disk() -> None:
    live = RunStarting("r1-1", "w1-1", "read", 1, 1, "command", LATEST)
    state = given(ALL, (live, 9 * HOUR), *ended(2, HOUR)[:2])  # The second goes on with a step.
    found = when(state, LOW)[1]
    assert isinstance(found, SweepStarting)
    assert (found.runs, found.works) == ((), ())


def test_a_part_that_fails_is_told_until_it_is_clean() -> None:
    state = given()
    failed = SweepEnded(
        "s1-1", 0, 0, failed=("runs/r1-1: busy",), failing=("runs",), clean=("temp",)
    )
    assert when(state, failed) == [AlertRaised("sweep_failed", "runs/r1-1: busy")]
    assert when(state, failed) == []
    assert when(state, SweepEnded("s2-1", 0, 0, clean=("temp", "archives"))) == []
    assert when(state, SweepEnded("s3-1", 0, 0, clean=("runs",))) == [AlertCleared("sweep_failed")]


def test_what_failed_in_an_old_log_tells_nobody() -> None:
    assert when(given(Cleanup()), SweepEnded("s1-1", 0, 0, failed=("runs/r1-1: busy",))) == []


def test_the_log_is_sealed_stretch_after_stretch() -> None:
    state = given()
    assert swept(state, SweepRequested("a", ("log",)), 1_000).seal is None
    assert swept(state, SweepRequested("b", ("log",)), 5_000).seal == Seal(0, 1_000)
    when(state, SweepEnded("s5000-1", 0, 0, failed=("log: full",), failing=("log",)))
    assert swept(state, SweepRequested("c", ("log",)), 5_001).seal == Seal(0, 1_000)
    sealed = Sealed(0, 1_000, "0" * 32, "sealed/log", 9)
    when(state, SweepEnded("s5001-1", 0, 0, sealed=sealed, clean=("log",)))
    assert swept(state, SweepRequested("d", ("log",)), 5_002).seal == Seal(1_000, 2_000)
