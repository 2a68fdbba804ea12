"""What intents must be to the rest of the configuration, and to each other."""

from collections.abc import Collection, Mapping, Sequence

from actors.triggers import check as check_trigger
from events.configuration import Configuration, Intent, On
from events.intents import ALERTS
from horarium.configuration.fault import Faults, shown
from horarium.configuration.lines import Keys

_OF_INTENTS = ("succeeded", "failed", "ended")
_TRIGGERS = {"cron": "cron", "every": "every_seconds", "at": "at", "on": "on", "after": "after"}
_KEYS = {"every_from": "from"}  # where a setting and its field have two names
_CHAIN_SHOWN = 5
_OF_TIMES = ("jitter_seconds", "misfire", "misfire_window_seconds", "misfire_limit")


def check_intents(all_: Configuration, faults: Faults) -> None:
    """Note intents that name what is not there, never come, or wait for themselves."""
    phases = phase_names(all_)
    categories = _categories(all_)
    for name, intent in all_.intents.items():
        at = ("intents", name)
        _check_work(at, intent, all_, faults)
        _check_conditions(at, intent, phases, faults)
        _check_others(at, intent, all_.intents, faults)
        _check_events(at, intent.on or On(), categories, faults)
        if not any(faults.is_settled((*at, key)) for key in _TRIGGERS):
            _check_late(at, intent, faults)
            _check_trigger(at, intent, all_, faults)
    _check_circles(all_.intents, faults)


def phase_names(all_: Configuration) -> Sequence[str]:
    """The names of the phases, each once."""
    return list(dict.fromkeys(phase.name for phase in all_.phases))


def check_phase(at: Keys, phase: str, known: Sequence[str], faults: Faults) -> None:
    """Note a phase that is not there."""
    if phase not in known:
        faults.add(at, f"unknown phase '{phase}'", faults.meant(phase, known))


def _categories(all_: Configuration) -> Collection[str]:
    of_actions = (action.category for action in all_.actions.values())
    of_templates = (each.category for each in all_.templates.values() if each.category)
    return dict.fromkeys(("day", *all_.budget.categories, *of_actions, *of_templates))


def _check_work(at: Keys, intent: Intent, all_: Configuration, faults: Faults) -> None:
    if intent.run not in all_.actions and intent.run not in all_.templates:
        meant = faults.meant(intent.run, (*all_.actions, *all_.templates))
        faults.add((*at, "run"), f"unknown action or template '{intent.run}'", meant)


def _check_conditions(at: Keys, intent: Intent, phases: Sequence[str], faults: Faults) -> None:
    if intent.phase is not None:
        check_phase((*at, "phase"), intent.phase, phases, faults)
    for nth, phase in enumerate(intent.phases):
        check_phase((*at, "phases", nth), phase, phases, faults)


def _check_others(at: Keys, intent: Intent, known: Mapping[str, Intent], faults: Faults) -> None:
    for key, other in waits_for(intent):
        if other not in known:
            faults.add((*at, *key), f"unknown intent '{other}'", faults.meant(other, known))


def _check_events(at: Keys, on: On, categories: Collection[str], faults: Faults) -> None:
    if on.spent is not None and on.spent not in categories:
        meant = faults.meant(on.spent, categories)
        faults.add((*at, "on", "spent"), f"unknown category '{on.spent}'", meant)
    if on.alert is not None and on.alert not in ALERTS:
        words = f"unknown alert '{on.alert}'; there are {', '.join(ALERTS)}"
        faults.add((*at, "on", "alert"), words, faults.meant(on.alert, ALERTS))


def waits_for(intent: Intent) -> Sequence[tuple[tuple[str, ...], str]]:
    """The other intents for whose end it waits, each with the key that says so."""
    after = [(("after",), intent.after)] if intent.after is not None else []
    on = [(("on", key), getattr(intent.on, key, None)) for key in _OF_INTENTS]
    return [*after, *((key, other) for key, other in on if other is not None)]


def _check_trigger(at: Keys, intent: Intent, all_: Configuration, faults: Faults) -> None:
    trouble = check_trigger(intent, all_)
    if trouble is None:
        return
    key = _KEYS.get(trouble.key, trouble.key)
    if not key:
        faults.add(at, trouble.words, trouble.suggestion)
    elif key == "on" or not faults.touch(*at, key):  # It may be known, and where in a list.
        faults.add((*at, key), trouble.words, trouble.suggestion)


def _check_late(at: Keys, intent: Intent, faults: Faults) -> None:
    """Note what is said of times that are late or missed, where none can be."""
    given = [name for name, field in _TRIGGERS.items() if getattr(intent, field) is not None]
    if given in (["on"], ["after"]) and not intent.now:
        for field in _OF_TIMES:
            if getattr(intent, field) is not None:
                words = f"with {given[0]} it is due when something happens and has no times"
                faults.add((*at, field.removesuffix("_seconds")), words)
    elif intent.self_restart and intent.misfire not in (None, "skip"):
        words = "what it misses is never made up for, as self_restart says"
        faults.add((*at, "misfire"), words, "skip")


def _check_circles(intents: Mapping[str, Intent], faults: Faults) -> None:
    """Each intent waits for one other at most, so that a walk from each finds every circle."""
    seen: set[str] = set()
    for first in intents:
        walked: dict[str, None] = {}
        name: str | None = first
        while name is not None and name in intents and name not in seen:
            seen.add(name)
            walked[name] = None
            name = next((other for _, other in waits_for(intents[name])), None)
        if name in walked:
            names = list(walked)
            _tell_circle(names[names.index(name) :], intents, faults)


def _tell_circle(circle: Sequence[str], intents: Mapping[str, Intent], faults: Faults) -> None:
    last = circle[0]
    [(key, _), *_] = waits_for(intents[last])
    chain = [*circle, last]
    if len(chain) > _CHAIN_SHOWN:
        chain = [*chain[: _CHAIN_SHOWN - 1], "...", last]
    words = " after ".join(each if each == "..." else shown(each) for each in chain)
    faults.add(("intents", last, *key), f"it waits for itself and never comes: {words}")
