"""What a simulated stretch is shown as."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from actors.replay.faults import Rates
from actors.replay.needs import Change
from actors.replay.simulating import Remedy, Stretch
from actors.replay.tally import Spread, Tally
from horarium import times
from horarium.commands.showing import cost, counted, words
from horarium.simulated import Lived, distribution
from horarium.tables import Cell, Column, Value, bar, faint, gap, line, show, title

AS_PLANNED = ("phase_not_open", "not_before")  # Waiting for these is what the plan says.
ROWS_MAX = 12  # of a table, unless all is asked for
DAYS_SHOWN = 14
ENDS = (("completed",), ("failed", "buried", "unknown"), ("dropped",), ("cancelled",))

PLAN = (Column("day"), Column("phase"), Column("work", long=True))
SPEND = (Column("category"), Column("in all", right=True), Column("a day", right=True),
         Column("most", right=True), Column("of", right=True), Column(""))  # fmt: skip
BY_DAY = (Column("day"), Column("spent", right=True), Column("works", right=True),
          Column("completed", right=True), Column("failed", right=True),
          Column("dropped", right=True), Column("cancelled", right=True),
          Column("open", right=True))  # fmt: skip
LATE = (Column("name"), Column("starts", right=True), Column("half", right=True),
        Column("95 %", right=True), Column("all", right=True))  # fmt: skip
HELD = (Column("name"), Column("held for"), Column("times", right=True),
        Column("in all", right=True), Column("longest", right=True))  # fmt: skip
DROPPED = (Column("name"), Column("dropped for"), Column("times", right=True))
LANES = (Column("lane"), Column("runs", right=True), Column("used"), Column("", right=True),
         Column("at once", right=True), Column("waits", right=True),
         Column("waited", right=True))  # fmt: skip
CHANGES = (Column("setting"), Column("is", right=True), Column("would be", right=True))
SPREAD = (Column(""), Column("least", right=True), Column("10 %", right=True),
          Column("half", right=True), Column("90 %", right=True),
          Column("most", right=True))  # fmt: skip


def tell(stretch: Stretch, lived: Sequence[Lived], needed: Remedy, everything: bool) -> None:
    """Print it. Of several runs the first is told whole."""
    first = lived[0]
    tally, limit = first.outcome.tally, None if everything else ROWS_MAX
    _tell_heading(stretch, first)
    _tell_plan(tally, None if everything else DAYS_SHOWN)
    _tell_spend(stretch, tally)
    _tell_days(tally, None if everything else DAYS_SHOWN)
    _tell_late(tally, limit)
    _tell_held(tally, limit)
    _tell_lanes(stretch, tally)
    _tell_needed(needed, limit)
    if len(lived) > 1:
        _tell_spread(lived)
    for each in lived:
        for violation in each.violations:
            line(Cell("violation", "red"), f"seed {each.seed}, record {violation}")


def _tell_heading(stretch: Stretch, lived: Lived) -> None:
    last = stretch.start + timedelta(days=stretch.days - 1)
    outcome = lived.outcome
    title(
        f"{stretch.start:%a %d %b %Y} to {last:%a %d %b %Y}",
        f"seed {lived.seed}, {counted(outcome.tally.records, 'record')}, digest {outcome.digest}",
    )
    known = sum(1 for name in stretch.configuration.actions if stretch.history.count(name))
    estimated = len(stretch.configuration.actions) - known
    line(faint(
        f"Runs of {counted(known, 'action')} go as {counted(stretch.history.runs, 'recorded run')}"
        f" went, of {estimated:,} as estimated."
    ))  # fmt: skip
    ends = ", ".join(f"{count:,} {words(state)}" for state, count in _most(outcome.tally.ends))
    line(f"Work: {ends or 'none'}; {len(outcome.tally.works):,} still open at the end.")
    if outcome.met:
        met = ", ".join(f"{words(name)} {count:,}" for name, count in _most(outcome.met))
        line(f"Faults: {met}. {_rates()}")


def _rates() -> str:
    rates = Rates()._asdict().items()
    return "In a thousand runs or days: " + ", ".join(f"{words(k)} {v}" for k, v in rates if v)


def _tell_plan(tally: Tally, limit: int | None) -> None:
    rows: list[tuple[Value, ...]] = []
    for day in list(tally.days.values())[:limit]:
        for nth, (phase, names) in enumerate(day.plan.items()):
            rows.append((_day(day.day) if not nth else "", phase or "any time", _names(names)))
    _table("Plan", PLAN, rows)
    if limit is not None and len(tally.days) > limit:
        line(faint(f"and {counted(len(tally.days) - limit, 'day')} more; --all shows 31"))


def _names(names: Iterable[str]) -> str:
    found = Counter(names)
    return ", ".join(name if count == 1 else f"{name} x {count:,}" for name, count in found.items())


def _tell_spend(stretch: Stretch, tally: Tally) -> None:
    limits, rows = stretch.configuration.budget.categories, []
    for category in [*limits, *(name for name in tally.spend if name not in limits)]:
        by_day = tally.spend.get(category, {})
        spent, most = sum(by_day.values()), max(by_day.values(), default=0)
        limit = limits.get(category, 0)
        rows.append((category, *_money(spent, stretch.days, most, limit)))
    by_day = _by_day(tally)
    daily = stretch.configuration.budget.daily_usd_micros
    most = max(by_day.values(), default=0)
    rows.append(("in all", *_money(sum(by_day.values()), stretch.days, most, daily)))
    _table("Money", SPEND, rows)


def _money(spent: int, days: int, most: int, limit: int) -> tuple[Value, ...]:
    return cost(spent), cost(spent // days), cost(most), cost(limit), bar(most, 0, limit)


def _by_day(tally: Tally) -> dict[date, int]:
    found = dict.fromkeys(tally.days, 0)
    for by_day in tally.spend.values():
        for day, amount in by_day.items():
            found[day] = found.get(day, 0) + amount
    return found


def _tell_days(tally: Tally, limit: int | None) -> None:
    spent, rows = _by_day(tally), list[tuple[Value, ...]]()
    for day in list(tally.days.values())[:limit]:
        ends = [sum(day.ends.get(state, 0) for state in states) for states in ENDS]
        counts = (day.works, *ends, day.works - sum(ends))
        rows.append((_day(day.day), cost(spent.get(day.day, 0)), *(f"{it:,}" for it in counts)))
    _table("Days", BY_DAY, rows)


def _tell_late(tally: Tally, limit: int | None) -> None:
    late = [(name, spread) for name, spread in tally.late.items() if spread.percentile(100) >= 60]
    late.sort(key=lambda each: -each[1].percentile(95))
    rows = [_late(name, spread) for name, spread in late[:limit]]
    _table("Late by", LATE, [*rows, _late("everything", tally.lateness)])


def _late(name: str, spread: Spread) -> tuple[Value, ...]:
    ends = (times.duration(1_000 * spread.percentile(percent)) for percent in (50, 95, 100))
    return name, f"{spread.counts.total():,}", *ends


def _tell_held(tally: Tally, limit: int | None) -> None:
    held = [(key, wait) for key, wait in tally.held.items() if key[1] not in AS_PLANNED]
    held.sort(key=lambda each: -each[1].seconds)
    _table("Held", HELD, [
        (name, words(reason), f"{wait.times:,}", times.duration(1_000 * wait.seconds),
         times.duration(1_000 * wait.longest_seconds))
        for (name, reason), wait in held[:limit]
    ])  # fmt: skip
    _table("Dropped", DROPPED, [
        (name, words(reason), f"{count:,}")
        for (name, reason), count in tally.dropped.most_common(limit)
    ])  # fmt: skip


def _tell_lanes(stretch: Stretch, tally: Tally) -> None:
    rows = []
    for name, lane in sorted(tally.lanes.items()):
        room = stretch.configuration.lane(name).concurrency
        whole = 86_400 * stretch.days * room
        rows.append((
            name, f"{lane.runs:,}", bar(lane.busy_seconds, 0, whole),
            f"{100 * lane.busy_seconds / whole:.0f} %", f"{lane.at_once_most} of {room}",
            f"{lane.waits:,}", times.duration(1_000 * lane.waited_seconds),
        ))  # fmt: skip
    _table("Lanes", LANES, rows)


def _tell_needed(needed: Remedy, limit: int | None) -> None:
    gap()
    if not needed.unmet:
        line(Cell("Everything fits", "bold"), f"in the first {counted(needed.days, 'day')}.")
        return
    line(Cell("What would have to change", "bold"), "for everything to fit, found by trying")
    line(
        faint(f"Not in, in the first {counted(needed.days, 'day')}: {_unmet(needed.unmet, limit)}")
    )
    show(CHANGES, [(it.setting, _amount(it, it.before), _amount(it, it.after))
                   for it in needed.changes], 2)  # fmt: skip
    if needed.left:
        line(f"Even then there is no room for {_unmet(needed.left, limit)}")


def _unmet(unmet: Counter[tuple[str, str, str]], limit: int | None) -> str:
    found = unmet.most_common(limit)
    told = ", ".join(
        f"{name} {f'in the {phase} ' if phase else ''}({words(why)}, {counted(count, 'time')})"
        for (name, phase, why), count in found
    )
    return told + (f" and {len(unmet) - len(found):,} more" if len(unmet) > len(found) else "")


def _amount(change: Change, amount: int) -> str:
    return times.money(amount) if change.setting.startswith("budget.") else f"{amount:,}"


def _tell_spread(lived: Sequence[Lived]) -> None:
    rows = [
        (words(name), *(_measure(name, values[each]) for each in ("least", "p10", "p50", "p90",
         "most"))) for name, values in distribution(lived).items()
    ]  # fmt: skip
    _table(f"{len(lived):,} runs", SPREAD, rows)


def _measure(name: str, amount: int) -> str:
    if name.endswith("_usd_micros"):
        return times.money(amount)
    return times.duration(1_000 * amount) if name.endswith("_seconds") else f"{amount:,}"


def _table(heading: str, columns: Sequence[Column], rows: Sequence[Sequence[Value]]) -> None:
    if rows:
        gap()
        title(heading)
        show(columns, rows, 2)


def _day(day: date) -> str:
    return f"{day:%a %d %b}"


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
