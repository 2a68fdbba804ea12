"""What is said of intents: what is wrong with one, and what a sound one means."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some

from actors.triggers import Trouble, check, sentence
from events.configuration import Configuration, Dates, Day, Intent, On, Phase
from events.policies import Policies
from events.settings import Hours

FIVE_OR_SIX = "cron has five fields (minute hour day month weekday), or six with seconds first"
SHORTHANDS = "there are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly"
HOUSE = Configuration(phases=(Phase(name="morning", start=time(6), end=time(9)),))
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOURLY = {"cron": "@hourly"}


def intent(given: dict[str, Any]) -> Intent:
    return Intent(run="read", **given)


@pytest.mark.parametrize(
    ("expression", "words", "suggestion"),
    [
        ("61 25 * * *", "cron '61 25 * * *': minute is 0 to 59, not '61'", ""),
        ("0 25 * * *", "cron '0 25 * * *': hour is 0 to 23, not '25'", ""),
        ("0 0 32 * *", "cron '0 0 32 * *': day of the month is 1 to 31, not '32'", ""),
        ("0 0 * * MOM", "cron '0 0 * * MOM': weekday is 0 to 7, or SUN to SAT, not 'MOM'", "MON"),
        ("@dayly", f"cron '@dayly': '@dayly' is unknown; {SHORTHANDS}", "@daily"),
        ("@reboot", "cron '@reboot': @reboot has no time", 'at = "now"'),
        ("every 5 minutes", f"cron 'every 5 minutes': {FIVE_OR_SIX}, not 3", 'every = "5m"'),
        (
            "@every 90s",
            f"cron '@every 90s': '@every 90s' is unknown; {SHORTHANDS}",
            'every = "90s"',
        ),
        ("5m", f"cron '5m': {FIVE_OR_SIX}, not 1", 'every = "5m"'),
        ("daily", f"cron 'daily': {FIVE_OR_SIX}, not 1", "@daily"),
        ("daily at 7:30", f"cron 'daily at 7:30': {FIVE_OR_SIX}, not 3", "30 7 * * *"),
        (
            "2026-11-20T09:00Z",
            f"cron '2026-11-20T09:00Z': {FIVE_OR_SIX}, not 1",
            'at = "2026-11-20T09:00Z"',
        ),
        ("* * * * * * *", f"cron '* * * * * * *': {FIVE_OR_SIX}, not 7", "* * * * * *"),
        ("0 0 12 * * ? 2026", f"cron '0 0 12 * * ? 2026': {FIVE_OR_SIX}, not 7", ""),
        ("* * * *", f"cron '* * * *': {FIVE_OR_SIX}, not 4", ""),
        ("", f"cron '': {FIVE_OR_SIX}, there are none", ""),
        ("0 0 30 2 *", "cron '0 0 30 2 *' never comes: no year has such a day", "0 0 L 2 *"),
        (
            "0 30 7 31 FEB,JUN *",
            "cron '0 30 7 31 FEB,JUN *' never comes: no year has such a day",
            "30 7 L FEB,JUN *",
        ),
        ("0 0 LW * */6", "cron '0 0 LW * */6' never comes: no year has such a day", ""),
        (
            "*/90 * * * *",
            "cron '*/90 * * * *': a step of 90 is too long: minute is 0 to 59",
            'every = "90m"',
        ),
        ("*/0 * * * *", "cron '*/0 * * * *': the step '0' of the minute is not 1 or more", ""),
        (
            "0 0 * * FRI-MON",
            "cron '0 0 * * FRI-MON': the weekday 'FRI-MON' ends before it begins",
            "FRI-SAT,SUN-MON",
        ),
        (
            "50-10 * * * *",
            "cron '50-10 * * * *': the minute '50-10' ends before it begins",
            "50-59,0-10",
        ),
        ("0 0 ? * *", "cron '0 0 ? * *': day of the month is 1 to 31, not '?'", "*"),
        (
            "0 0 * JANUARY *",
            "cron '0 0 * JANUARY *': month is 1 to 12, or JAN to DEC, not 'JANUARY'",
            "JAN",
        ),
        ("0 0 * * 1#6", "cron '0 0 * * 1#6': in '1#6' the number after # is 1 to 5", ""),
        ("0 8,,9 * * *", "cron '0 8,,9 * * *': the hour '8,,9' has a comma too many", "8,9"),
        ("0 0 * * 1-9", "cron '0 0 * * 1-9': weekday is 0 to 7, or SUN to SAT, not '9'", ""),
        ("0x5 * * * *", "cron '0x5 * * * *': minute is 0 to 59, not '0X5'", ""),
        ("٣ * * * *", "cron '٣ * * * *': minute is 0 to 59, not '٣'", ""),
    ],
)
def test_a_wrong_expression_is_refused_in_words(
    expression: str, words: str, suggestion: str
) -> None:
    found = check(Intent(run="read", cron=expression), HOUSE)
    assert found == Trouble("cron", words, suggestion)


def test_a_very_long_expression_is_refused_and_quoted_in_short() -> None:
    found = check(Intent(run="read", cron=f"0 0 {'9' * 400} * *"), HOUSE)
    assert found is not None and found.words.endswith(
        "...': the day of the month is longer than 300 characters"
    )
    assert len(found.words) < 140


ONE_OF = "exactly one of cron, every, at, on, after is needed, not"
A_FACT = "exactly one of signal, succeeded, failed, ended, alert, spent is needed, not"
NO_OFFSET = datetime(2026, 11, 20, 9)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Trouble("", f"{ONE_OF} none")),
        ({"cron": "@daily", "every_seconds": 5}, Trouble("every", f"{ONE_OF} cron and every")),
        ({"now": True, "at": NINE}, Trouble("at", f'{ONE_OF} at and at = "now"')),
        ({"after": "x", "on": On(signal="x")}, Trouble("after", f"{ONE_OF} on and after")),
        ({"on": On()}, Trouble("on", f"{A_FACT} none")),
        ({"on": On(signal="x", spent="day")}, Trouble("on", f"{A_FACT} signal and spent")),
        (
            {"cron": "@daily", "every_from": "completion"},
            Trouble("every_from", "it needs every, whose end it counts from"),
        ),
        (
            {"cron": "@daily", "after_when": "always"},
            Trouble("after_when", "it needs after, whose outcome it is about"),
        ),
        ({"every_seconds": 0}, Trouble("every", "it must be a second or more", "1s")),
        (
            {"at": NO_OFFSET},
            Trouble(
                "at",
                "it needs an offset from UTC, as in 2026-11-20T09:00:00Z",
                "2026-11-20T09:00:00Z",
            ),
        ),
        (
            {**HOURLY, "timezone": "Vienna"},
            Trouble("timezone", "the time zone 'Vienna' is unknown", "Europe/Vienna"),
        ),
        (
            {**HOURLY, "timezone": "Europe/Viena"},
            Trouble("timezone", "the time zone 'Europe/Viena' is unknown", "Europe/Vienna"),
        ),
        (
            {**HOURLY, "timezone": "../etc/passwd"},
            Trouble("timezone", "the time zone '../etc/passwd' is unknown"),
        ),
        (
            {**HOURLY, "phases": ("mornin",)},
            Trouble("phases", "unknown phase 'mornin'", "morning"),
        ),
        (
            {**HOURLY, "windows": (Hours(start=time(8), end=time(8)),)},
            Trouble(
                "windows",
                "the window 08:00..08:00 has no length; without windows it is due at any time",
            ),
        ),
        (
            {**HOURLY, "windows": (Hours(start=time(8), end=time(9), days=()),)},
            Trouble("windows", "the window 08:00..09:00 has no days and never opens"),
        ),
        (
            {**HOURLY, "exclude": (Dates(first=date(2026, 12, 26), last=date(2026, 12, 24)),)},
            Trouble(
                "exclude",
                "2026-12-26..2026-12-24 ends before it begins",
                "2026-12-24..2026-12-26",
            ),
        ),
        (
            {**HOURLY, "starts_at": NINE, "ends_at": NINE},
            Trouble("ends_at", "it is not later than starts_at"),
        ),
        (
            {**HOURLY, "ends_at": NO_OFFSET},
            Trouble(
                "ends_at",
                "it needs an offset from UTC, as in 2026-11-20T09:00:00Z",
                "2026-11-20T09:00:00Z",
            ),
        ),
        (
            {**HOURLY, "misfire_limit": 3},
            Trouble(
                "misfire_limit",
                "misfire 'run_once_latest' makes up for one at most and needs no limit",
                'misfire = "run_all"',
            ),
        ),
        (
            {**HOURLY, "misfire": "skip", "misfire_window_seconds": 60},
            Trouble(
                "misfire_window",
                "misfire 'skip' makes up for none, however old",
                'misfire = "within"',
            ),
        ),
        (
            {**HOURLY, "overlap": "buffer_one", "overlap_limit": 3},
            Trouble(
                "overlap_limit",
                "overlap 'buffer_one' has no use for a limit",
                'overlap = "buffer_all"',
            ),
        ),
        (
            {**HOURLY, "jitter_seconds": 3_600},
            Trouble("jitter", "it must be shorter than the 1h from one time to the next", "59m59s"),
        ),
        (
            {"cron": "0 12 * * *", "windows": (Hours(start=time(3), end=time(4)),)},
            Trouble("cron", "it never comes within its windows"),
        ),
        (
            {"cron": "0 12 * * *", "phases": ("morning",), "exclude": (Dates(first=NINE.date()),)},
            Trouble("cron", "it never comes within its phases and exclude"),
        ),
        (
            {"cron": "0 0 1 1 *", "starts_at": NINE, "ends_at": NINE.replace(month=12)},
            Trouble("cron", "it never comes within its starts_at and ends_at"),
        ),
        (
            {"at": NINE, "exclude": (Dates(first=NINE.date()),)},
            Trouble("at", "it never comes within its exclude"),
        ),
        (
            {
                "now": True,
                "exclude": (Dates(first=NINE.date(), last=date(2027, 1, 1)),),
                "starts_at": NINE,
                "ends_at": NINE.replace(month=12),
            },
            Trouble("", "it never comes within its exclude and starts_at and ends_at"),
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words(
    given: dict[str, object], expected: Trouble
) -> None:
    assert check(intent(given), HOUSE) == expected


def test_the_zone_of_the_day_is_no_setting_of_the_intent() -> None:
    lost = Configuration(day=Day(timezone="Europe/Atlantis"))
    found = check(Intent(run="read", cron="@daily"), lost)
    assert found is not None and (found.key, found.words) == (
        "",
        "the time zone 'Europe/Atlantis' is unknown",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"cron": "@daily", "dst_gap": "skip", "dst_overlap": "both"},
        {"cron": "*/5 * * * *", "dst_gap": "skip"},
        {"cron": "0 0 29 2 *"},
        {"cron": "0 0 31 2 MON"},
        {"cron": "0 0 * * MON-SUN"},
        {"cron": "0 9 * * 7,SUNL"},
        {"cron": "0 0 * * *", "windows": (Hours(start=time(22), end=time(6)),)},
        {"every_seconds": 1, "misfire": "run_all", "misfire_limit": 3},
        {"every_seconds": 60, "misfire": "within", "misfire_window_seconds": 9},
        {"every_seconds": 60, "every_from": "completion", "phases": ("morning",)},
        {"at": NINE, "starts_at": NINE, "max_runs": 1},
        {"now": True},
        {"on": On(spent="day"), "windows": (Hours(start=time(8), end=time(9)),)},
        {"after": "other", "after_when": "failure"},
    ],
)
def test_nothing_is_wrong_with_what_can_be_meant(given: dict[str, object]) -> None:
    assert check(intent(given), HOUSE) is None


def test_the_policies_of_the_house_count_when_limits_are_given() -> None:
    where = Configuration(policies=Policies(misfire="run_all", overlap="buffer_all"))
    assert check(intent({**HOURLY, "misfire_limit": 3, "overlap_limit": 3}), where) is None


@for_any(some.text(alphabet="0123456789*/,-#LW SUNMOFEJ?@", max_size=30))
def test_whatever_is_written_there_is_an_answer(expression: str) -> None:
    said = Intent(run="read", cron=expression)
    found = check(said, HOUSE)
    assert found is None or found.words
    assert sentence(said, HOUSE).endswith(".")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cron": "0 7 * * MON-FRI"}, "At 07:00 on Monday through Friday (UTC)."),
        ({"cron": "0 7 * * FRI-SUN"}, "At 07:00 on Friday through Sunday (UTC)."),
        ({"cron": "0 0 31 * *"}, "At 00:00 on the 31st day of every month (UTC)."),
        ({"cron": "@daily", "timezone": "Asia/Tokyo"}, "At 00:00 every day (Asia/Tokyo)."),
        ({"cron": "61 * * * *"}, "Never: minute is 0 to 59, not '61'."),
        ({"every_seconds": 5_400}, "Every 1h30m."),
        (
            {"every_seconds": 60, "every_from": "completion", "max_runs": 1},
            "Every 1m after its work has ended, once in all.",
        ),
        ({"at": NINE}, "Once, at 2026-11-20T09:00:00+00:00."),
        (
            {"now": True, "only_if_idle": True},
            "Once, as soon as it is known, only while the machine is idle.",
        ),
        ({"on": On(signal="build")}, "When the signal build is sent."),
        ({"on": On(spent="day")}, "When the money for the day is spent."),
        ({"after": "fetch", "after_when": "always"}, "Each time fetch has ended."),
        (
            {
                "cron": "*/5 * * * *",
                "phases": ("morning",),
                "windows": (Hours(start=time(22), end=time(2), days=("tue", "mon")),),
                "exclude": (Dates(first=date(2026, 12, 24), last=date(2026, 12, 26)),),
                "starts_at": NINE,
                "max_runs": 3,
            },
            "Every fifth minute of every hour (UTC), only during morning, only from 22:00 to 02:00 "
            "on mon or tue, but not on 2026-12-24 to 2026-12-26, from 2026-11-20T09:00:00+00:00 "
            "on, 3 times in all.",
        ),
        (
            {
                "cron": "30 2 * * *",
                "misfire": "within",
                "misfire_limit": 4,
                "misfire_window_seconds": 7_200,
                "overlap": "buffer_all",
                "dst_gap": "skip",
                "dst_overlap": "both",
                "jitter_seconds": 90,
                "start_deadline_seconds": 600,
            },
            "At 02:30 every day (UTC); what was missed is made up for, the newest 4 at most if not "
            "older than 2h; up to 10 wait while its work still runs; an hour that clocks leave out "
            "is left out; in an hour that comes twice it comes twice; put off by up to 1m30s; "
            "given up 10m after it was due.",
        ),
        (
            {"every_seconds": 60, "self_restart": True},
            "Every 1m; what was missed is not made up for.",
        ),
    ],
)
def test_an_intent_is_told_in_plain_words(given: dict[str, object], expected: str) -> None:
    assert sentence(intent(given), HOUSE) == expected
