"""Intents as they are written: triggers, conditions, policies, and what is wrong with them."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from events.configuration import Dates, Intent, On
from events.intents import ALERTS
from events.policies import Clock, Policies
from events.settings import Hours
from horarium.configuration import load
from tests.rules.configuration_story import FREE, loaded, said

LOOK = FREE + "[[phases]]\nname = 'night'\nstart = '22:00'\nend = '06:00'\n"
A = LOOK + "[intents.a]\nrun = 'look'\n"  # The next line is the ninth.
CRON = A + "cron = '30 5 * * *'\n"
NEW_YORK = "timezone = 'America/New_York'\n"


def intent(folder: Path, text: str) -> Intent:
    """The intent a of a text."""
    return loaded(folder, text).intents["a"]


def test_every_trigger_is_read(tmp_path: Path) -> None:
    text = LOOK + "".join(
        f"[intents.{name}]\nrun = 'look'\n{trigger}\n"
        for name, trigger in {
            "a": "cron = '@daily'",
            "b": "every = '90m'\nfrom = 'completion'",
            "c": "at = 'now'",
            "d": "on = { signal = 'deploy' }",
            "e": "on = { spent = 'day' }",
            "f": "after = 'a'\nafter_when = 'always'",
        }.items()
    )
    assert loaded(tmp_path, text).intents == {
        "a": Intent(run="look", cron="@daily"),
        "b": Intent(run="look", every_seconds=5_400, every_from="completion"),
        "c": Intent(run="look", now=True),
        "d": Intent(run="look", on=On(signal="deploy")),
        "e": Intent(run="look", on=On(spent="day")),
        "f": Intent(run="look", after="a", after_when="always"),
    }


def test_every_condition_is_read(tmp_path: Path) -> None:
    text = (
        A
        + NEW_YORK
        + (
            "every = '1h'\nphases = ['night']\n"
            "windows = [{ start = '05:00', end = '24:00', days = ['mon'] }]\n"
            "exclude = ['2026-12-24', 2026-12-25, '2026-12-26..2027-01-02', "
            "{ first = '2027-02-01' }, { first = 2027-03-01, last = '2027-03-02' }]\n"
            "starts_at = '2026-12-01 00:00'\nends_at = 2027-12-01T00:00:00\nmax_runs = 9\n"
            "only_if_idle = true\n"
        )
    )
    found = intent(tmp_path, text)
    assert found.phases == ("night",)
    assert found.windows == (Hours(start=time(5), end=time(0), days=("mon",)),)
    assert found.exclude == (
        Dates(first=date(2026, 12, 24)),
        Dates(first=date(2026, 12, 25)),
        Dates(first=date(2026, 12, 26), last=date(2027, 1, 2)),
        Dates(first=date(2027, 2, 1)),
        Dates(first=date(2027, 3, 1), last=date(2027, 3, 2)),
    )
    assert found.starts_at == datetime(2026, 12, 1, 5, tzinfo=UTC), "in the zone of the intent"
    assert found.ends_at == datetime(2027, 12, 1, 5, tzinfo=UTC)
    assert (found.max_runs, found.only_if_idle) == (9, True)


def test_policies_are_read_for_all_and_for_one(tmp_path: Path) -> None:
    text = (
        (
            "[policies]\nmisfire = 'within'\nmisfire_window = '1h'\njitter = '5m'\n"
            "[clock]\nkeep_awake = 'while_running'\nidle_load = 0.25\nidle_command = ['true']\n"
        )
        + CRON
        + "misfire = 'run_all'\nmisfire_limit = 3\nstart_deadline = '2h'\n"
    )
    found = loaded(tmp_path, text)
    assert found.policies == Policies(
        misfire="within", misfire_window_seconds=3_600, jitter_seconds=300
    )
    assert found.clock == Clock(
        keep_awake="while_running", idle_load_millis=250, idle_command=("true",)
    )
    own = found.intents["a"]
    assert (own.misfire, own.misfire_limit, own.start_deadline_seconds) == ("run_all", 3, 7_200)


def test_what_is_said_with_a_variable_is_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(A + "at = '2026-12-24 18:00'\n")
    found = load(
        file,
        {
            "HORARIUM_INTENTS__A__AT": "now",
            "HORARIUM_INTENTS__A__EXCLUDE": '["2026-12-24..2026-12-26"]',
            "HORARIUM_CLOCK__RELOAD": "false",
        },
    ).configuration
    assert found.intents["a"] == Intent(
        run="look", now=True, exclude=(Dates(first=date(2026, 12, 24), last=date(2026, 12, 26)),)
    )
    assert not found.clock.reload


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            A + NEW_YORK + "at = '2026-03-08 02:30'",
            '10  intents.a.at  "2026-03-08 02:30:00" does not exist in America/New_York; write '
            "2026-03-08T01:30:00-05:00 or 2026-03-08T03:30:00-04:00",
            id="a moment that the zone of the intent leaves out",
        ),
        pytest.param(
            CRON + NEW_YORK + "ends_at = 2026-11-01T01:30:00",
            '11  intents.a.ends_at  "2026-11-01 01:30:00" comes twice in America/New_York; write '
            "2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00",
            id="an end that comes twice",
        ),
        pytest.param(
            "[day]\ntimezone = 'Europe/Berlin'\n" + CRON + "starts_at = 2026-03-29T02:30:00",
            '12  intents.a.starts_at  "2026-03-29 02:30:00" does not exist in Europe/Berlin; '
            "write 2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00",
            id="a start that the zone of the day leaves out",
        ),
        pytest.param(
            A + "at = 'now'\ncron = '@daily'",
            "9  intents.a.at  exactly one of cron, every, at, on, after is needed, not cron and "
            'at = "now"',
            id="now and a cron",
        ),
        pytest.param(
            A + "on = 'deploy'",
            '9  intents.a.on  "deploy" is not a table (did you mean \'{ signal = "deploy" }\'?)',
            id="a bare signal",
        ),
        pytest.param(
            A + "on = {}",
            "9  intents.a.on  exactly one of signal, succeeded, failed, ended, alert, spent is "
            "needed, not none",
            id="nothing that has to happen",
        ),
        pytest.param(
            A + "on = { signal = 'x', alert = 'clock_stepped' }",
            "9  intents.a.on  exactly one of signal, succeeded, failed, ended, alert, spent is "
            "needed, not signal and alert",
            id="two things that have to happen",
        ),
        pytest.param(
            A + "at = 'now'\n[intents.b]\nrun = 'look'\non = { signal = 'x', failed = 'a' }",
            "12  intents.b.on  exactly one of signal, succeeded, failed, ended, alert, spent is "
            "needed, not signal and failed",
            id="a signal and a failure",
        ),
        pytest.param(
            CRON + "self_restart = true\nmisfire = 'run_all'",
            "11  intents.a.misfire  what it misses is never made up for, as self_restart says "
            "(did you mean 'skip'?)",
            id="a restart that is made up for",
        ),
        pytest.param(
            A + "on = { signal = 'x' }\njitter = '5m'",
            "10  intents.a.jitter  with on it is due when something happens and has no times",
            id="a jitter of no times",
        ),
        pytest.param(
            A + "at = 'now'\n[intents.b]\nrun = 'look'\nafter = 'a'\nmisfire_window = '5m'",
            "13  intents.b.misfire_window  with after it is due when something happens and has no "
            "times",
            id="a window for times of which there are none",
        ),
        pytest.param(
            A + "every = '90'",
            '9  intents.a.every  "90" is not a duration such as "90s", "10m" or "1h30m" (did you '
            "mean '90s'?)",
            id="a duration without its unit",
        ),
        pytest.param(
            CRON + "timezone = 'America/New_York'\nstarts_at = '2027-01-01'",
            '11  intents.a.starts_at  "2027-01-01" is not a date and time such as '
            '"2026-12-24T18:00:00+01:00" or "2026-12-24 18:00" (did you mean '
            "'2027-01-01T00:00:00-05:00'?)",
            id="a day in the place of a moment",
        ),
        pytest.param(
            CRON + "misfire = 'latest'",
            '10  intents.a.misfire  "latest" is not one of run_all, run_once_earliest, '
            "run_once_latest, skip, within (did you mean 'run_once_latest'?)",
            id="a part of a word",
        ),
        pytest.param(
            A + "cron = '61 * * * *'",
            "9  intents.a.cron  cron '61 * * * *': minute is 0 to 59, not '61'",
            id="a minute that no hour has",
        ),
        pytest.param(
            CRON + "timezone = 'Mars/Base'",
            '10  intents.a.timezone  "Mars/Base" is not a time zone such as "Europe/Berlin"',
            id="a zone like no other",
        ),
        pytest.param(
            A + "on = { signl = 'x' }",
            "9  intents.a.on.signl  there is no setting \"signl\" here (did you mean 'signal'?)",
            id="a happening that is misspelled",
        ),
        pytest.param(
            A + "on = { failed = 'braed' }\n[intents.bread]\nrun = 'look'\nat = 'now'",
            "9  intents.a.on.failed  unknown intent 'braed' (did you mean 'bread'?)",
            id="an intent that is not there",
        ),
        pytest.param(
            A + "after = 'braed'\n[intents.bread]\nrun = 'look'\nat = 'now'",
            "9  intents.a.after  unknown intent 'braed' (did you mean 'bread'?)",
            id="a chain to an intent that is not there",
        ),
        pytest.param(
            A + "on = { spent = 'genral' }",
            "9  intents.a.on.spent  unknown category 'genral' (did you mean 'general'?)",
            id="a category that is not there",
        ),
        pytest.param(
            A + "on = { alert = 'clock_steped' }",
            "9  intents.a.on.alert  unknown alert 'clock_steped'; there are "
            f"{', '.join(ALERTS)} (did you mean 'clock_stepped'?)",
            id="an alert that nobody raises",
        ),
        pytest.param(
            A + "after = 'a'",
            '9  intents.a.after  it waits for itself and never comes: "a" after "a"',
            id="a chain of one",
        ),
        pytest.param(
            A + "after = 'b'\n[intents.b]\nrun = 'look'\non = { ended = 'c' }\n"
            "[intents.c]\nrun = 'look'\nafter = 'a'",
            '9  intents.a.after  it waits for itself and never comes: "a" after "b" after "c" '
            'after "a"',
            id="a chain that comes back",
        ),
        pytest.param(
            CRON + "phases = ['night', 'nihgt']",
            "10  intents.a.phases[1]  unknown phase 'nihgt' (did you mean 'night'?)",
            id="a phase that is not there",
        ),
        pytest.param(
            CRON + "exclude = ['2026-13-24']",
            '10  intents.a.exclude[0].first  "2026-13-24" is not a day such as "2026-12-24"',
            id="a day that is not there",
        ),
        pytest.param(
            CRON + "exclude = [2026-12-24T18:00:00]",
            '10  intents.a.exclude[0].first  2026-12-24 18:00:00 is not a day such as "2026-12-24"',
            id="a moment in the place of a day",
        ),
        pytest.param(
            CRON + "exclude = ['2026-12-26..2026-12-24']",
            "10  intents.a.exclude  2026-12-26..2026-12-24 ends before it begins (did you mean "
            "'2026-12-24..2026-12-26'?)",
            id="days the wrong way round",
        ),
        pytest.param(
            CRON + "overlap = 'skipp'",
            '10  intents.a.overlap  "skipp" is not one of allow_all, buffer_all, buffer_one, '
            "cancel_other, keep_latest, skip, terminate_other (did you mean 'skip'?)",
            id="a policy that is not there",
        ),
        pytest.param(
            CRON + "from = 'completion'",
            "10  intents.a.from  it needs every, whose end it counts from",
            id="an end from which nothing is counted",
        ),
        pytest.param(
            CRON + "timezone = 'Europe/Berln'",
            '10  intents.a.timezone  "Europe/Berln" is not a time zone such as "Europe/Berlin" '
            "(did you mean 'Europe/Berlin'?)",
            id="a zone that is not there",
        ),
        pytest.param(
            "[policies]\ndst_gap = 'shift'",
            '2  policies.dst_gap  "shift" is not one of shift_forward, skip (did you mean '
            "'shift_forward'?)",
            id="the beginning of a word",
        ),
        pytest.param(
            "[clock]\nkeep_awake = 'phases'\nkeep_awake_phases = ['noon']",
            "3  clock.keep_awake_phases[0]  unknown phase 'noon'",
            id="a phase to stay awake in that is not there",
        ),
        pytest.param(
            LOOK + "[clock]\nkeep_awake_phases = ['night']",
            '8  clock.keep_awake_phases  warning: it is for keep_awake = "phases" only, not '
            '"never"',
            id="phases to stay awake in for nothing",
        ),
        pytest.param(
            "[clock]\nidle_command = ['']",
            "2  clock.idle_command  there is no command to run",
            id="a probe that is no program",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_its_reason_and_what_was_meant(
    tmp_path: Path, text: str, fault: str
) -> None:
    assert said(tmp_path, text) == [f"config.toml:{fault}"]


def test_what_an_action_is_called_elsewhere_is_known(tmp_path: Path) -> None:
    assert said(tmp_path, FREE + "[intents.a]\naction = 'look'\nat = 'now'") == [
        "config.toml:3  intents.a.run  it is missing",
        'config.toml:4  intents.a.action  there is no setting "action" here '
        "(did you mean 'run'?)",
    ]


def test_a_restart_may_say_that_what_it_misses_is_skipped(tmp_path: Path) -> None:
    assert said(tmp_path, CRON + "self_restart = true\nmisfire = 'skip'") == []


def test_each_circle_of_intents_is_told_once(tmp_path: Path) -> None:
    ring = "".join(
        f"[intents.i{nth}]\nrun = 'look'\nafter = 'i{(nth + 1) % 9}'\n" for nth in range(9)
    )
    tail = "[intents.tail]\nrun = 'look'\nafter = 'i3'\n"
    assert said(tmp_path, FREE + tail + ring) == [
        "config.toml:17  intents.i3.after  it waits for itself and never comes: "
        '"i3" after "i4" after "i5" after "i6" after ... after "i3"'
    ]


def test_twenty_thousand_intents_are_not_too_many(tmp_path: Path) -> None:
    text = FREE + "".join(
        f"[intents.i{nth}]\nrun = 'look'\ncron = '{nth % 60} {nth // 60 % 24} * * *'\n"
        for nth in range(20_000)
    )
    assert len(loaded(tmp_path, text).intents) == 20_000
