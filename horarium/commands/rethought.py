"""What deciding again came to, shown side by side with what was recorded."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from actors.replay.stories import Difference, Stories, Story
from horarium import times
from horarium.changing import settings_between
from horarium.commands.showing import cost, counted, moment, words
from horarium.configuration import digest_of
from horarium.rethinking import Rethought
from horarium.tables import Cell, Column, Value, faint, gap, line, show, title

ROWS_MAX = 30
DIFFERENCES = (
    Column("what"),
    Column("subject"),
    Column("recorded"),
    Column("otherwise", long=True),
)
MONEY = (Column("day"), Column("category"), Column("recorded", right=True),
         Column("otherwise", right=True), Column("", right=True))  # fmt: skip
PHASES = (Column("day"), Column("phase"), Column("ran", right=True),
          Column("would have run", right=True))  # fmt: skip
SETTINGS = (Column("setting"), Column("recorded", right=True), Column("otherwise", right=True))


def document(found: Rethought, seed: int) -> dict[str, Any]:
    """All of it for programs; money in micro-dollars, `drawn` where an end was invented,
    `estimated` where nothing recorded tells what it would have cost."""
    before, after = found.settings
    return {
        "after": found.stretch.after,
        "until": found.stretch.until,
        "seed": seed,
        "configuration": {"recorded": digest_of(before), "otherwise": digest_of(after)},
        "settings": [
            {"setting": name, "recorded": was, "otherwise": would}
            for name, was, would in settings_between(before, after)
        ],
        "differences": [difference._asdict() for difference in found.differences],
        "counts": Counter(difference.what for difference in found.differences),
        "drawn_runs": found.drawn,
        "estimated_runs": found.estimated,
        "spend_usd_micros": {
            "recorded": _spend(found.recorded),
            "otherwise": _spend(found.otherwise),
        },
        "phases": [
            {"day": day, "phase": phase, "recorded": was, "otherwise": would}
            for day, phase, was, would in phases_of(found)
        ],
    }


def tell(found: Rethought, everything: bool) -> None:
    limit = None if everything else ROWS_MAX
    after, until = found.stretch
    title(f"Records {after + 1:,} to {until:,} decided again", _drawn(found))
    _tell_settings(found, limit)
    gap()
    if not found.differences:
        line("Nothing would have been different.")
        return
    counts = Counter(difference.what for difference in found.differences)
    told = ", ".join(f"{what}: {count}" for what, count in counts.most_common())
    title(counted(len(found.differences), "difference"), told)
    show(DIFFERENCES, [_row(each) for each in found.differences[:limit]], 2)
    if limit is not None and len(found.differences) > limit:
        line(faint(f"and {len(found.differences) - limit:,} more; --all lists them"))
    _tell_money(found)
    _tell_phases(found)


def _drawn(found: Rethought) -> str:
    if not found.drawn:
        return "no run was invented"
    ends = f"{counted(found.drawn, 'run')} that never happened so"
    if found.estimated == found.drawn:
        return f"{ends}: costs estimated, for none of the same action tells"
    drawn = f"{ends}: ends drawn from those of the same action"
    return f"{drawn}, costs of {found.estimated} estimated" if found.estimated else drawn


def _tell_settings(found: Rethought, limit: int | None) -> None:
    rows = [
        (name, _setting(name, was), _setting(name, would))
        for name, was, would in settings_between(*found.settings)
    ]
    if rows:
        gap()
        show(SETTINGS, rows[:limit], 2)
    if limit is not None and len(rows) > limit:
        line(faint(f"and {counted(len(rows) - limit, 'setting')} more"))


def _setting(name: str, value: object) -> str:
    if value is None:
        return "-"
    is_money = name.endswith("_usd_micros") or name.startswith("budget.categories")
    return times.money(value) if is_money and isinstance(value, int) else str(value)


def _row(found: Difference) -> tuple[Value, ...]:
    drawn = " (estimated)" if found.estimated else " (drawn)" if found.drawn else ""
    return (
        Cell(found.what, "yellow"),
        found.subject,
        _story(found.recorded),
        _story(found.otherwise) + drawn,
    )


def _story(story: Story | None) -> str:
    """What became of it, in a few words."""
    if story is None:
        return "nothing"
    told = [words(story.state)]
    if story.reason:
        told.append(f"({words(story.reason)})")
    if story.phase and not story.started_at:
        told.append(f"for the {story.phase}")
    if story.started_at:
        told.append(f"at {moment(story.started_at.isoformat())}")
    if story.refused:
        told.append(f"refused money {counted(story.refused, 'time')}")
    if story.cost_usd_micros:
        told.append(times.money(story.cost_usd_micros))
    return " ".join(told)


def _tell_money(found: Rethought) -> None:
    rows = [
        (f"{day:%a %d %b}", category, cost(was), cost(would), _change(would - was))
        for day, category, was, would in money_of(found)
        if was != would
    ]
    if rows:
        gap()
        title("Money", "where it differs")
        show(MONEY, rows, 2)


def _change(amount: int) -> str:
    return f"{'+' if amount > 0 else ''}{times.money(amount)}"


def _tell_phases(found: Rethought) -> None:
    rows = [
        (f"{day:%a %d %b}", phase, was, would)
        for day, phase, was, would in phases_of(found)
        if was != would
    ]
    if rows:
        gap()
        title("Phases", "works that ran, where it differs")
        show(PHASES, rows, 2)


def money_of(found: Rethought) -> Iterator[tuple[date, str, int, int]]:
    """Day, category, spent as recorded, and otherwise."""
    one, other = found.recorded.spend, found.otherwise.spend
    for day in sorted({*one, *other}):
        was, would = one.get(day, {}), other.get(day, {})
        for category in sorted({*was, *would}):
            yield day, category, was.get(category, 0), would.get(category, 0)


def phases_of(found: Rethought) -> list[tuple[date, str, int, int]]:
    """Day, phase, how many works ran that were planned into it, and how many otherwise."""
    one, other = _ran(found.recorded), _ran(found.otherwise)
    return [(*key, one[key], other[key]) for key in sorted({*one, *other})]


def _ran(stories: Stories) -> Counter[tuple[date, str]]:
    return Counter(
        (story.day, story.phase)
        for story in stories.subjects.values()
        if story.day is not None and story.phase is not None and story.started_at is not None
    )


def _spend(stories: Stories) -> Mapping[str, Mapping[str, int]]:
    return {str(day): by_category for day, by_category in sorted(stories.spend.items())}
