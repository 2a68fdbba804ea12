"""The ledger of occurrences and the intents behind them: given, when, then."""

import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.intents import (
    IntentAdded,
    IntentRemoved,
    IntentsConfigured,
    IntentSwitched,
    OccurrenceBuffered,
)
from events.plan import OccurrenceSkipped
from events.time import (
    DayStarted,
    Expected,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
)
from events.work import WorkPlanned
from projections.database import wipe
from projections.fold import Fold
from projections.intents import length, trigger_text
from projections.moments import rfc3339
from projections.queries.brief import brief
from projections.queries.days import days
from projections.queries.intents import intent
from projections.queries.occurrences import Ledger, ledger, silence
from tests.rules.projection_story import (
    BELL,
    DAWN,
    DAY,
    EVENING,
    MIDNIGHT,
    NOON,
    STEPS,
    TODAY,
    TOMORROW,
    Caused,
    given,
    log,
)

HOUR = timedelta(hours=1)
LAST = DAWN + 23 * HOUR
EVERY_HOUR = OccurrencesExpected(TODAY, "day_started", (Expected("hourly", DAWN, LAST, 24),))
HOURLY = Intent(run="gather", cron="0 * * * *")
BOUNDS = (rfc3339(DAWN), rfc3339(MIDNIGHT))


def planned(due_at: datetime, work: str = "w1", name: str = "hourly") -> tuple[Caused, ...]:
    key = f"{name}@{due_at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        OccurrenceDue(name, due_at),
        WorkPlanned(work, "gather", "intent", key, STEPS, "system", "main"),
    )


def told(*facts: Caused, by: str = "test") -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    Fold(connection).learn([replace(record, by=by) for record in log(*facts)])
    return connection


def of_today(*facts: Caused, until: datetime = MIDNIGHT, **how: Any) -> Ledger:
    return ledger(told(*facts), TODAY.isoformat(), BOUNDS, rfc3339(until), **how)


def lines(found: Ledger) -> list[tuple[str, str, int, str]]:
    return [(it.due_at[11:16], it.last_due_at[11:16], it.count, it.verdict) for it in found.rows]


def counts(*facts: Caused) -> dict[str, int]:
    """What stands of the day and the intent, without what is nothing."""
    names = ("expected", "coming", "waiting", "planned", "skipped", "missed", "coalesced",
             "superseded", "expired")  # fmt: skip
    [row] = given(*facts)("expectations", *names)
    return {name: count for name, count in row.items() if count}


def test_what_a_day_is_expected_to_bring_is_one_row_however_much_it_is() -> None:
    seconds = Expected("tick", DAWN, MIDNIGHT - timedelta(seconds=1), 86_400)
    expected = OccurrencesExpected(TODAY, "day_started", (seconds,))
    assert counts(DAY, expected) == {"expected": 86_400, "coming": 86_400}
    found = of_today(DAY, expected, until=DAWN)
    assert (lines(found), found.open, found.overdue) == (
        [("00:00", "23:59", 86_400, "expected")],
        86_400,
        0,
    )


def test_each_verdict_closes_what_was_expected() -> None:
    facts = (
        DAY,
        EVERY_HOUR,
        *planned(DAWN),
        OccurrenceDue("hourly", DAWN + HOUR),
        OccurrenceSkipped("hourly", DAWN + HOUR, "still_running"),
        OccurrenceSkipped("hourly", DAWN + 2 * HOUR, "dst_gap"),
        OccurrenceMissed("hourly", DAWN + 3 * HOUR, DAWN + 5 * HOUR, 3, "host_slept"),
        OccurrencesCoalesced("hourly", DAWN + 6 * HOUR, DAWN + 7 * HOUR, 2, NOON, "late"),
        OccurrenceDue("hourly", NOON),
    )
    closed = {"planned": 1, "skipped": 2, "missed": 3, "coalesced": 2}
    assert counts(*facts) == {"expected": 24, "coming": 15, "waiting": 1, **closed}
    rest = OccurrencesSuperseded("hourly", DAWN + 8 * HOUR, LAST, 15, "edited")
    skipped = OccurrenceSkipped("hourly", NOON, "paused")
    assert counts(*facts, rest, skipped) == {
        "expected": 24, **closed, "skipped": 3, "superseded": 15,
    }  # fmt: skip
    assert given(*facts, rest, skipped)("intents", "open_days") == [{"open_days": ""}]


def test_what_is_told_again_takes_the_place_of_what_was_still_to_come() -> None:
    again = OccurrencesExpected(
        TODAY, "configuration", (Expected("hourly", DAWN + HOUR, LAST, 23),)
    )
    facts = (DAY, EVERY_HOUR, *planned(DAWN), again)
    assert counts(*facts) == {"expected": 24, "coming": 23, "planned": 1}
    other = OccurrencesExpected(TODAY, "configuration", (Expected("hourly", NOON, LAST, 40),))
    assert counts(*facts, other) == {"expected": 41, "coming": 40, "planned": 1}


def test_what_nobody_foresaw_has_a_verdict_and_no_expectation() -> None:
    rang = planned(NOON, name="ring")
    assert given(DAY, *rang)("expectations", "day") == []
    found = of_today(DAY, *rang)
    assert (found.expected, found.open, found.verdicts) == (0, 0, {"planned": 1})


def test_neighbours_of_one_fate_share_a_line() -> None:
    works = [it for n in range(3) for it in planned(DAWN + n * HOUR, f"w{n}")]
    gap = OccurrenceMissed("hourly", DAWN + 3 * HOUR, DAWN + 8 * HOUR, 6, "daemon_down")
    more = planned(DAWN + 9 * HOUR, "w9")
    found = of_today(DAY, EVERY_HOUR, *works, gap, *more)
    assert lines(found) == [
        ("00:00", "02:00", 3, "planned"),
        ("03:00", "08:00", 6, "missed"),
        ("09:00", "09:00", 1, "planned"),
        ("00:00", "23:00", 14, "expected"),
    ]
    assert [row.work for row in found.rows] == ["w2", None, "w9", None]
    assert found.rows[-1].after == rfc3339(DAWN + 9 * HOUR)
    assert lines(of_today(DAY, EVERY_HOUR, *works, gap, only_open=True)) == [
        ("00:00", "23:00", 15, "expected")
    ]
    cut = of_today(DAY, EVERY_HOUR, *works, gap, *more, limit=1)
    assert (len(cut.rows), cut.more, cut.verdicts) == (1, 3, {"planned": 4, "missed": 6})


def test_a_ledger_can_be_of_one_intent() -> None:
    facts = (DAY, EVERY_HOUR, *planned(NOON), *planned(NOON, "w2", "ring"))
    found = of_today(*facts, intent="ring")
    assert (found.expected, [row.intent for row in found.rows]) == (0, ["ring"])


def test_what_waits_in_a_buffer_is_open_until_it_has_its_verdict() -> None:
    waits = (DAY, EVERY_HOUR, OccurrenceDue("hourly", NOON), OccurrenceBuffered("hourly", NOON))
    found = of_today(*waits)
    assert ("12:00", "12:00", 1, "buffered") in lines(found) and found.open == 24
    for verdict in (
        OccurrenceExpired("hourly", NOON, "start_deadline"),
        OccurrencesSuperseded("hourly", NOON, NOON, 1, "newer_occurrence"),
        planned(NOON)[1],
    ):
        found = of_today(*waits, verdict)
        assert "buffered" not in {row.verdict for row in found.rows} and found.open == 23
        assert given(*waits, verdict)("intents", "buffered") == [{"buffered": 0}]


def test_what_waited_when_its_intent_was_edited_waits_no_more() -> None:
    waits = (DAY, EVERY_HOUR, OccurrenceDue("hourly", NOON), OccurrenceBuffered("hourly", NOON))
    edited = OccurrencesSuperseded("hourly", NOON, NOON, 1, "edited")
    connection = told(*waits, edited, by="planner")
    found = ledger(connection, TODAY.isoformat(), BOUNDS, rfc3339(NOON))
    assert "buffered" not in {row.verdict for row in found.rows} and found.open == 23
    one = intent(connection, "hourly")
    assert one is not None and (one.buffered, one.last_verdict) == (0, "superseded")


def test_the_clock_may_let_expire_what_was_never_due() -> None:
    expired = OccurrenceExpired("hourly", NOON, "start_deadline")
    connection = told(DAY, EVERY_HOUR, expired, by="clock")
    row = connection.execute("SELECT coming, waiting, expired FROM expectations").fetchone()
    assert row == (23, 0, 1)


def test_the_silence_of_a_dead_daemon_is_open_and_lies_in_the_past() -> None:
    connection = told(DAY, EVERY_HOUR, *planned(DAWN))
    later = rfc3339(MIDNIGHT + 30 * HOUR)
    found = ledger(connection, TODAY.isoformat(), BOUNDS, later)
    assert (found.open, found.overdue) == (23, 23)
    assert [(row.intent, row.count) for row in silence(connection, later)] == [("hourly", 23)]
    assert silence(connection, rfc3339(NOON)) == []


def test_a_range_that_reaches_over_days_closes_all_of_them() -> None:
    tomorrow = DayStarted(TOMORROW, MIDNIGHT, MIDNIGHT + 24 * HOUR)
    second = Expected("hourly", MIDNIGHT, MIDNIGHT + 23 * HOUR, 24)
    missed = OccurrenceMissed("hourly", NOON, MIDNIGHT + 5 * HOUR, 18, "daemon_down")
    rows = given(
        DAY,
        replace(EVERY_HOUR, intents=(Expected("hourly", NOON, LAST, 12),)),
        tomorrow,
        OccurrencesExpected(TOMORROW, "day_started", (second,)),
        missed,
    )
    assert rows("expectations", "missed", "coming") == [
        {"missed": 12, "coming": 0},
        {"missed": 6, "coming": 18},
    ]
    connection = told(DAY, EVERY_HOUR, tomorrow, missed)
    bounds = (rfc3339(MIDNIGHT), rfc3339(MIDNIGHT + 24 * HOUR))
    found = ledger(connection, TOMORROW.isoformat(), bounds, rfc3339(NOON))
    assert lines(found) == [("12:00", "05:00", 18, "missed")]
    assert found.verdicts == {}, "it counts to the day in which it begins"


def test_when_the_clock_was_far_ahead_its_verdicts_are_withdrawn_but_for_what_was_due() -> None:
    facts = (
        DAY,
        EVERY_HOUR,
        *planned(DAWN),
        OccurrenceMissed("hourly", DAWN + HOUR, DAWN + 2 * HOUR, 2, "late"),
        OccurrenceMissed("hourly", NOON, EVENING, 7, "daemon_down"),
        *planned(LAST, "w2"),
        OccurrencesReopened(DAWN + 5 * HOUR),
    )
    found = of_today(*facts)
    assert found.verdicts == {"planned": 2, "missed": 2}
    assert given(*facts)("intents", "missed", "last_due_at", "last_work") == [
        {"missed": 2, "last_due_at": rfc3339(LAST), "last_work": "w2"}
    ]
    without = (*facts[:5], OccurrenceMissed("hourly", NOON, EVENING, 7, "daemon_down"), facts[-1])
    [row] = given(*without)("intents", "last_due_at", "last_verdict")
    assert row == {"last_due_at": rfc3339(DAWN + 2 * HOUR), "last_verdict": "missed"}


def test_a_brief_tells_each_fate_once_and_leaves_out_what_somebody_took_back() -> None:
    connection = told(
        DAY,
        EVERY_HOUR,
        *(OccurrenceSkipped("hourly", DAWN + n * HOUR, "still_running") for n in range(5)),
        OccurrencesSuperseded("hourly", NOON, EVENING, 7, "edited"),
        OccurrencesSuperseded("hourly", LAST, LAST, 1, "newer_occurrence"),
    )
    assert [(it.verdict, it.count) for it in brief(connection, since=DAWN).missed] == [
        ("superseded", 1),
        ("skipped", 5),
    ]
    [day] = days(connection)
    assert day.occurrences == {"skipped": 5, "superseded": 8}
    assert "occurrences: 5 skipped" in day.summary


def configured(**intents: Intent) -> ConfigurationLoaded:
    return ConfigurationLoaded("#", Configuration(intents=intents))


def standing(*facts: Caused, name: str = "hourly") -> dict[str, Any]:
    found = intent(told(*facts), name)
    assert found is not None
    return dict(to_builtins(found))


def test_an_intent_of_the_configuration_is_known_with_its_trigger() -> None:
    found = standing(configured(hourly=HOURLY))
    assert (found["source"], found["trigger"], found["run"], found["state"], found["enabled"]) == (
        "configuration", "cron 0 * * * *", "gather", "in_force", True,
    )  # fmt: skip
    assert found["definition"] == {"run": "gather", "cron": "0 * * * *"}


def test_what_is_taken_out_of_the_configuration_stays_known_as_a_tombstone() -> None:
    found = standing(configured(hourly=HOURLY), configured())
    assert (found["state"], found["removed_reason"]) == ("removed", "not_configured")
    assert found["removed_at"] == "2026-11-20T12:00:02.000000Z"
    again = standing(configured(hourly=HOURLY), configured(), configured(hourly=HOURLY))
    assert (again["state"], again["removed_at"]) == ("in_force", None)


def test_another_configuration_leaves_alone_what_was_made_by_hand() -> None:
    by_hand = IntentAdded("hourly", BELL, "request", "k")
    found = standing(by_hand, configured(hourly=HOURLY), configured())
    assert (found["source"], found["trigger"], found["state"]) == (
        "request", "on signal bell", "in_force",
    )  # fmt: skip
    assert standing(by_hand, configured(hourly=HOURLY))["name_taken"]
    assert standing(by_hand, IntentsConfigured(name_taken=("hourly",)))["name_taken"]
    gone = standing(by_hand, IntentRemoved("hourly", "asked"))
    assert (gone["state"], gone["removed_reason"], gone["source"]) == (
        "removed", "asked", "request",
    )  # fmt: skip


def test_what_was_switched_by_hand_stays_so_until_its_configuration_changes() -> None:
    switched = (configured(hourly=HOURLY), IntentSwitched("hourly", False))
    assert not standing(*switched)["enabled"]
    assert not standing(*switched, configured(hourly=HOURLY))["enabled"]
    changed = replace(HOURLY, cron="30 * * * *")
    found = standing(*switched, configured(hourly=changed))
    assert (found["enabled"], found["switched_at"]) == (True, None)


TRIGGERS = {
    "cron 0 9 * * mon": Intent(run="a", cron="0 9 * * mon"),
    "every 1h30m": Intent(run="a", every_seconds=5_400),
    "every 5s from completion": Intent(run="a", every_seconds=5, every_from="completion"),
    "at 2026-11-20T12:00:00Z": Intent(run="a", at=NOON),
    "now": Intent(run="a", now=True),
    "on signal bell": BELL,
    "after build (failure)": Intent(run="a", after="build", after_when="failure"),
}


@pytest.mark.parametrize(("words", "one"), TRIGGERS.items(), ids=TRIGGERS)
def test_a_trigger_is_told_in_a_few_words(words: str, one: Intent) -> None:
    assert trigger_text(one) == words


def test_a_length_is_told_in_its_units() -> None:
    assert [length(each) for each in (0, 59, 3_600, 90_061, 1_209_600)] == [
        "0s", "59s", "1h", "1d1h1m1s", "2w",
    ]  # fmt: skip
