"""Windows of quotas: counted, told to be spent, and told to be there again."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from msgspec import msgpack

from actors.budget.ledger import Ledger
from events.budget import QuotaReset, QuotaSpent
from events.catalogue import AnyFact
from events.configuration import Budget, Configuration, ConfigurationLoaded, Day
from events.policies import Provider, Quota
from events.runs import RunClosed, RunStarting
from events.settings import ExecutorKind
from events.time import AlarmCleared, AlarmRang, AlarmSet, DayStarted
from tests.rules.budget_story import CATEGORIES, NOON, TODAY, asks, day_started, when

HOUR = timedelta(hours=1)
FIVE = Quota(window_seconds=18_000, requests=2)
ALARM = "quota:claude/five"


def loaded(day: Day | None = None, **quotas: Quota) -> ConfigurationLoaded:
    house = Configuration(
        day=day or Day(),
        budget=Budget(daily_usd_micros=10_000, reserve_usd_micros=0, categories=CATEGORIES),
        executors={"claude": Provider(quotas=quotas)} if quotas else {},
    )
    return ConfigurationLoaded("d", house)


def starts(n: int, executor: ExecutorKind = "claude") -> RunStarting:
    return RunStarting(f"r{n}", f"w{n}", "read", 1, 1, executor, NOON)


def ends(n: int, tokens: int = 0, cost: int | None = None, **more: Any) -> RunClosed:
    told: dict[str, Any] = {"executor": "claude", "tokens": tokens, "cost_usd_micros": cost}
    return RunClosed(f"r{n}", f"w{n}", "read", "succeeded", **(told | more))


def spent(until: datetime, quota: str = "five") -> list[AnyFact]:
    return [
        QuotaSpent("claude", quota, until),
        AlarmSet(f"quota:claude/{quota}", "budget", until),
    ]


def given(quota: Quota = FIVE, *life: tuple[AnyFact, datetime]) -> Ledger:
    ledger = Ledger()
    start: list[tuple[AnyFact, datetime]] = [(loaded(five=quota), NOON), (day_started(), NOON)]
    for fact, at in (*start, *life):
        when(ledger, fact, at)
        assert msgpack.decode(msgpack.encode(ledger), type=Ledger) == ledger
    return ledger


def after(ledger: Ledger, *facts: AnyFact, at: datetime = NOON) -> list[AnyFact]:
    """What is said of quotas, or of their alarms."""
    said = [decision for fact in facts for decision in when(ledger, fact, at)]
    kinds = QuotaSpent | QuotaReset | AlarmSet | AlarmCleared
    return [decision for decision in said if isinstance(decision, kinds)]


def rang(until: datetime) -> AlarmRang:
    return AlarmRang(ALARM, "budget", until)


def test_a_window_begins_with_the_first_run_and_is_spent_with_the_last_that_it_gives() -> None:
    ledger = given()
    assert after(ledger, starts(1)) == []
    assert after(ledger, starts(2, "gemini"), at=NOON + HOUR) == [], "which is another's"
    assert after(ledger, starts(3), at=NOON + 2 * HOUR) == spent(NOON + 5 * HOUR)
    assert after(ledger, starts(4), at=NOON + 2 * HOUR) == [], "that was said"


def test_it_is_there_again_when_its_window_is_over_and_counts_from_the_next_run() -> None:
    ledger = given(FIVE, (starts(1), NOON), (starts(2), NOON))
    over = NOON + 5 * HOUR
    assert after(ledger, rang(over), at=over) == [QuotaReset("claude", "five")]
    assert after(ledger, starts(3), at=over + HOUR) == []
    assert after(ledger, starts(4), at=over + 2 * HOUR) == spent(over + 6 * HOUR)


def test_a_window_that_nobody_used_up_is_over_without_a_word() -> None:
    ledger = given(FIVE, (starts(1), NOON))
    assert after(ledger, starts(2), at=NOON + 5 * HOUR) == []
    assert after(ledger, starts(3), at=NOON + 6 * HOUR) == spent(NOON + 10 * HOUR)


@pytest.mark.parametrize(
    ("quota", "first", "last"),
    [
        pytest.param(
            Quota(window_seconds=3600, tokens=1_000), ends(1, 999), ends(2, 1), id="tokens"
        ),
        pytest.param(
            Quota(window_seconds=3600, usd_micros=50), ends(1, cost=30), ends(2, cost=20), id="usd"
        ),
        pytest.param(
            Quota(window_seconds=3600, usd_micros=20), ends(1, cost=0), ends(2),
            id="usd by the ceiling of a lost one",
        ),
    ],
)  # fmt: skip
def test_tokens_and_money_count_when_a_run_ends(
    quota: Quota, first: RunClosed, last: RunClosed
) -> None:
    ledger = given(quota, (asks(1, 30), NOON), (asks(2, 20), NOON))
    assert after(ledger, first) == []
    assert after(ledger, last) == spent(NOON + HOUR)


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(ends(1, 5_000, executor="gemini"), id="of another executor"),
        pytest.param(ends(1, 5_000, started=False), id="of what never started"),
        pytest.param(ends(9, 5_000), id="of a run that nobody paid for"),
    ],
)
def test_other_tokens_do_not_count(news: RunClosed) -> None:
    ledger = given(Quota(window_seconds=3600, tokens=1_000), (asks(1, 30), NOON))
    assert after(ledger, news) == []


@pytest.mark.parametrize(
    ("counted_from", "until"),
    [
        ("day", datetime(2026, 11, 21, 5, tzinfo=UTC)),
        ("week", datetime(2026, 11, 23, 5, tzinfo=UTC)),
    ],
)
def test_days_and_weeks_begin_as_those_of_the_calendar(counted_from: Any, until: datetime) -> None:
    """By the wall of Berlin, on a Friday, in days that begin at six."""
    quota = Quota(window_seconds=60, counted_from=counted_from, requests=1)
    ledger = Ledger()
    day = Day(timezone="Europe/Berlin", starts_at=time(6))
    assert after(ledger, loaded(day, five=quota), day_started(), starts(1)) == spent(until)


def test_a_quota_that_is_raised_is_there_again_and_one_that_is_lowered_is_spent() -> None:
    ledger = given(FIVE, (starts(1), NOON), (starts(2), NOON))
    more = Quota(window_seconds=18_000, requests=3)
    assert after(ledger, loaded(five=more)) == [
        AlarmCleared(ALARM, "budget"),
        QuotaReset("claude", "five"),
    ]
    assert after(ledger, loaded(five=FIVE)) == spent(NOON + 5 * HOUR), "what is used stays used"


def test_a_quota_that_is_gone_is_spent_no_longer() -> None:
    ledger = given(FIVE, (starts(1), NOON), (starts(2), NOON))
    assert after(ledger, loaded()) == [AlarmCleared(ALARM, "budget"), QuotaReset("claude", "five")]
    assert ledger.meters == {}
    assert after(ledger, rang(NOON + 5 * HOUR), at=NOON + 5 * HOUR) == []


def test_an_alarm_of_before_resets_nothing() -> None:
    ledger = given(FIVE, (starts(1), NOON), (starts(2), NOON))
    assert after(ledger, rang(NOON + HOUR), at=NOON + HOUR) == []


def test_a_clock_that_comes_back_leaves_no_window_in_the_future() -> None:
    far = NOON + timedelta(days=400)
    ledger = given(FIVE, (starts(1), far), (starts(2), far))
    back = DayStarted(TODAY, NOON - 12 * HOUR, NOON + 12 * HOUR, again=True)
    assert after(ledger, back) == [AlarmCleared(ALARM, "budget"), QuotaReset("claude", "five")]
    assert after(ledger, starts(3)) == []
    assert after(ledger, starts(4)) == spent(NOON + 5 * HOUR)


def test_several_quotas_of_one_executor_are_spent_each_by_itself() -> None:
    week = Quota(window_seconds=60, counted_from="week", requests=3)
    ledger = Ledger()
    after(ledger, loaded(five=FIVE, week=week), day_started(), starts(1))
    assert after(ledger, starts(2)) == spent(NOON + 5 * HOUR)
    monday = datetime.combine(date(2026, 11, 23), time(), UTC)
    assert after(ledger, starts(3)) == spent(monday, "week")


def test_the_next_window_is_spent_at_once_though_nobody_saw_the_end_of_the_one_before() -> None:
    ledger = given(FIVE, (starts(1), NOON), (starts(2), NOON))
    late = NOON + 9 * HOUR
    assert after(ledger, starts(3), at=late) == []
    assert after(ledger, starts(4), at=late) == spent(late + 5 * HOUR)
    assert after(ledger, rang(NOON + 5 * HOUR), at=late) == [], "which is an alarm of before"
    assert after(ledger, rang(late + 5 * HOUR), at=late + 5 * HOUR) == [
        QuotaReset("claude", "five")
    ]
