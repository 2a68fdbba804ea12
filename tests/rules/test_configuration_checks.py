"""What settings must be to each other: what is doubtful, what can never be paid."""

from pathlib import Path

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from horarium.configuration import load
from tests.rules.configuration_story import FREE, said, understood


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "[[phases]]\nname = 'a'\nstart = '22:00'\nend = '06:00'\n"
            "[[phases]]\nname = 'b'\nstart = '05:00'\nend = '12:00'\ndays = ['mon']",
            "config.toml:5  phases[1]  warning: it overlaps 'a'; work may run in both at once",
            id="phases that overlap across midnight and the end of the week",
        ),
        pytest.param(
            FREE + "[templates.look]\nactions = ['look']",
            'config.toml:3  templates.look  warning: an action is called "look" too; this '
            "template wins over it",
            id="one name for two things",
        ),
        pytest.param(
            FREE + "lane = 'mian'\n[lanes.main]",
            "config.toml:3  actions.look.lane  warning: the lane 'mian' is not configured and "
            "runs one thing at a time (did you mean 'main'?)",
            id="a lane that nobody configured",
        ),
        pytest.param(
            FREE + "command = ['true']",
            'config.toml:3  actions.look.command  warning: the executor "noop" does not use it',
            id="a command that is not used",
        ),
        pytest.param(
            FREE + "expected = '1h'",
            "config.toml:3  actions.look.expected  warning: 1h are expected, but 10m allowed",
            id="more time expected than allowed",
        ),
        pytest.param(
            "[budget]\ndaily_usd = 1\ncategories = { a = '60%', b = 0.5 }",
            "config.toml:3  budget.categories  warning: together they have $1.10, and the day "
            "$1.00",
            id="shares beyond the day",
        ),
        pytest.param(
            "[budget]\ndaily_usd = 1\nreserve_usd = 1",
            "config.toml:3  budget.reserve_usd  warning: it takes all of the day's money: "
            "nothing but critical work can be paid",
            id="a reserve that takes all",
        ),
        pytest.param(
            FREE + "category = 'x'\n[budget.categories]\ngeneral = 1",
            "config.toml:3  actions.look.category  warning: the category 'x' is not in the "
            "budget; look cost nothing",
            id="a free action in a category without money",
        ),
        pytest.param(
            FREE + "estimate_usd = 0.2\nceiling_usd = 0.1\n[budget.categories]\ngeneral = 1",
            "config.toml:4  actions.look.ceiling_usd  warning: it is less than the estimate, $0.20",
            id="a ceiling below the estimate",
        ),
    ],
)
def test_what_is_only_doubtful_is_a_warning_and_loads(
    tmp_path: Path, text: str, warning: str
) -> None:
    assert said(tmp_path, text) == [warning]
    assert [fault.severity for fault in load(tmp_path / "config.toml", {}).warnings] == ["warning"]


COSTLY = "[actions.a]\nexecutor = 'noop'\nestimate_usd = 0.3\n"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            COSTLY + "[budget.categories]\ngeneral = '5%'",
            "config.toml:3  actions.a.estimate_usd  warning: it will be held: it may cost "
            "$0.30, and the category 'general' has $0.25",
            id="more than its category has",
        ),
        pytest.param(
            COSTLY + "[budget]\ndaily_usd = 1\nreserve_usd = 0.8\ncategories = { general = 1 }",
            "config.toml:3  actions.a.estimate_usd  warning: it will be held: it may cost "
            "$0.30, and the day has $0.20",
            id="more than the day has beside the reserve",
        ),
        pytest.param(
            COSTLY + "[budget.categories]\ngeneral = 1\nslim = 0.1\n"
            "[templates.t]\nactions = ['a']\ncategory = 'slim'",
            "config.toml:9  templates.t.category  warning: it will be held: it may cost "
            "$0.30, and the category 'slim' has $0.10",
            id="a template that another category pays",
        ),
    ],
)
def test_what_no_day_can_pay_is_told_and_waits(tmp_path: Path, text: str, warning: str) -> None:
    assert said(tmp_path, text) == [warning]
    assert load(tmp_path / "config.toml", {}).warnings


def test_a_category_without_money_is_a_fault(tmp_path: Path) -> None:
    assert said(tmp_path, COSTLY + "[budget.categories]\ngenerall = 1") == [
        "config.toml:1  actions.a.category  the category 'general' has no money: a can "
        "never be paid (did you mean 'generall'?)"
    ]


def test_critical_work_may_touch_the_reserve(tmp_path: Path) -> None:
    text = COSTLY + "priority = 'critical'\n[budget]\ndaily_usd = 1\nreserve_usd = 0.8\n"
    assert said(tmp_path, text + "categories = { general = 1 }") == []


def test_windows_of_one_phase_must_differ_in_their_days(tmp_path: Path) -> None:
    window = "[[phases]]\nname = 'a'\nstart = '10:00'\nend = '12:00'\ndays = "
    assert said(tmp_path, f"{window}['mon']\n{window}['tue']\n") == []
    assert said(tmp_path, f"{window}['mon']\n{window}['tue', 'mon']\n") == [
        "config.toml:7  phases[1].name  'a' has another window on mon already"
    ]


@settings(deadline=None)
@for_any(some.lists(some.integers(0, 1_439), min_size=1, max_size=6, unique=True))
def test_phases_that_meet_end_to_end_do_not_overlap(minutes: list[int]) -> None:
    minutes.sort()
    starts = [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes]
    raw = [
        {"name": f"p{nth}", "start": start, "end": starts[(nth + 1) % len(starts)]}
        for nth, start in enumerate(starts)
    ]
    assert understood({"phases": raw}) == []
