"""What would become of an intent, lived by the real rules in a world of its own."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from actors.replay.fates import Fate
from actors.replay.previewing import Question, Sleep, previewed
from events.configuration import Configuration, Day, Intent, On, Phase

VIENNA = "Europe/Vienna"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MIDNIGHT = datetime(2026, 3, 26, 23, tzinfo=UTC)  # on the wall of Vienna
HOURLY = Intent(run="read", cron="0 * * * *")
NIGHT = Sleep(time(2), time(9), VIENNA)
VERDICTS = {"planned", "missed", "skipped", "coalesced", "superseded", "expired"}


def asked(intent: Intent, limit: int = 5, **more: Any) -> list[Fate]:
    others = more.pop("others", {})
    house = Configuration(
        day=Day(timezone=VIENNA),
        phases=(Phase(name="noon", start=time(12), end=time(13)),),
        intents={"tea": intent, **others},
    )
    return previewed(Question("tea", house, more.pop("begin", MIDNIGHT), limit, **more))


def told(fates: list[Fate]) -> list[tuple[str, str, str]]:
    return [(f"{one.due_at:%d %H:%M}", one.verdict, one.reason) for one in fates]


def test_the_moment_from_which_is_asked_is_among_the_answers() -> None:
    assert told(asked(HOURLY, 2)) == [
        ("26 23:00", "planned", "on_time"),
        ("27 00:00", "planned", "on_time"),
    ]


def test_what_a_sleeping_machine_misses_falls_to_the_policy() -> None:
    intent = Intent(run="read", cron="0 1,4,7,11 * * *", misfire="run_all", overlap="allow_all")
    assert told(asked(intent, 4, sleep=NIGHT)) == [
        ("27 00:00", "planned", "on_time"),
        ("27 03:00", "planned", "overdue"),
        ("27 06:00", "planned", "overdue"),
        ("27 10:00", "planned", "on_time"),
    ]
    waking = datetime(2026, 3, 27, 8, tzinfo=UTC)
    first = asked(Intent(run="read", cron="0 7 * * *"), 1, sleep=NIGHT)
    assert first == [Fate(waking - 2 * HOUR, "planned", "overdue", starts_at=waking)]
    skipped = asked(Intent(run="read", cron="0 7 * * *", misfire="skip"), 1, sleep=NIGHT)
    assert skipped == [Fate(waking - 2 * HOUR, "missed", "host_slept", "skip")]


def test_one_stands_for_those_that_were_slept_through() -> None:
    found = asked(HOURLY, 11, sleep=NIGHT)
    assert [one.verdict for one in found] == ["planned"] * 2 + ["coalesced"] * 7 + ["planned"] * 2
    assert {one.into for one in found[2:9]} == {found[9].due_at}


def test_work_goes_on_where_it_was_when_the_machine_wakes_up() -> None:
    half_past_one = MIDNIGHT + 1.5 * HOUR
    intent = Intent(run="read", cron="30 1,9 * * *", overlap="buffer_one")
    first, second = asked(intent, 2, sleep=NIGHT, takes=HOUR)
    assert first.starts_at == half_past_one
    assert (second.reason, second.due_at) == ("on_time", half_past_one + 8 * HOUR)


def test_a_machine_that_sleeps_already_is_woken_first() -> None:
    begin = datetime(2026, 3, 27, 4, tzinfo=UTC)
    [first] = asked(HOURLY, 1, begin=begin, sleep=NIGHT)
    assert (first.due_at, first.verdict) == (begin, "coalesced")


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("skip", ["planned", "skipped", "skipped", "planned", "skipped"]),
        ("buffer_one", ["planned", "planned", "skipped", "planned", "skipped"]),
        ("buffer_all", ["planned"] * 5),
        ("keep_latest", ["planned", "superseded", "planned", "superseded", "planned"]),
        ("cancel_other", ["planned"] * 5),
        ("terminate_other", ["planned"] * 5),
        ("allow_all", ["planned"] * 5),
    ],
)
def test_work_that_still_runs_leads_to_the_policy_for_overlaps(
    overlap: Any, expected: list[str]
) -> None:
    found = asked(Intent(run="read", cron="*/10 * * * *", overlap=overlap), takes=25 * MINUTE)
    assert [one.verdict for one in found] == expected
    assert any(one.overtaken for one in found) is (overlap in ("cancel_other", "terminate_other"))


def test_the_night_in_which_clocks_change_is_told_apart() -> None:
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    nightly = Intent(run="read", cron="30 2 * * *")
    [gap] = asked(nightly, 1, begin=spring)
    assert (gap.due_at, gap.clocks) == (datetime(2026, 3, 29, 1, tzinfo=UTC), "shifted")
    both = asked(nightly, 2, begin=autumn)
    assert [(one.verdict, one.clocks) for one in both] == [
        ("planned", "first_pass"),
        ("skipped", "dst_overlap"),
    ]


def test_an_intent_behind_another_comes_at_the_end_of_its_work() -> None:
    found = asked(Intent(run="read", after="first"), 2, others={"first": HOURLY}, takes=MINUTE)
    assert [one.due_at for one in found] == [MIDNIGHT + MINUTE, MIDNIGHT + HOUR + MINUTE]


def test_one_that_counts_from_the_end_of_its_work_comes_later_each_time() -> None:
    intent = Intent(run="read", every_seconds=600, every_from="completion")
    found = asked(intent, 3, takes=5 * MINUTE)
    assert [one.due_at - MIDNIGHT for one in found] == [10 * MINUTE, 25 * MINUTE, 40 * MINUTE]


def test_what_waits_for_no_time_has_no_answer_and_takes_no_time() -> None:
    assert asked(Intent(run="read", on=On(signal="mail")), 10_000) == []
    assert len(asked(Intent(run="read", now=True), 10_000)) == 1
    assert len(asked(Intent(run="read", cron="0 0 29 2 *"), 10_000)) == 5
    assert len(asked(Intent(run="read", cron="0 * * * *", max_runs=3), 10)) == 3


def test_work_for_a_phase_starts_when_the_phase_does() -> None:
    [one] = asked(Intent(run="read", cron="0 5 * * *", phase="noon"), 1)
    assert one.starts_at == MIDNIGHT + 12 * HOUR


@settings(max_examples=60, deadline=None)
@for_any(
    some.sampled_from(["*/7 * * * *", "30 2 * * *", "0 */3 * * *", "15 1,2,3 * * *"]),
    some.sampled_from(["skip", "run_once_latest", "run_once_earliest", "run_all", "within"]),
    some.sampled_from(["skip", "buffer_one", "keep_latest", "cancel_other", "allow_all"]),
    some.integers(0, 1_439),
    some.integers(1, 1_439),
    some.integers(0, 500),
    some.sampled_from([datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)]),
)
def test_each_occurrence_has_a_verdict_and_nothing_starts_early(
    cron: str, misfire: Any, overlap: Any, start: int, length: int, takes: int, begin: datetime
) -> None:
    stop = (start + length) % 1_440
    sleep = Sleep(time(start // 60, start % 60), time(stop // 60, stop % 60), VIENNA)
    intent = Intent(run="read", cron=cron, misfire=misfire, overlap=overlap, dst_overlap="both")
    found = asked(intent, 12, begin=begin, sleep=sleep, takes=takes * MINUTE)
    assert len(found) == 12 and {one.verdict for one in found} <= VERDICTS
    assert all(one.due_at < other.due_at for one, other in pairwise(found))
    starts = [one for one in found if one.verdict == "planned" and not one.overtaken]
    assert all(one.starts_at for one in starts)
    assert all(one.starts_at is None or one.starts_at >= one.due_at for one in found)
