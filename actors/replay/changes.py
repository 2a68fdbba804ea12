"""What might have been otherwise: a setting, something said, or when it was said."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from actors.replay.forking import Fork
from actors.replay.sentences import usd
from events.catalogue import AnyObservation
from events.configuration import Action, Configuration, Window
from events.settings import ExecutorKind

Configure = Callable[[Configuration], Configuration]
Said = Callable[[Fork, str], tuple[AnyObservation, ...]]


class Change(NamedTuple):
    """One thing otherwise: a setting, something said before or after, or at another time."""

    says: str
    setting: str = ""  # as in config.toml
    value: str = ""  # likewise
    command: str = ""  # that asks for it
    configure: Configure | None = None
    before: Said | None = None
    after: Said | None = None
    instead: Callable[[AnyObservation], AnyObservation] | None = None
    at: datetime | None = None  # when what set it off was said instead


class Range(NamedTuple):
    """Changes of one kind, by how much: the least of them that helps is wanted."""

    low: int
    high: int
    make: Callable[[int], Change]


Candidate = Change | Range


def setting(path: str, value: object, says: str, configure: Configure) -> Change:
    return Change(says, path, _toml(value), configure=configure)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Window):
        return f'{{ start = "{value.start:%H:%M}", end = "{value.end:%H:%M}" }}'
    return str(value) if isinstance(value, int) else f'"{value}"'


def dollars(path: str, micros: int, says: str, configure: Configure) -> Change:
    amount = f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")
    return Change(says, path, amount, configure=configure)


def lane_of(lane: str, concurrency: int) -> Change:
    def configure(it: Configuration) -> Configuration:
        changed = replace(it.lane(lane), concurrency=concurrency)
        return replace(it, lanes={**it.lanes, lane: changed})

    says = f"the lane {lane} took {concurrency} at once"
    return setting(f"lanes.{lane}.concurrency", concurrency, says, configure)


def concurrency_of(limit: int) -> Change:
    def configure(it: Configuration) -> Configuration:
        return replace(it, executor=replace(it.executor, concurrency=limit))

    return setting("executor.concurrency", limit, f"{limit} might run at once", configure)


def category_limit(category: str, limit: int) -> Change:
    def configure(it: Configuration) -> Configuration:
        categories = {**it.budget.categories, category: limit}
        return replace(it, budget=replace(it.budget, categories=categories))

    says = f"the category {category} might cost {usd(limit)} a day"
    return dollars(f"budget.categories.{category}", limit, says, configure)


def daily_limit(limit: int) -> Change:
    def configure(it: Configuration) -> Configuration:
        return replace(it, budget=replace(it.budget, daily_usd_micros=limit))

    return dollars("budget.daily_usd", limit, f"a day might cost {usd(limit)}", configure)


def own_limit(label: str, limit: int) -> Change:
    """Of a template or an intent that has one; `label` is "template:NAME" or "intent:NAME"."""
    scope, _, name = label.partition(":")

    def configure(it: Configuration) -> Configuration:
        if scope == "template" and name in it.templates:
            changed = replace(it.templates[name], daily_usd_micros=limit)
            return replace(it, templates={**it.templates, name: changed})
        if scope == "intent" and name in it.intents:
            wanted = replace(it.intents[name], daily_usd_micros=limit)
            return replace(it, intents={**it.intents, name: wanted})
        return it  # It was made by hand: no settings change it.

    says = f"the {scope} {name} might cost {usd(limit)} a day"
    return dollars(f"{scope}s.{name}.daily_usd", limit, says, configure)


def quota_of(kind: ExecutorKind, name: str, limit: int) -> Change:
    """Of money, of an executor that has one."""

    def configure(it: Configuration) -> Configuration:
        provider = it.executors[kind]
        quota = replace(provider.quotas[name], usd_micros=limit)
        changed = replace(provider, quotas={**provider.quotas, name: quota})
        return replace(it, executors={**it.executors, kind: changed})

    says = f"{kind} might cost {usd(limit)} by its quota {name}"
    return dollars(f"executors.{kind}.quotas.{name}.usd", limit, says, configure)


def ceiling_of(name: str, limit: int) -> Change:
    def configure(it: Configuration) -> Configuration:
        action = replace(it.actions[name], ceiling_usd_micros=limit)
        return replace(it, actions={**it.actions, name: action})

    says = f"{name} had a ceiling of {usd(limit)}, and not all that is left"
    return dollars(f"actions.{name}.ceiling_usd", limit, says, configure)


def intent_with(name: str, says: str, field: str = "", like: Any = None, **changed: Any) -> Change:
    def configure(it: Configuration) -> Configuration:
        intent = it.intents.get(name, like)
        if intent is None:  # It was made by hand: no settings change it.
            return it
        return replace(it, intents={**it.intents, name: replace(intent, **changed)})

    path = f"intents.{name}.{field}" if field else f"intents.{name}"
    value = changed.get(field)
    return Change(says, path, "" if value is None else _toml(value), configure=configure)


def template_with(name: str, says: str, field: str, **changed: Any) -> Change:
    def configure(it: Configuration) -> Configuration:
        return replace(it, templates={**it.templates, name: replace(it.templates[name], **changed)})

    return setting(f"templates.{name}.{field}", changed[field], says, configure)


def action_with(name: str, says: str, field: str, **changed: Any) -> Change:
    def configure(it: Configuration) -> Configuration:
        return replace(it, actions={**it.actions, name: replace(it.actions[name], **changed)})

    return setting(f"actions.{name}.{field}", changed[field], says, configure)


def any_action(name: str) -> Change:
    """Anything of that name would do."""

    def configure(it: Configuration) -> Configuration:
        category = next(iter(it.budget.categories), "general")
        action = Action(executor="noop", category=category)
        return replace(it, actions={**it.actions, name: action})

    return Change(f"an action {name} were configured", f"actions.{name}", configure=configure)


def longer(house: Configuration, name: str, minutes: int) -> Change:
    def configure(it: Configuration) -> Configuration:
        phases = tuple(
            replace(phase, end=_after(phase.end, minutes)) if phase.name == name else phase
            for phase in it.phases
        )
        return replace(it, phases=phases)

    end = next(_after(it.end, minutes) for it in house.phases if it.name == name)
    says = f"the phase {name} ended {end:%H:%M}"
    return setting(f"phases.{name}.end", f"{end:%H:%M}", says, configure)


def _after(end: Any, minutes: int) -> Any:
    return (datetime.combine(date(2000, 1, 1), end) + timedelta(minutes=minutes)).time()


def shorter(house: Configuration, name: str, seconds: int) -> Change:
    left = house.actions[name].expected_seconds - seconds
    says = f"{name} were expected to take {left // 60} minutes"
    made = action_with(name, says, "expected_seconds", expected_seconds=left)
    return made._replace(setting=f"actions.{name}.expected", value=f'"{left}s"')
