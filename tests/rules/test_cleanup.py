"""The rules of cleanup: what may go, and what never."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec import msgpack

from actors.cleanup.evidence import TOO_LATE, run_ended
from actors.cleanup.rules import RULES
from actors.cleanup.state import Cleaning, open_sweeps
from events.catalogue import AnyDecision, AnyFact
from events.cleanup import SweepEnded, SweepStarting
from events.configuration import Configuration, ConfigurationLoaded
from events.policies import Cleanup
from events.record import Record
from events.runs import RunClosed, RunResult, RunStarting
from events.settings import ExecutorKind
from events.work import WorkCancelled, WorkFinished

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATEST = NOON + timedelta(minutes=5)


def keeping(hours: int = 1, count: int = 100, items: int = 50) -> ConfigurationLoaded:
    cleanup = Cleanup(
        runs_keep_seconds=hours * 3600,
        runs_keep_count=count,
        items_max=items,
        temp_keep_seconds=3600,
        archives_keep_seconds=7200,
        archives_keep_count=3,
    )
    return ConfigurationLoaded("d1", Configuration(cleanup=cleanup))


def starting(run: str, work: str, executor: ExecutorKind = "command") -> RunStarting:
    return RunStarting(run, work, "read", 1, 1, executor, LATEST)


def closed(run: str, work: str) -> RunClosed:
    return RunClosed(run, work, "read", "succeeded")


def asked(run: str = "r9-1") -> RunStarting:
    return starting(run, "w9-1", "sweep")


Told = tuple[AnyFact, timedelta]


def given(*told: Told) -> Cleaning:
    """Each fact with how long before noon it was told."""
    state = Cleaning()
    for fact, before in told:
        RULES.evolve(state, fact, NOON - before)
    return state


def ended(
    number: int, before: timedelta, work: int | None = None
) -> list[tuple[AnyFact, timedelta]]:
    """A run that ended then, and its work with it, unless it belongs to work of another one."""
    run, name = f"r{number}-1", f"w{work or number}-1"
    told: list[Told] = [(starting(run, name), before), (closed(run, name), before)]
    return told if work else [*told, (WorkFinished(name, "completed"), before)]


def when(state: Cleaning, fact: AnyFact, position: int = 90) -> Sequence[AnyDecision]:
    return RULES.consider(state, Record(position, NOON, "executor", None, fact))


def swept(state: Cleaning) -> SweepStarting:
    (decision,) = when(state, asked())
    assert isinstance(decision, SweepStarting)
    return decision


def test_a_sweep_names_what_is_old_and_when_the_rest_is() -> None:
    state = given((keeping(), HOUR), *ended(1, 3 * HOUR), *ended(2, 2 * HOUR), *ended(3, HOUR / 2))
    assert when(state, asked()) == [
        SweepStarting(
            sweep="s90-1",
            run="r9-1",
            runs=("r1-1", "r2-1"),
            temp_before=NOON - HOUR,
            archives_before=NOON - 2 * HOUR,
            archives_keep_count=3,
            items_max=50,
            not_after=LATEST,
            works=("w1-1", "w2-1"),
        )
    ]


def test_a_run_that_is_asked_for_twice_sweeps_once() -> None:
    state = given((keeping(), HOUR))
    when(state, asked())
    assert when(state, asked()) == []


def test_other_runs_start_no_sweep() -> None:
    assert when(given((keeping(), HOUR)), starting("r1-1", "w1-1")) == []


def test_of_young_runs_the_newest_stay() -> None:
    runs = [told for number in range(1, 6) for told in ended(number, HOUR / number)]
    assert swept(given((keeping(hours=24, count=3), HOUR), *runs)).runs == ("r1-1", "r2-1")


def test_an_open_run_stays_however_old() -> None:
    state = given((keeping(), HOUR), (starting("r1-1", "w1-1"), 99 * HOUR))
    assert (swept(state).runs, swept_works(state)) == ((), ())


def test_the_runs_of_work_that_goes_on_stay() -> None:
    first, second = ended(1, 5 * HOUR, work=7), [(starting("r2-1", "w7-1"), 4 * HOUR)]
    state = given((keeping(), HOUR), *first, *second)
    assert swept(state).runs == ()
    when(state, closed("r2-1", "w7-1"))
    when(state, WorkFinished("w7-1", "failed"))
    again = when(state, asked("r8-1"))[0]
    assert isinstance(again, SweepStarting)
    assert (again.runs, again.works) == (("r1-1",), ())  # The second run ended just now.


def test_work_that_was_cancelled_between_two_attempts_is_over_too() -> None:
    state = given((keeping(), HOUR), *ended(1, 5 * HOUR, work=7), (WorkCancelled("w7-1"), HOUR))
    assert (swept(state).runs, swept_works(state)) == (("r1-1",), ("w7-1",))


def swept_works(state: Cleaning) -> tuple[str, ...]:
    (sweep,) = state.sweeps.values()
    return sweep.works


def test_runs_that_make_no_folder_are_not_swept() -> None:
    noop, end = starting("r1-1", "w1-1", "noop"), closed("r1-1", "w1-1")
    told: list[Told] = [(noop, 5 * HOUR), (end, 5 * HOUR)]
    state = given((keeping(), HOUR), *told, (WorkFinished("w1-1", "completed"), 5 * HOUR))
    assert (swept(state).runs, state.open, state.works) == ((), {}, {})


def test_a_sweep_has_its_limit_and_takes_the_oldest() -> None:
    runs = [told for number in range(1, 6) for told in ended(number, 9 * HOUR - number * HOUR)]
    sweep = swept(given((keeping(items=3), HOUR), *runs))
    assert (sweep.runs, sweep.works) == (("r1-1", "r2-1", "r3-1"), ())


def test_what_is_gone_is_forgotten() -> None:
    state = given((keeping(), HOUR), *ended(1, 3 * HOUR))
    when(state, asked())
    when(state, SweepEnded("s90-1", 2, 9, swept_runs=("r1-1",), swept_works=("w1-1",)))
    assert (state.ended, state.works) == ({}, {})


def test_what_would_not_go_comes_up_again_behind_the_others() -> None:
    state = given((keeping(items=1), HOUR), *ended(1, 3 * HOUR), *ended(2, 2 * HOUR))
    assert swept(state).runs == ("r1-1",)
    when(state, SweepEnded("s90-1", 0, 0, failed=("runs/r1-1: busy",)))
    when(state, closed("r9-1", "w9-1"))
    assert swept(state).runs == ("r2-1",)


def test_a_shared_folder_goes_in_a_later_sweep_when_the_limit_cut_it_off() -> None:
    state = given((keeping(items=1), HOUR), *ended(1, 3 * HOUR))
    assert (swept(state).runs, swept_works(state)) == (("r1-1",), ())
    when(state, SweepEnded("s90-1", 1, 5, swept_runs=("r1-1",)))
    when(state, closed("r9-1", "w9-1"))
    assert (swept(state).runs, swept_works(state)) == ((), ("w1-1",))


def test_a_sweep_is_open_until_its_run_is_closed() -> None:
    state = given((keeping(), HOUR), *ended(1, 3 * HOUR))
    sweep = swept(state)
    when(state, SweepEnded("s90-1", 1, 5))
    assert open_sweeps(state) == [sweep]  # Its end was not said of the run: it is done again.
    assert msgpack.decode(msgpack.encode(state), type=Cleaning) == state
    when(state, closed("r9-1", "w9-1"))
    assert open_sweeps(state) == []


def test_a_configuration_known_by_its_digest_alone_changes_nothing() -> None:
    state = given((keeping(), HOUR), (ConfigurationLoaded("d1"), HOUR), *ended(1, HOUR))
    assert swept(state).runs == ("r1-1",)


lives = some.lists(
    some.tuples(
        some.sampled_from(["start", "close", "finish", "sweep", "swept"]), some.integers(0, 5)
    ),
    max_size=60,
)


@for_any(lives, some.integers(0, 4), some.integers(0, 3))
def test_nothing_open_and_nothing_of_work_that_goes_on_is_ever_named(
    life: list[tuple[str, int]], keep: int, hours: int
) -> None:
    state, twin = given((keeping(hours, keep), HOUR)), given((keeping(hours, keep), HOUR))
    open_runs: dict[str, str] = {}
    over: dict[str, bool] = {}
    standing: list[str] = []
    last: SweepStarting | None = None

    def hear(fact: AnyFact, position: int) -> Sequence[AnyDecision]:
        nonlocal twin
        record = Record(position, NOON + position * HOUR / 4, "executor", None, fact)
        twin = msgpack.decode(msgpack.encode(twin), type=Cleaning)
        decided = RULES.consider(state, record)
        assert list(decided) == list(RULES.consider(twin, record))
        return decided

    for position, (kind, number) in enumerate(life, 100):
        run, work = f"r{position}-1", f"w{number}-1"
        if kind == "start" and not over.get(work) and work not in open_runs.values():
            hear(starting(run, work), position)
            open_runs[run], over[work] = work, False
            standing.append(run)
        elif kind == "close" and open_runs:
            run, work = open_runs.popitem()
            hear(closed(run, work), position)
        elif kind == "finish" and work in over and work not in open_runs.values():
            hear(WorkFinished(work, "completed"), position)
            over[work] = True
        elif kind == "sweep":
            (last,) = hear(asked(f"r{position}-1"), position)  # type: ignore[assignment]
            assert isinstance(last, SweepStarting)
            assert not set(last.runs) & set(open_runs)
            assert set(last.runs) <= set(standing)
            assert all(over[name] for name in last.works)
        elif kind == "swept" and last is not None:
            gone = last.runs[:number]
            hear(SweepEnded(last.sweep, len(gone), 0, swept_runs=gone), position)
            standing = [run for run in standing if run not in gone]
    assert sorted([*state.open, *state.ended]) == sorted(standing)


SWEEP = SweepStarting("s1-1", "r1-1", (), NOON, NOON, 0, 9, LATEST)


def test_a_sweep_that_took_all_is_a_success_with_its_evidence() -> None:
    end = run_ended(SWEEP, SweepEnded("s1-1", 3, 4096, left=2), NOON, 12)
    words = "took away 3 things, 4096 bytes; 2 more are left for the next sweep"
    assert (end.exit_code, end.trouble, end.duration_ms) == (0, None, 12)
    assert end.result == RunResult(summary=words)


def test_a_sweep_that_met_trouble_is_a_failure_that_names_it() -> None:
    end = run_ended(SWEEP, SweepEnded("s1-1", 0, 0, failed=("runs/r1-1: busy",)), NOON, 12)
    assert (end.started, end.exit_code, end.detail) == (True, 1, "would not go: runs/r1-1: busy")


def test_a_sweep_that_came_too_late_never_started() -> None:
    end = run_ended(SWEEP, SweepEnded("s1-1", 0, 0, failed=(TOO_LATE,)), NOON, 0)
    assert (end.started, end.trouble, end.exit_code) == (False, "too_late", None)
