"""When a limit is lifted is read from words for people, and what cannot be so is no answer."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.executor.programs.resets import Reset, reset_in
from actors.executor.programs.troubles import trouble_in

AT = datetime(2026, 5, 4, 14, tzinfo=ZoneInfo("Europe/Berlin"))  # a Monday; 12:00 UTC

TIMES = {
    "limit reached|1777917600": "2026-05-04T18:00Z",
    "limit · resets 6:30pm (Europe/Berlin)": "2026-05-04T16:30Z",
    "limit · resets 7pm (America/Los_Angeles)": "2026-05-05T02:00Z",
    "limit · resets 1am (Europe/Berlin)": "2026-05-04T23:00Z",
    "limit · resets 12am (UTC)": "2026-05-05T00:00Z",
    "limit · resets May 9 at 4pm (America/Recife)": "2026-05-09T19:00Z",
    "Your limit will reset at 5pm (Europe/Warsaw).": "2026-05-04T15:00Z",
    "limit resets at 15:00 UTC": "2026-05-04T15:00Z",
    "Try again at 6:28 PM.": "2026-05-04T16:28Z",
    "or try again at 1:15 PM.": "2026-05-05T11:15Z",
    "try again at Jun 1st, 2026 12:30 AM": "2026-05-31T22:30Z",
    "try again in 3 days 6 hours 57 minutes.": "2026-05-07T18:57Z",
    "Your quota will reset after 5h12m8s.": "2026-05-04T17:12:08Z",
    "Please retry in 34.07s": "2026-05-04T12:00:35Z",
    "Please retry in 900ms": "2026-05-04T12:00:01Z",
    '"retryDelay": "25s"': "2026-05-04T12:00:25Z",
    "Expected quota reset within 24h.": "2026-05-05T12:00Z",
    "please try again after 1 seconds": "2026-05-04T12:00:01Z",
}
NO_TIMES = (
    "",
    "Try again later.",
    "limit reached|1000000000",
    "limit reached|9999999999",
    "limit · resets 25pm (UTC)",
    "limit · resets 3pm (Mars/Olympus)",
    "limit · resets 3pm (../../etc/passwd)",
    "limit · resets Feb 31 at 4pm (UTC)",
    "resets 7",
    "try again in 9 weeks",
    "try again in 999999999 days",
    "try again at May 4th, 2026 1:00 PM",
    "resets at 1:55 PM",  # five minutes ago
)


@pytest.mark.parametrize("words", TIMES)
def test_a_time_in_words_is_an_instant(words: str) -> None:
    found = reset_in(words, AT)

    assert found.at == datetime.fromisoformat(TIMES[words])
    assert found.after_seconds == (found.at - AT).total_seconds()


@pytest.mark.parametrize("words", NO_TIMES)
def test_what_is_no_time_has_passed_or_is_too_far_away_is_no_answer(words: str) -> None:
    assert reset_in(words, AT) == Reset()


def test_without_a_clock_only_what_stands_by_itself_is_understood() -> None:
    assert reset_in("resets 3pm (UTC)", None) == Reset()
    assert reset_in("retry in 30s", None) == Reset(None, 30)
    assert reset_in("limit reached|1777917600", None).at == datetime(2026, 5, 4, 18, tzinfo=UTC)


WORDS = st.sampled_from(
    ["resets ", "again ", "at ", "in ", "after ", "3", ":30", "pm", "h", "ms", " days", "(", ")"]
)
PIECES = st.lists(WORDS | st.text(max_size=8) | st.integers(0, 10**10).map(str), max_size=20)


@given(PIECES.map("".join))
def test_any_words_are_read_without_harm(words: str) -> None:
    found = reset_in(words, AT)

    assert found.at is None or timedelta() <= found.at - AT <= timedelta(days=40, seconds=1)


TROUBLES = {
    "You've hit your Sonnet limit · resets 3pm (UTC)": "quota_exhausted",
    "You're out of extra usage · resets 1pm (America/Los_Angeles)": "quota_exhausted",
    "5-hour limit reached ∙ resets 2am": "quota_exhausted",
    "Credit balance is too low": "quota_exhausted",
    "Your workspace is out of credits. Add credits to continue.": "quota_exhausted",
    "You hit your spend cap set in your workspace.": "quota_exhausted",
    "You have exhausted your daily quota on this model.": "quota_exhausted",
    "request reached organization TPD rate limit, current: 9": "quota_exhausted",
    "request reached organization max RPM: 20, rate_limit_reached_error": "rate_limited",
    "Resource has been exhausted (e.g. check quota). RESOURCE_EXHAUSTED": "rate_limited",
    "The engine is currently overloaded, please try again later": "rate_limited",
    "Invalid API key · Fix external API key": "misconfigured",
    "OAuth token has expired. Please run /login": "misconfigured",
    "Error: model 'bells' not found": "misconfigured",
    "unexpected argument '--x' found": "misconfigured",
    "The provider has refused the request due to a safety policy": "refused",
    "connect ECONNREFUSED 127.0.0.1:11434": "not_ready",
    "getaddrinfo ENOTFOUND api.example": "not_ready",
    "something else entirely": "said_failed",
    "": "said_failed",
}


@pytest.mark.parametrize("words", TROUBLES)
def test_the_words_of_an_error_tell_what_kind_it_is(words: str) -> None:
    assert trouble_in(words) == TROUBLES[words]


def test_a_status_counts_before_words_but_for_a_quota() -> None:
    assert trouble_in("no words for it", 429) == "rate_limited"
    assert trouble_in("connection refused", 401) == "misconfigured"
    assert trouble_in("You exceeded your current quota", 429) == "quota_exhausted"
    assert trouble_in("usage limit for this billing cycle", 403) == "quota_exhausted"
