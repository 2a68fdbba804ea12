"""Times as people write them and read them. Everything inside is aware and in UTC.

A `zone` of None is that of the machine.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:\d+[wdhms] ?)+")
_PIECE = re.compile(r"(\d+)([wdhms])")
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_FORMS = "2h, 1d12h, yesterday, 18:00, 2026-11-20, 2026-11-20 18:00 or 2026-11-20T18:00:00Z"


class NotATime(ValueError):
    """Text that says no time; the message says what would."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a time; write {_FORMS}")


def span(text: str) -> timedelta | None:
    """A length like 2h or 1d12h; None when it is not one. Raises OverflowError."""
    if not _SPAN.fullmatch(text):
        return None
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in _PIECE.findall(text)))


def instant(
    text: str,
    now: datetime,
    zone: tzinfo | None = None,
    *,
    ahead: bool = False,
    end: bool = False,
) -> datetime:
    """The moment that a person means. Raises NotATime.

    A length and a bare time of day lie behind us, or `ahead`. A day alone is its start, or with
    `end` the start of the next.
    """
    text = text.strip().lower()
    try:
        found = _said(text, now, zone, ahead, end)
    except (ValueError, OverflowError) as error:
        raise NotATime(text) from error
    return found.astimezone(UTC)


def _said(text: str, now: datetime, zone: tzinfo | None, ahead: bool, end: bool) -> datetime:
    if text == "now":
        return now
    length = span(text.removeprefix("in ").removesuffix(" ago"))
    if length is not None:
        return now + length if ahead and not text.endswith(" ago") else now - length
    if (found := _day(text, now, zone)) is not None:
        return _local(found + timedelta(days=1) if end else found, time(0), zone)
    word, _, hour = text.rpartition(" ")
    if word in _DAYS or (not word and ":" in text and "-" not in text):
        return _hour(word, time.fromisoformat(hour), now, zone, ahead)
    stated = datetime.fromisoformat(text.upper())
    return stated if stated.tzinfo else _local(stated.date(), stated.time(), zone)


def _hour(word: str, hour: time, now: datetime, zone: tzinfo | None, ahead: bool) -> datetime:
    """A time of a named day, or else the nearest such time behind us or ahead."""
    today = now.astimezone(zone).date()
    if word:
        return _local(today + timedelta(days=_DAYS[word]), hour, zone)
    here = _local(today, hour, zone)
    if ahead and here < now:
        return _local(today + timedelta(days=1), hour, zone)
    return _local(today - timedelta(days=1), hour, zone) if here > now and not ahead else here


def _day(text: str, now: datetime, zone: tzinfo | None) -> date | None:
    if text in _DAYS:
        return now.astimezone(zone).date() + timedelta(days=_DAYS[text])
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _local(day: date, hour: time, zone: tzinfo | None) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)


def day(text: str, now: datetime, zone: tzinfo | None = None) -> date:
    """A day by name or date. Raises NotATime."""
    found = _day(text.strip().lower(), now, zone)
    if found is None:
        raise NotATime(text)
    return found


def clock(at: datetime, now: datetime, zone: tzinfo | None = None, *, seconds: bool = False) -> str:
    """A local time of day, with its date when that is not today's."""
    here, today = at.astimezone(zone), now.astimezone(zone)
    hour = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    if here.date() == today.date():
        return hour
    return f"{here.date()} {hour}" if here.year != today.year else f"{here:%d %b} {hour}"


def duration(milliseconds: int) -> str:
    """A length in its two greatest units: 350ms, 4.2s, 1m20s, 2h05m, 3d04h."""
    if milliseconds < 1_000:
        return f"{milliseconds}ms"
    if milliseconds < 10_000:
        return f"{milliseconds // 1_000}.{milliseconds % 1_000 // 100}s"
    seconds = milliseconds // 1_000
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3_600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3_600}h{seconds % 3_600 // 60:02}m"
    return f"{seconds // 86_400}d{seconds % 86_400 // 3_600:02}h"


def money(usd_micros: int) -> str:
    """Dollars and cents; what is below a cent is shown as far as it goes."""
    sign, amount = "-" if usd_micros < 0 else "", abs(usd_micros)
    if 0 < amount < 10_000:
        return f"{sign}$0.{amount:06}".rstrip("0")
    cents = (amount + 5_000) // 10_000
    return f"{sign}${cents // 100:,}.{cents % 100:02}"
