"""The terms of a score, one by one."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some

from actors.calendar import in_window
from actors.planner.scoring import (
    balance_millis,
    opens,
    remember,
    score_of,
    variety_millis,
    window_millis,
)
from events.configuration import Window
from events.plan import Score
from events.policies import Plan

FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MORNING = Window(start=time(6), end=time(10), weight_millis=1_500)
EVENING = Window(start=time(19), end=time(22), weight_millis=1_200)
NIGHT = Window(start=time(23), end=time(6), weight_millis=800)


def hours(first: int, last: int) -> tuple[datetime, datetime]:
    return FRIDAY + timedelta(hours=first), FRIDAY + timedelta(hours=last)


@pytest.mark.parametrize(
    ("windows", "period", "weight"),
    [
        pytest.param((), hours(6, 12), 500, id="no windows: half"),
        pytest.param((MORNING,), hours(8, 12), 1_500, id="open when the period starts"),
        pytest.param((MORNING,), hours(4, 7), 1_500, id="opens before the period ends"),
        pytest.param((MORNING,), hours(10, 12), None, id="its end is exclusive"),
        pytest.param((MORNING,), hours(4, 6), None, id="the period's end is exclusive too"),
        pytest.param((EVENING, MORNING), hours(6, 20), 1_500, id="the best of two"),
        pytest.param((EVENING, MORNING), hours(18, 20), 1_200, id="the one of two that opens"),
        pytest.param((NIGHT,), hours(3, 5), 800, id="crossed midnight"),
        pytest.param((NIGHT,), hours(21, 28), 800, id="crosses midnight"),
        pytest.param((NIGHT,), hours(6, 23), None, id="closed by day"),
    ],
)
def test_a_phase_is_as_welcome_as_its_best_window(
    windows: tuple[Window, ...], period: tuple[datetime, datetime], weight: int | None
) -> None:
    assert window_millis(windows, "UTC", *period) == weight


def test_a_window_of_another_weekday_is_closed() -> None:
    weekend = Window(start=time(6), end=time(10), days=("sat", "sun"))
    assert window_millis((weekend,), "UTC", *hours(6, 12)) is None
    assert window_millis((weekend,), "UTC", *hours(30, 31)) == 1_000


def test_a_window_is_read_on_the_clock_of_the_zone() -> None:
    assert window_millis((MORNING,), "America/New_York", *hours(6, 11)) is None
    assert window_millis((MORNING,), "America/New_York", *hours(6, 12)) == 1_500


def test_a_window_that_begins_in_the_hour_left_out_opens_after_it() -> None:
    early = Window(start=time(2, 30), end=time(5))
    started = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 in Berlin, half an hour before
    assert opens(early, "Europe/Berlin", started, started + 31 * MINUTE)
    assert not opens(early, "Europe/Berlin", started, started + 30 * MINUTE)


quarters = some.builds(time, some.integers(0, 23), some.sampled_from([0, 15, 30, 45]))
weekdays = some.lists(some.sampled_from(["mon", "thu", "fri", "sun"]), unique=True).map(tuple)


@for_any(
    window=some.builds(Window, start=quarters, end=quarters, days=weekdays),
    start=some.integers(0, 4 * 24 * 8).map(
        lambda n: datetime(2026, 3, 26, tzinfo=UTC) + 15 * n * MINUTE
    ),
    length=some.integers(1, 4 * 30),
)
def test_a_window_opens_when_any_minute_lies_in_it(
    window: Window, start: datetime, length: int
) -> None:
    quarters_of_it = [start + 15 * n * MINUTE for n in range(length)]
    any_lies_in_it = any(in_window(window, "Europe/Berlin", at) for at in quarters_of_it)
    assert opens(window, "Europe/Berlin", start, start + 15 * length * MINUTE) == any_lies_in_it


@pytest.mark.parametrize(
    ("used", "share", "balance"),
    [
        pytest.param(0, 900, 1_000, id="nothing used"),
        pytest.param(300, 900, 667, id="a third used"),
        pytest.param(900, 900, 0, id="all used"),
        pytest.param(2_000, 900, 0, id="more than all used"),
        pytest.param(0, 0, 500, id="no share: neither"),
    ],
)
def test_a_category_is_wanted_more_the_less_of_it_is_used(
    used: int, share: int, balance: int
) -> None:
    assert balance_millis(used, share) == balance


@pytest.mark.parametrize(
    ("recents", "variety"),
    [
        pytest.param([], 1_000, id="nothing was done yet"),
        pytest.param(["b", "c"], 1_000, id="something else was"),
        pytest.param(["a"], 300, id="nothing else was"),
        pytest.param(["b", "c", "d", "a"], 300, id="the last"),
        pytest.param(["a", "b", "c", "d"], 825, id="the oldest of four"),
        pytest.param(["a", "b", "a", "d"], 475, id="its last time counts"),
    ],
)
def test_what_was_done_lately_is_wanted_less(recents: list[str], variety: int) -> None:
    assert variety_millis(recents, "a") == variety


@pytest.mark.parametrize(
    ("most", "kept"), [(3, ["b", "c", "d"]), (1, ["d"]), (0, []), (9, ["a", "b", "c", "d"])]
)
def test_only_so_many_recent_works_are_remembered(most: int, kept: list[str]) -> None:
    recents = ["a", "b", "c"]
    remember(recents, "d", most)
    assert recents == kept


def test_a_score_is_the_sum_of_its_weighted_terms() -> None:
    plan = Plan(
        window_weight_millis=400,
        balance_weight_millis=300,
        variety_weight_millis=200,
        priority_weight_millis=100,
    )
    assert score_of(plan, 1_500, 667, 475, "high") == Score(
        total_millis=600 + 200 + 95 + 75,
        window_millis=600,
        balance_millis=200,
        variety_millis=95,
        priority_millis=75,
    )


@pytest.mark.parametrize(
    ("higher", "lower"),
    [("critical", "high"), ("high", "normal"), ("normal", "low"), ("low", "idle")],
)
def test_a_higher_priority_scores_higher(higher: str, lower: str) -> None:
    first, second = (score_of(Plan(), 0, 0, 0, priority) for priority in (higher, lower))  # type: ignore[arg-type]
    assert first.total_millis > second.total_millis


@for_any(
    recents=some.lists(some.sampled_from("abc"), max_size=12),
    used=some.integers(-5, 10**12),
    share=some.integers(0, 10**12),
)
def test_terms_stay_between_nothing_and_a_thousand(
    recents: list[str], used: int, share: int
) -> None:
    assert 0 <= balance_millis(used, share) <= 1_000
    assert 300 <= variety_millis(recents, "a") <= 1_000
