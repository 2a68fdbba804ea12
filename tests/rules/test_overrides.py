"""HORARIUM_* variables: one sets one setting, and one that sets nothing is told."""

from pathlib import Path

import pytest

from horarium.configuration import Loaded, faults, load, render

TEXT = """
[budget]
daily_usd = 5
[actions.daily-report]
executor = "noop"
timeout = "1m"
[actions."journal.daily"]
executor = "noop"
[actions.a__b]
executor = "noop"
[actions.x-y]
executor = "noop"
[actions.x_y]
executor = "noop"
"""


def loaded(folder: Path, environ: dict[str, str]) -> Loaded:
    file = folder / "config.toml"
    file.write_text(TEXT)
    return load(file, environ)


def told(folder: Path, environ: dict[str, str]) -> str:
    file = folder / "config.toml"
    file.write_text(TEXT)
    return render(faults(file, environ))


def test_a_variable_stands_above_the_file_and_is_recorded_by_name(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {
            "HORARIUM_BUDGET__DAILY_USD": "8",
            "HORARIUM_ACTIONS__DAILY_REPORT__TIMEOUT": "5m",
            "HORARIUM_ACTIONS__JOURNAL_DAILY__PASS_ENVIRONMENT": '["KEY"]',
            "HORARIUM_ACTIONS__A__B__ATTEMPTS": "3",
            "HORARIUM_LOG__FILE": "2026",
            "HORARIUM_DAY__STARTS_AT": "04:00",
            "PATH": "/bin",
        },
    )
    settings = found.configuration
    assert settings.budget.daily_usd_micros == 8_000_000
    assert settings.actions["daily-report"].timeout_seconds == 300
    assert settings.actions["journal.daily"].pass_environment == ("KEY",)
    assert settings.actions["a__b"].attempts == 3
    assert (settings.log.file, settings.day.starts_at.hour) == ("2026", 4)
    assert found.overrides == (
        "HORARIUM_ACTIONS__A__B__ATTEMPTS",
        "HORARIUM_ACTIONS__DAILY_REPORT__TIMEOUT",
        "HORARIUM_ACTIONS__JOURNAL_DAILY__PASS_ENVIRONMENT",
        "HORARIUM_BUDGET__DAILY_USD",
        "HORARIUM_DAY__STARTS_AT",
        "HORARIUM_LOG__FILE",
    )


def test_a_variable_that_says_what_the_file_says_changes_nothing(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"HORARIUM_BUDGET__DAILY_USD": "5"})
    assert found.overrides == ()
    assert found.digest == loaded(tmp_path, {}).digest


def test_what_the_daemon_tells_its_jobs_is_no_setting(tmp_path: Path) -> None:
    names = "CONFIG DATA RUN WORK ACTION STEP ATTEMPT DAY PHASE INPUT RESULT WORK_FOLDER TOKEN"
    environ = {f"HORARIUM_{name}": "x" for name in names.split()}
    assert loaded(tmp_path, environ).overrides == ()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        pytest.param(
            "HORARIUM_BUDGET_DAILY_USD",
            "8",
            "HORARIUM_BUDGET_DAILY_USD  it sets nothing that is there "
            "(did you mean 'HORARIUM_BUDGET__DAILY_USD'?)",
            id="one underscore",
        ),
        pytest.param(
            "HORARIUM_ACTIONS__DALY_REPORT__TIMEOUT",
            "5m",
            "HORARIUM_ACTIONS__DALY_REPORT__TIMEOUT  it sets nothing that is there "
            "(did you mean 'HORARIUM_ACTIONS__DAILY_REPORT__TIMEOUT'?)",
            id="an action that is not there",
        ),
        pytest.param(
            "HORARIUM_BUDGET",
            "{}",
            "HORARIUM_BUDGET  it sets nothing that is there",
            id="a whole table",
        ),
        pytest.param(
            "HORARIUM_ACTIONS__X_Y__ATTEMPTS",
            "3",
            "HORARIUM_ACTIONS__X_Y__ATTEMPTS  it could mean more than one setting",
            id="two actions that are spelled alike",
        ),
        pytest.param(
            "HORARIUM_PLAN__RECENT_WORKS",
            "many",
            'HORARIUM_PLAN__RECENT_WORKS  plan.recent_works  "many" is not a whole number',
            id="a value that is refused",
        ),
        pytest.param(
            "HORARIUM_DAY__TIMEZONE",
            "UTC'\n[plan]",
            'HORARIUM_DAY__TIMEZONE  day.timezone  "UTC\'\\n[plan]" is not a time zone such as '
            '"Europe/Berlin"',
            id="a value that breaks out",
        ),
        pytest.param(
            "HORARIUM_LOG__FILE",
            "day\udcff",
            "HORARIUM_LOG__FILE  its value is not UTF-8",
            id="a value that is no text",
        ),
    ],
)
def test_a_variable_that_cannot_be_used_is_told_by_its_name(
    tmp_path: Path, name: str, value: str, fault: str
) -> None:
    assert told(tmp_path, {name: value}).startswith(fault)
