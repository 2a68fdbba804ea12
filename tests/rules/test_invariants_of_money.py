"""What a log proves of money: corrections, limits of their own, limits by hand, quotas."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from events.budget import (
    BudgetOpened,
    CostCorrected,
    FundsOverrun,
    FundsReserved,
    FundsSettled,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.configuration import ConfigurationLoaded
from events.record import Record
from events.runs import RunSettled
from events.time import TimePassed
from tests.rules.money_house import house, lived
from tests.rules.verifying_story import checked

Edit = Callable[[list[Record]], None]


@pytest.fixture(scope="module")
def log() -> Sequence[Record]:
    return lived().log


def where(log: Sequence[Record], kind: Any, nth: int = 0, **fields: Any) -> int:
    """The index of such a record."""
    found = [
        index
        for index, record in enumerate(log)
        if isinstance(record.fact, kind)
        and all(getattr(record.fact, name) == value for name, value in fields.items())
    ]
    return found[nth]


def changed(kind: Any, change: dict[str, Any], nth: int = 0, **fields: Any) -> Edit:
    def edit(log: list[Record]) -> None:
        index = where(log, kind, nth, **fields)
        record: Any = log[index]
        log[index] = replace(record, fact=replace(record.fact, **change))

    return edit


def gone(kind: Any, nth: int = 0) -> Edit:
    """In its place, time passed."""

    def edit(log: list[Record]) -> None:
        index = where(log, kind, nth)
        log[index] = replace(log[index], by="timer", cause=None, depth=0, fact=TimePassed())

    return edit


def twice(kind: Any) -> Edit:
    """It is said again at the end."""

    def edit(log: list[Record]) -> None:
        record = log[where(log, kind, -1)]
        log.append(replace(record, position=log[-1].position + 1))

    return edit


def settings(**intents: int) -> Edit:
    """The settings were others from the start."""

    def edit(log: list[Record]) -> None:
        known = house()
        limits = {
            name: replace(known.intents[name], daily_usd_micros=limit)
            for name, limit in intents.items()
        }
        loaded = ConfigurationLoaded("d", replace(known, intents={**known.intents, **limits}))
        index = where(log, ConfigurationLoaded)
        log[index] = replace(log[index], fact=loaded)

    return edit


BAD: list[tuple[str, str, Edit]] = [
    (
        "money",
        "a cost is corrected to what nobody said",
        changed(CostCorrected, {"cost_usd_micros": 1}),
    ),
    ("money", "it was charged another amount", changed(CostCorrected, {"was_usd_micros": 1})),
    ("money", "it was another category", changed(CostCorrected, {"category": "chores"})),
    ("money", "what is known to have cost less stays charged", gone(CostCorrected)),
    ("money", "it is corrected twice", twice(CostCorrected)),
    ("money", "somebody said another cost", changed(RunSettled, {"cost_usd_micros": 7})),
    (
        "money",
        "a cost is charged as truer than it is",
        changed(FundsSettled, {"source": "reported"}, source="estimated"),
    ),
    (
        "money",
        "a price counts as an estimate",
        changed(FundsSettled, {"source": "estimated"}, source="priced"),
    ),
    ("money", "an overrun is left out", gone(FundsOverrun)),
    (
        "money",
        "it counts against another limit",
        changed(FundsReserved, {"own_limit": "intent:hourly"}, own_limit="intent:asking"),
    ),
    (
        "money",
        "it counts against no limit of its own",
        changed(FundsReserved, {"own_limit": ""}, own_limit="intent:asking"),
    ),
    ("money", "an intent has more than its own limit", settings(asking=1_000_000)),
    ("money", "an intent is refused what its own limit gives", settings(asking=9_000_000)),
    (
        "money",
        "a limit is changed to less than nothing",
        changed(LimitChanged, {"usd_micros": -1}, scope="day"),
    ),
    (
        "money",
        "a limit is another than was said",
        changed(LimitChanged, {"usd_micros": 7_000_000}, scope="day"),
    ),
    (
        "money",
        "a limit is changed and nothing comes of it",
        changed(BudgetOpened, {"limit_usd_micros": 4_000_000}, limit_usd_micros=6_000_000),
    ),
    (
        "money",
        "a limit is changed for another day",
        changed(LimitChanged, {"day": date(2026, 11, 19)}, scope="day"),
    ),
    ("answer", "who asks for a limit gets none", gone(LimitChanged)),
    ("quota", "it is spent and nobody says so", gone(QuotaSpent)),
    ("quota", "it is said to be spent twice", twice(QuotaSpent)),
    (
        "quota",
        "it is spent until another time",
        changed(QuotaSpent, {"until": datetime(2026, 11, 20, 12, tzinfo=UTC)}),
    ),
    ("quota", "it is another that is spent", changed(QuotaSpent, {"quota": "week"})),
    ("quota", "it is there again, which was not spent", changed(QuotaReset, {"quota": "week"})),
    ("quota", "it is there again twice", twice(QuotaReset)),
    ("quota", "it is spent anew and never was there again", gone(QuotaReset)),
]


@pytest.mark.parametrize(
    ("invariant", "edit"), [pytest.param(name, edit, id=says) for name, says, edit in BAD]
)
def test_a_log_that_breaks_a_promise_about_money_is_found_out(
    log: Sequence[Record], invariant: str, edit: Edit
) -> None:
    spoilt = list(log)
    edit(spoilt)
    assert invariant in {violation.invariant for violation in checked(spoilt)}
