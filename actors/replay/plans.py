"""What may have let a plan take a template, the smallest first."""

from collections.abc import Iterator

from msgspec.structs import replace

from actors.replay.changes import (
    Candidate,
    Change,
    Range,
    any_action,
    category_limit,
    daily_limit,
    lane_of,
    longer,
    setting,
    shorter,
    template_with,
)
from actors.replay.goals import Goal
from events.configuration import Configuration, Template, Window

CENT = 10_000
MORE_MAX = 64  # places more in a lane, in a phase, on a day


def of_plan(reason: str, house: Configuration, goal: Goal) -> Iterator[Candidate]:
    name, phase = goal.name, goal.phase
    template = house.templates.get(name)
    if template is None:
        return
    match reason:
        case "disabled":
            yield from _wanted(house, name)
        case "outside_windows":
            yield from _windows(house, template, name, phase)
        case "phase_not_wanted":
            more_phases = (*template.phases, phase)
            yield template_with(name, f"it wanted {phase} too", "phases", phases=more_phases)
        case "daily_limit":
            yield _often(name, "per_day", template.per_day, "day")
        case "phase_limit":
            yield _often(name, "per_phase", template.per_phase, "phase")
        case "phase_full":
            yield _fuller(house)
        case "no_money_in_category":
            yield _richer_category(house, name)
        case "no_money_left":
            yield _richer_day(house, name)
        case "no_time_left":
            yield from _roomier(house, name, phase)
        case "outscored":
            yield _fuller(house)
            yield _richer_category(house, name)
            yield _richer_day(house, name)
            yield from _roomier(house, name, phase)


def _windows(
    house: Configuration, template: Template, name: str, phase: str
) -> Iterator[Candidate]:
    window = next((it for it in house.phases if it.name == phase), None)
    if window is not None:
        more = (*template.windows, Window(start=window.start, end=window.end))
        yield template_with(name, f"its windows took in {phase}", "windows", windows=more)


def _wanted(house: Configuration, name: str) -> Iterator[Change]:
    if not house.templates[name].enabled:
        yield template_with(name, "it were enabled", "enabled", enabled=True)
    if not house.plan.enabled:
        yield setting("plan.enabled", True, "plans were drawn at all", _planning)
    for step in house.templates[name].steps:
        if step.action not in house.actions:
            yield any_action(step.action)


def _planning(house: Configuration) -> Configuration:
    return replace(house, plan=replace(house.plan, enabled=True))


def _often(name: str, field: str, now: int, of: str) -> Range:
    def make(n: int) -> Change:
        return template_with(
            name,
            f"it might be planned {'once' if n == 1 else f'{n} times'} a {of}",
            field,
            **{field: n},
        )

    return Range(now + 1, now + MORE_MAX, make)


def _fuller(house: Configuration) -> Range:
    def make(n: int) -> Change:
        def configure(it: Configuration) -> Configuration:
            return replace(it, plan=replace(it.plan, per_phase_max=n))

        says = f"a phase might hold {n} {'piece' if n == 1 else 'pieces'} of work"
        return setting("plan.per_phase_max", n, says, configure)

    now = house.plan.per_phase_max
    return Range(now + 1, now + MORE_MAX, make)


def _price(house: Configuration, name: str) -> tuple[str, int]:
    """Category and estimate of a template, as its plan takes them."""
    template = house.templates[name]
    actions = [house.actions[it.action] for it in template.steps if it.action in house.actions]
    category = template.category or (actions[0].category if actions else "general")
    return category, sum(it.estimate_usd_micros for it in actions)


def _richer_category(house: Configuration, name: str) -> Range:
    category, price = _price(house, name)
    now = house.budget.categories.get(category, 0)
    most = MORE_MAX * (price // CENT + 1)
    return Range(1, most, lambda cents: category_limit(category, now + cents * CENT))


def _richer_day(house: Configuration, name: str) -> Range:
    now, (_, price) = house.budget.daily_usd_micros, _price(house, name)
    most = MORE_MAX * (price // CENT + 1)
    return Range(1, most, lambda cents: daily_limit(now + cents * CENT))


def _roomier(house: Configuration, name: str, phase: str) -> Iterator[Candidate]:
    template = house.templates[name]
    first = house.actions.get(template.steps[0].action) if template.steps else None
    lane = template.lane or (first.lane if first else "main")
    now = house.lane(lane).concurrency
    yield Range(now + 1, now + MORE_MAX, lambda n: lane_of(lane, n))
    yield Range(1, _five_minutes_outside(house, phase), lambda n: longer(house, phase, 5 * n))
    longest = max(
        (it.action for it in template.steps if it.action in house.actions),
        key=lambda name: house.actions[name].expected_seconds,
    )
    most = house.actions[longest].expected_seconds // 300
    yield Range(1, most, lambda n: shorter(house, longest, 300 * n))


def _five_minutes_outside(house: Configuration, name: str) -> int:
    """By how many times five minutes a phase may grow before it meets its own beginning."""
    found = next(it for it in house.phases if it.name == name)
    end, start = (it.hour * 60 + it.minute for it in (found.end, found.start))
    return max(1, ((start - end) % (24 * 60) - 1) // 5)
