"""Whether anything would ever be done."""

from datetime import datetime

from actors.triggers import next_after
from events.configuration import Configuration, Intent
from horarium.configuration.fault import Faults
from horarium.configuration.intents import waits_for


def check_schedule(configuration: Configuration, faults: Faults, now: datetime) -> None:
    """Note intents that lie in the past, templates without a phase, and an empty schedule."""
    over = {
        name for name, one in configuration.intents.items() if _is_over(one, configuration, now)
    }
    for name, intent in configuration.intents.items():
        if intent.enabled and name in over:
            key = "at" if intent.at is not None and intent.at <= now else "ends_at"
            message = "this moment is over; it will not come again"
            faults.add(("intents", name, key), message, severity="warning")
        _check_chain(name, intent, configuration, faults)
    if not _sweeps(configuration):
        message = "nothing that is scheduled ever sweeps: run folders stay for ever"
        faults.add(("cleanup",), message, severity="warning")
    comes = any(one.enabled and name not in over for name, one in configuration.intents.items())
    why = _why_nothing_is_planned(configuration)
    if why and not comes:
        faults.add(("templates",), f"the schedule is empty: {why}, and no intent will come")
    elif why and any(template.enabled for template in configuration.templates.values()):
        faults.add(("templates",), f"no template is ever planned: {why}", severity="warning")


def _sweeps(configuration: Configuration) -> bool:
    """Whether a template or an intent ever runs a sweep."""
    sweeps = {
        name
        for name, action in configuration.actions.items()
        if action.executor == "sweep" and (not action.sweeps or "runs" in action.sweeps)
    }
    sweeps |= {
        name
        for name, template in configuration.templates.items()
        if any(step.action in sweeps for step in template.steps)
    }
    planned = {name for name, template in configuration.templates.items() if template.enabled}
    due = {intent.run for intent in configuration.intents.values() if intent.enabled}
    return bool(sweeps & (planned | due))


def _is_over(intent: Intent, house: Configuration, now: datetime) -> bool:
    if intent.ends_at is not None and intent.ends_at <= now:
        return True
    if intent.at is None and intent.ends_at is None:
        return False  # What comes again comes.
    waits = intent.on or intent.after or intent.now or intent.every_from == "completion"
    return not waits and next_after(intent, house, now) is None


def _check_chain(name: str, intent: Intent, configuration: Configuration, faults: Faults) -> None:
    for key, other in waits_for(intent):
        before = configuration.intents.get(other)
        if intent.enabled and before is not None and not before.enabled:
            message = f"'{other}' is switched off, so its work never ends"
            faults.add(("intents", name, *key), message, severity="warning")


def _why_nothing_is_planned(configuration: Configuration) -> str:
    if not any(template.enabled for template in configuration.templates.values()):
        return "no template is enabled"
    if not configuration.phases:
        return "there is no phase to plan for"
    return "" if configuration.plan.enabled else "planning is switched off"
