"""Whether anything would ever be done."""

from datetime import datetime

from events.configuration import Configuration, Intent
from horarium.configuration.fault import Faults


def check_schedule(configuration: Configuration, faults: Faults, now: datetime) -> None:
    """Note intents that lie in the past, templates without a phase, and an empty schedule."""
    for name, intent in configuration.intents.items():
        if intent.enabled and _is_over(intent, now):
            message = "this moment is over; it will not come again"
            faults.add(("intents", name, "at"), message, severity="warning")
    if not _sweeps(configuration):
        message = "nothing that is scheduled ever sweeps: run folders stay for ever"
        faults.add(("cleanup",), message, severity="warning")
    comes = any(one.enabled and not _is_over(one, now) for one in configuration.intents.values())
    why = _why_nothing_is_planned(configuration)
    if why and not comes:
        faults.add(("templates",), f"the schedule is empty: {why}, and no intent will come")
    elif why and any(template.enabled for template in configuration.templates.values()):
        faults.add(("templates",), f"no template is ever planned: {why}", severity="warning")


def _sweeps(configuration: Configuration) -> bool:
    """Whether a template or an intent ever runs a sweep."""
    sweeps = {name for name, action in configuration.actions.items() if action.executor == "sweep"}
    sweeps |= {
        name
        for name, template in configuration.templates.items()
        if any(step.action in sweeps for step in template.steps)
    }
    planned = {name for name, template in configuration.templates.items() if template.enabled}
    due = {intent.run for intent in configuration.intents.values() if intent.enabled}
    return bool(sweeps & (planned | due))


def _is_over(intent: Intent, now: datetime) -> bool:
    return intent.at is not None and intent.at <= now


def _why_nothing_is_planned(configuration: Configuration) -> str:
    if not any(template.enabled for template in configuration.templates.values()):
        return "no template is enabled"
    if not configuration.phases:
        return "there is no phase to plan for"
    return "" if configuration.plan.enabled else "planning is switched off"
