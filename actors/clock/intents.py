"""Which intents are in force: from the configuration, or made by hand."""

from datetime import datetime
from typing import NamedTuple

from actors.clock import listening
from actors.clock.arming import SECOND, anchor, put
from actors.clock.replacing import give_up, replace
from actors.clock.state import Armed, Clock
from actors.triggers import jitter_of
from events.configuration import Configuration, Intent
from events.intents import IntentAdded, IntentsConfigured, IntentSwitched
from events.time import OccurrenceMissed, SupersedeReason

GONE_MAX = 1_000  # removed intents whose occurrences are remembered


class Change(NamedTuple):
    """Another configuration: the house of before, the moment, and why local times moved."""

    before: Configuration
    at: datetime
    moved: SupersedeReason | None


def configure(state: Clock, intents: dict[str, Intent], change: Change) -> None:
    """Learn what is configured. Those whose times stay the same wait for what they waited for."""
    ours = {name for name, armed in state.intents.items() if armed.source == "configuration"}
    removed = tuple(name for name in state.intents if name in ours and name not in intents)
    taken = tuple(name for name in intents if name in state.intents and name not in ours)
    added = tuple(name for name in intents if name not in state.intents)
    changed = tuple(
        name
        for name in state.intents
        if name in ours and name in intents and intents[name] != state.intents[name].intent
    )
    news = added or changed or removed or taken != tuple(state.passed_over)
    state.passed_over = {name: intents[name] for name in taken}
    if news:
        state.owed.append(IntentsConfigured(added, changed, removed, taken))
    for name in removed:
        _remove(state, name, change.before, change.at)
    for name, armed in state.intents.items():
        _keep_up(state, name, armed, intents[name] if name in ours else armed.intent, change)
    for name in added:
        _add(state, name, Armed(intents[name], change.at, change.at), change.at)


def move(state: Clock, change: Change) -> None:
    """Learn that local times mean other instants."""
    for name, armed in state.intents.items():
        _keep_up(state, name, armed, armed.intent, change)


def hear_added(state: Clock, told: IntentAdded, at: datetime) -> None:
    if told.name in state.intents:
        _remove(state, told.name, state.house, at)
    _add(state, told.name, Armed(told.intent, at, at, told.source), at)


def hear_removed(state: Clock, name: str, at: datetime) -> None:
    """The configured one of that name, if there is one, takes its place."""
    armed = state.intents.get(name)
    if armed is None or armed.source == "configuration":
        return
    _remove(state, name, state.house, at)
    if (configured := state.passed_over.pop(name, None)) is not None:
        state.owed.append(IntentsConfigured(added=(name,), name_taken=tuple(state.passed_over)))
        _add(state, name, Armed(configured, at, at), at)


def hear_switched(state: Clock, told: IntentSwitched, at: datetime) -> None:
    if (armed := state.intents.get(told.name)) is not None:
        before, armed.switched = armed.enabled, told.enabled
        _switch(state, told.name, armed, before, Change(state.house, at, None))


def timing(intent: Intent) -> tuple[object, ...]:
    """All that says when it is due."""
    return (
        intent.cron, intent.every_seconds, intent.every_from, intent.at, intent.now, intent.on,
        intent.after, intent.after_when, intent.timezone, intent.phases, intent.windows,
        intent.exclude, intent.starts_at, intent.ends_at, intent.max_runs,
    )  # fmt: skip


def _add(state: Clock, name: str, armed: Armed, at: datetime) -> None:
    """It is in force from now on; what comes once and lies behind was missed."""
    once, gone = armed.intent.at, state.gone.pop(name, None)
    if gone is not None:
        armed.mark, armed.ran = max(at, gone.mark), gone.ran
    state.intents[name] = armed
    listening.listen(state, name, armed.intent)
    if not armed.enabled:
        return
    anchor(state, name, armed, at)
    if once is not None and once <= at and (gone is None or gone.intent.at != once):
        state.owed.append(OccurrenceMissed(name, once, once, 1, "in_the_past"))


def _remove(state: Clock, name: str, house: Configuration, at: datetime) -> None:
    armed = state.intents[name]
    give_up(state, name, armed, house, at, "removed")
    listening.forget(state, name, armed.intent)
    del state.intents[name]
    state.gone[name] = armed
    if len(state.gone) > GONE_MAX:
        del state.gone[next(iter(state.gone))]


def _keep_up(state: Clock, name: str, armed: Armed, new: Intent, change: Change) -> None:
    """Another intent under the same name, or the same one in another house."""
    old, before = armed.intent, armed.enabled
    edited = new != old
    if edited:
        armed.switched = None
        listening.forget(state, name, old)
        listening.listen(state, name, new)
    after = new.enabled if armed.switched is None else armed.switched
    same_timing = timing(old) == timing(new)
    moved = _moved(state, new, change)
    if before and after and (moved is not None or not same_timing):
        reason = moved if same_timing and moved is not None else "edited"
        replace(state, name, armed, new, change.before, change.at, reason)
        return
    if before and not after:
        give_up(state, name, armed, change.before, change.at, "disabled")
    armed.intent = new
    if after and not before:
        anchor(state, name, armed, change.at)
    elif after and (edited or state.house.policies != change.before.policies):
        armed.jitter = jitter_of(name, new, state.house) // SECOND
        put(state, name, armed, armed.next)


def _switch(state: Clock, name: str, armed: Armed, before: bool, change: Change) -> None:
    if before and not armed.enabled:
        give_up(state, name, armed, change.before, change.at, "disabled")
    elif armed.enabled and not before:
        anchor(state, name, armed, change.at)


def _moved(state: Clock, intent: Intent, change: Change) -> SupersedeReason | None:
    """Why its times are others in this house; None when they are not."""
    house, before = state.house, change.before
    if intent.phases and (house.phases, house.day) != (before.phases, before.day):
        return change.moved or "edited"
    by_the_wall = bool(intent.cron or intent.windows or intent.exclude)
    if change.moved == "tzdata_changed" and (by_the_wall or intent.phases):
        return change.moved
    return change.moved if by_the_wall and not intent.timezone else None
