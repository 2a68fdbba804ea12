"""Cells of tables: times, lengths, money, rates, and how full something is."""

from datetime import date, datetime

from horarium import times
from horarium.commands.options import now
from horarium.tables import Cell, bar, faint


def moment(at: str | None, *, seconds: bool = False) -> str:
    """A time of the projections as a local one; "" for none."""
    return times.clock(datetime.fromisoformat(at), now(), seconds=seconds) if at else ""


def in_seconds(trigger: str) -> bool:
    """Whether what makes an intent due, in the words of the projections, has seconds."""
    kind, _, rest = trigger.partition(" ")
    parts = rest.split()
    match kind:
        case "cron":
            return len(parts) == 6 and parts[0] != "0"
        case "every":
            return parts[0].endswith("s")
    return kind == "at" and not rest.endswith(":00Z")


def span(since: str, until: str | None = None) -> str:
    """How long it is from then to another moment, or to this one."""
    end = datetime.fromisoformat(until) if until else now()
    length = (end - datetime.fromisoformat(since)).total_seconds()
    return times.duration(max(0, int(length * 1_000)))


def day_name(day: str) -> str:
    """Fri 20 Nov 2026."""
    return f"{date.fromisoformat(day):%a %d %b %Y}"


def cost(usd_micros: int | None) -> Cell:
    """Money, faint where it is nothing."""
    if usd_micros is None:
        return Cell("")
    shown = times.money(usd_micros)
    return Cell(shown) if usd_micros else faint(shown)


def tally(count: int, style: str = "") -> Cell:
    """A count, faint where it is nothing, else in its colour."""
    return Cell(f"{count:,}", style) if count else faint("0")


def rate(millis: int | None) -> str:
    """A rate in thousandths as per cent."""
    return "" if millis is None else f"{millis / 10:.0f} %"


def counted(count: int, thing: str, things: str = "") -> str:
    """1 run, 2 runs."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def words(reason: str) -> str:
    """A reason from a closed list as words; any other text as it is."""
    return reason.replace("_", " ") if reason.isidentifier() else reason


def purse(settled: int, reserved: int, limit: int) -> Cell:
    """How full a purse is."""
    return bar(settled, reserved, limit)


def size(count: int) -> str:
    """Bytes as a person reads them."""
    for unit, length in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} B"
