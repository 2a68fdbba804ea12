"""What the tables say of money, occurrences, requests and the daemon: given, when, then."""

from datetime import timedelta

import pytest

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
)
from events.catalogue import AnyFact
from events.daemon import DaemonStarted, DaemonStopped
from events.plan import OccurrenceSkipped
from events.requests import (
    Paused,
    ReleaseRequested,
    RequestRefused,
    Resumed,
    ResumeRequested,
)
from events.time import (
    DayStarted,
    OccurrenceDue,
    OccurrenceMissed,
)
from events.work import (
    WorkPlanned,
    WorkReleased,
)
from tests.rules.projection_story import (
    ANSWERS,
    DAWN,
    DAY,
    EVENING,
    LIFE,
    MIDNIGHT,
    NOON,
    PLANNED,
    RELEASED,
    STEPS,
    TODAY,
    TOMORROW,
    given,
    moment,
)


def test_money_is_reserved_and_then_settled() -> None:
    opened = BudgetOpened(TODAY, 5_000, 500, {"research": 2_000})
    rows = given(DAY, opened, *LIFE[1:4])
    columns = ("category", "limit_usd_micros", "reserved_usd_micros", "settled_usd_micros")
    assert [tuple(row.values()) for row in rows("categories", *columns)] == [
        ("research", 2_000, 500, 0)
    ]
    rows = given(DAY, opened, *LIFE[1:])
    assert [tuple(row.values()) for row in rows("categories", *columns)] == [
        ("research", 2_000, 0, 300)
    ]
    moves = rows("movements", "position", "movement", "usd_micros", "reserved_usd_micros")
    assert [tuple(move.values()) for move in moves] == [
        (2, "opened", 5_000, 0),
        (5, "reserved", 500, 0),
        (10, "settled", 300, 500),
    ]


def test_a_later_revision_takes_limits_away_and_leaves_what_is_spent() -> None:
    opened = BudgetOpened(TODAY, 5_000, 500, {"research": 2_000, "system": 10})
    rows = given(DAY, opened, *LIFE[1:], BudgetOpened(TODAY, 4_000, 0, {"system": 20}, 2))
    assert rows("categories", "category", "limit_usd_micros", "settled_usd_micros") == [
        {"category": "research", "limit_usd_micros": 0, "settled_usd_micros": 300},
        {"category": "system", "limit_usd_micros": 20, "settled_usd_micros": 0},
    ]
    assert rows("purses", "limit_usd_micros", "revision", "opened_at") == [
        {"limit_usd_micros": 4_000, "revision": 2, "opened_at": moment(2)}
    ]


def test_an_overrun_closes_a_category_until_somebody_opens_it() -> None:
    over = FundsOverrun("r1", "research", TODAY, 40)
    rows = given(DAY, *LIFE[1:], over)
    assert rows("categories", "overrun_usd_micros", "closed") == [
        {"overrun_usd_micros": 40, "closed": 1}
    ]
    rows = given(DAY, *LIFE[1:], over, CategoryReopened("research"))
    assert rows("categories", "closed") == [{"closed": 0}]


def test_an_overrun_of_yesterdays_money_closes_nothing() -> None:
    tomorrow = DayStarted(TOMORROW, MIDNIGHT, MIDNIGHT + timedelta(days=1))
    rows = given(DAY, *LIFE[1:], tomorrow, FundsOverrun("r1", "research", TODAY, 40))
    assert rows("categories", "day", "closed") == [{"day": "2026-11-20", "closed": 0}]


def test_every_refusal_stands_in_the_ledger() -> None:
    refused = FundsRefused("r1", "w1", "research", 500, 20, "category_spent")
    rows = given(DAY, PLANNED, RELEASED, refused, FundsOffered("w1", "research"))
    assert rows("movements", "movement", "work", "run", "reason") == [
        {"movement": "refused", "work": "w1", "run": "r1", "reason": "category_spent"},
        {"movement": "offered", "work": "w1", "run": None, "reason": ""},
    ]
    assert rows("categories", "refused") == [{"refused": 1}]
    assert rows("runs", "run") == []


def test_each_occurrence_has_one_verdict() -> None:
    planned = WorkPlanned(
        "w1", "backup", "intent", "daily@2026-11-20T12:00:00Z", STEPS, "system", "main"
    )
    rows = given(
        DAY,
        OccurrenceDue("daily", NOON),
        planned,
        OccurrenceDue("daily", EVENING),
        OccurrenceSkipped("daily", EVENING, "still_running"),
        OccurrenceMissed("daily", DAWN, NOON, 1_000, "daemon_down", at_least=True),
    )
    assert rows("intents", "due", "planned", "skipped", "missed", "last_verdict", "last_work") == [
        {
            "due": 2,
            "planned": 1,
            "skipped": 1,
            "missed": 1_000,
            "last_verdict": "skipped",
            "last_work": None,
        }
    ]
    assert rows("verdicts", "verdict", "due_at", "count", "at_least", "work") == [
        {
            "verdict": "planned",
            "due_at": "2026-11-20T12:00:00.000000Z",
            "count": 1,
            "at_least": 0,
            "work": "w1",
        },
        {
            "verdict": "skipped",
            "due_at": "2026-11-20T18:00:00.000000Z",
            "count": 1,
            "at_least": 0,
            "work": None,
        },
        {
            "verdict": "missed",
            "due_at": "2026-11-20T00:00:00.000000Z",
            "count": 1_000,
            "at_least": 1,
            "work": None,
        },
    ]


@pytest.mark.parametrize(
    ("asked", "answered", "answer"), ANSWERS, ids=[answer for _, _, answer in ANSWERS]
)
def test_a_request_has_its_answer(asked: AnyFact, answered: AnyFact, answer: str) -> None:
    unanswered = given(asked)("requests", "key", "answer")
    assert unanswered == [{"key": "k", "answer": ""}]
    assert given(asked, (answered, 1))("requests", "answer", "answered_at") == [
        {"answer": answer, "answered_at": moment(2)}
    ]


def test_only_what_a_request_caused_answers_it() -> None:
    other = WorkReleased("w9", "r9", "gather", 1, 1, "research", 0)
    facts = (ReleaseRequested("w1", "k"), (other, 1), RELEASED)
    assert given(*facts)("requests", "answer") == [{"answer": ""}]


def test_the_yes_of_one_actor_outweighs_the_no_of_another() -> None:
    asked = ResumeRequested("category", "k", "research")
    no, yes = RequestRefused("k", "research", "not_paused"), CategoryReopened("research")
    assert given(asked, (no, 1), (yes, 1))("requests", "answer", "reason") == [
        {"answer": "reopened", "reason": ""}
    ]
    assert given(asked, (yes, 1), (no, 1))("requests", "answer") == [{"answer": "reopened"}]


def test_a_pause_lasts_until_it_is_resumed() -> None:
    pauses = (Paused("all", note="holidays"), Paused("lane", "main"), Resumed("all"))
    assert given(*pauses)("pauses", "scope", "name", "paused", "since", "resumed_at") == [
        {"scope": "all", "name": "", "paused": 0, "since": moment(1), "resumed_at": moment(3)},
        {"scope": "lane", "name": "main", "paused": 1, "since": moment(2), "resumed_at": None},
    ]


def test_a_life_that_never_said_goodbye_has_vanished() -> None:
    first, second = DaemonStarted("0.1", 1, "boot"), DaemonStarted("0.1", 2, "boot", paused=True)
    rows = given(first, second, DaemonStopped("signal"), DaemonStopped("asked"))
    assert rows("lives", "pid", "paused", "ended_at", "ending") == [
        {"pid": 1, "paused": 0, "ended_at": moment(2), "ending": "vanished"},
        {"pid": 2, "paused": 1, "ended_at": moment(3), "ending": "signal"},
    ]
