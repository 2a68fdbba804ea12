"""The verdicts of the planner: on what is due, and on what somebody asks for."""

from datetime import date, datetime, time

import pytest
from msgspec import structs

from actors.planner import changes, rules
from events.catalogue import AnyFact
from events.configuration import Intent, Phase, Step
from events.plan import OccurrenceSkipped, SkipReason
from events.requests import (
    Refusal,
    RequestRefused,
    RequestRepeated,
    WorkRequested,
)
from events.time import OccurrenceDue
from events.work import (
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkPlanned,
)
from tests.rules.planner_story import (
    FRIDAY,
    PHASES,
    SATURDAY,
    THURSDAY,
    action,
    at,
    given,
    house,
    loaded,
    of_kind,
    released,
    taken,
    template,
    when,
)

HOUSE = house(
    {"read": action(100, 30, at_phase_end="drop", defer_limit=4), "look": action(0, 1, "system")},
    {"study": template("read", "look", defer_limit=2)},
    {
        "hourly": Intent(run="study", cron="0 * * * *", priority="high", input_json='{"a":1}'),
        "nightly": Intent(run="look", cron="0 0 * * *", phase="night"),
        "off": Intent(run="look", cron="0 * * * *", enabled=False),
        "lost": Intent(run="nothing", cron="0 * * * *"),
        "nowhere": Intent(run="look", cron="0 * * * *", phase="lunch"),
    },
)


def due(intent: str = "hourly", hour: int = 9) -> OccurrenceDue:
    return OccurrenceDue(intent, at(hour))


# Occurrences


def test_an_occurrence_becomes_work() -> None:
    assert when(given(loaded(HOUSE)), due(), at(9)) == [
        WorkPlanned(
            work="w7-1",
            name="study",
            source="intent",
            key="hourly@2026-11-20T09:00:00Z",
            steps=(Step(action="read"), Step(action="look")),
            category="research",
            lane="main",
            priority="high",
            estimate_usd_micros=100,
            expected_seconds=1_860,
            defer_limit=2,
            input_json='{"a":1}',
        )
    ]


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        pytest.param(2, THURSDAY, id="the window in progress began yesterday"),
        pytest.param(6, FRIDAY, id="it has just ended: the next one"),
        pytest.param(23, FRIDAY, id="the window in progress began today"),
    ],
)
def test_an_occurrence_for_a_phase_waits_for_the_window_in_progress_or_the_next(
    hour: int, day: date
) -> None:
    (work,) = of_kind(WorkPlanned, when(given(loaded(HOUSE)), due("nightly", hour), at(hour)))
    assert (work.phase, work.day) == ("night", day)


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        ("unheard_of", "intent_unknown"),
        ("off", "intent_disabled"),
        ("lost", "work_unknown"),
        ("nowhere", "phase_unknown"),
    ],
)
def test_an_occurrence_that_cannot_become_work_is_skipped(intent: str, reason: SkipReason) -> None:
    decisions = when(given(loaded(HOUSE)), due(intent))
    assert decisions == [OccurrenceSkipped(intent, at(9), reason)]


def test_without_a_configuration_no_intent_is_known() -> None:
    assert when(given(), due()) == [OccurrenceSkipped("hourly", at(9), "intent_unknown")]


def test_an_occurrence_is_skipped_while_the_one_before_has_not_ended() -> None:
    planner = given(loaded(HOUSE))
    when(planner, due(hour=9), at(9))
    when(planner, released("w7-1"), at(9))
    assert when(planner, due(hour=10), at(10)) == [
        OccurrenceSkipped("hourly", at(10), "still_running")
    ]
    (other,) = when(planner, due("nightly", 10), at(10))
    assert isinstance(other, WorkPlanned)


@pytest.mark.parametrize(
    "end",
    [
        WorkFinished("w7-1", "failed"),
        WorkDropped("w7-1", "phase_over"),
        WorkCancelled("w7-1"),
    ],
    ids=lambda fact: fact.kind,
)
def test_an_intent_goes_on_when_its_work_has_ended(end: AnyFact) -> None:
    planner = given(loaded(HOUSE))
    when(planner, due(hour=9), at(9))
    when(planner, end, at(9, 30))
    (work,) = of_kind(WorkPlanned, when(planner, due(hour=10), at(10), position=8))
    assert (work.work, work.key) == ("w8-1", "hourly@2026-11-20T10:00:00Z")


# Requests


def test_a_request_for_an_action_becomes_work_of_one_step() -> None:
    asked = WorkRequested("read", "k1", at=at(9), input_json='{"b":2}', note="please")
    assert when(given(loaded(HOUSE)), asked, at(8)) == [
        WorkPlanned(
            work="w7-1",
            name="read",
            source="request",
            key="k1",
            steps=(Step(action="read"),),
            category="research",
            lane="main",
            estimate_usd_micros=100,
            expected_seconds=1_800,
            not_before=at(9),
            at_phase_end="drop",
            defer_limit=4,
            input_json='{"b":2}',
            note="please",
        )
    ]


def test_a_request_for_a_template_becomes_work_of_all_its_steps() -> None:
    (work,) = of_kind(WorkPlanned, when(given(loaded(HOUSE)), WorkRequested("study", "k1")))
    assert [step.action for step in work.steps] == ["read", "look"]
    assert (work.source, work.estimate_usd_micros, work.defer_limit) == ("request", 100, 2)


def test_a_template_wins_over_an_action_of_the_same_name() -> None:
    configuration = house(templates={"read": template("read", "read")})
    (work,) = of_kind(WorkPlanned, when(given(loaded(configuration)), WorkRequested("read", "k")))
    assert len(work.steps) == 2


def test_even_a_template_that_is_switched_off_may_be_asked_for() -> None:
    configuration = house(templates={"study": template(enabled=False)})
    decisions = when(given(loaded(configuration)), WorkRequested("study", "k"))
    assert taken(decisions) == [(None, "study")]


@pytest.mark.parametrize(
    ("asked", "now", "day"),
    [
        pytest.param(WorkRequested("read", "k", "morning"), at(9), FRIDAY, id="in progress"),
        pytest.param(WorkRequested("read", "k", "morning"), at(12), SATURDAY, id="over for today"),
        pytest.param(WorkRequested("read", "k", "evening"), at(12), FRIDAY, id="to come"),
        pytest.param(
            WorkRequested("read", "k", "evening", at=at(22)), at(12), SATURDAY, id="not before"
        ),
    ],
)
def test_a_request_for_a_phase_waits_for_its_window(
    asked: WorkRequested, now: datetime, day: date
) -> None:
    (work,) = of_kind(WorkPlanned, when(given(loaded(HOUSE)), asked, now))
    assert (work.phase, work.day) == (asked.phase, day)


def test_a_phase_that_comes_once_a_week_is_waited_for() -> None:
    thursdays = (Phase(name="rest", start=time(0), end=time(6), days=("thu",)),)
    decisions = when(
        given(loaded(house(phases=thursdays))), WorkRequested("read", "k", "rest"), at(7)
    )
    assert of_kind(WorkPlanned, decisions)[0].day == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (WorkRequested("paint", "k"), "unknown_subject"),
        (WorkRequested("read", "k", "lunch"), "unknown_phase"),
        (WorkRequested("read", "k", "never"), "unknown_phase"),
    ],
)
def test_what_cannot_be_done_is_refused(asked: WorkRequested, reason: Refusal) -> None:
    never = Phase(name="never", start=time(0), end=time(6), days=())
    planner = given(loaded(structs.replace(HOUSE, phases=(*PHASES, never))))
    assert when(planner, asked) == [RequestRefused("k", asked.subject, reason)]


def test_a_request_before_any_configuration_is_refused() -> None:
    decisions = when(given(), WorkRequested("read", "k"))
    assert decisions == [RequestRefused("k", "read", "unknown_subject")]


def test_the_same_key_gets_the_former_answer_also_when_the_work_has_ended() -> None:
    planner = given(loaded(HOUSE))
    when(planner, WorkRequested("read", "k1"))
    again = WorkRequested("look", "k1", note="another wish under the same key")
    assert when(planner, again, position=8) == [RequestRepeated("k1", "w7-1")]
    when(planner, WorkFinished("w7-1", "completed"))
    assert when(planner, again, position=9) == [RequestRepeated("k1", "w7-1")]


def test_what_was_refused_may_be_asked_again() -> None:
    planner = given(loaded(house(actions={})))
    when(planner, WorkRequested("read", "k1"))
    when(planner, loaded(HOUSE))
    assert taken(when(planner, WorkRequested("read", "k1"))) == [(None, "read")]


def test_only_the_latest_answers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "ANSWERS_MAX", 3)
    planner = given(loaded(HOUSE))
    for number in range(20):
        when(planner, WorkRequested("look", f"k{number}"), position=number)
    assert [planner.answer_to(f"k{number}") for number in (17, 18, 19)] == [
        "w17-1",
        "w18-1",
        "w19-1",
    ]
    assert planner.answer_to("k0") is None
    assert len(planner.answered) + len(planner.answered_before) <= 6


def test_requests_are_refused_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "WORKS_MAX", 1)
    planner = given(loaded(HOUSE))
    when(planner, WorkRequested("look", "k1"))
    assert when(planner, WorkRequested("look", "k2")) == [
        RequestRefused("k2", "look", "too_many_waiting")
    ]
    when(planner, WorkCancelled("w7-1"))
    assert taken(when(planner, WorkRequested("look", "k2"))) == [(None, "look")]
