"""What the settings must be to each other: names that exist, triggers that come, work that fits.

Each check notes what it finds and goes on. What only this machine can tell, such as a program
that is missing, is the doctor's.
"""

import re
from collections.abc import Iterable, Iterator

from events.configuration import Action, Configuration, Template
from horarium.configuration.agents import check_agents
from horarium.configuration.alerts import check_alerts, check_executors
from horarium.configuration.fault import Faults, shown
from horarium.configuration.intents import check_intents, check_phase, phase_names
from horarium.configuration.lines import Keys
from horarium.configuration.money import check_money
from horarium.configuration.overlaps import check_phases
from horarium.configuration.sweeps import check_sweeps
from horarium.configuration.units import duration_text
from horarium.configuration.walls import check_walls

_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def check(configuration: Configuration, faults: Faults) -> None:
    """Note everything that does not fit together."""
    check_phases(configuration.phases, faults)
    for name, action in configuration.actions.items():
        _check_action(("actions", name), action, faults)
    for name, template in configuration.templates.items():
        _check_template(("templates", name), template, configuration, faults)
    check_intents(configuration, faults)
    _check_clock(configuration, faults)
    for name in configuration.actions.keys() & configuration.templates.keys():
        message = f"an action is called {shown(name)} too; this template wins over it"
        faults.add(("templates", name), message, severity="warning")
    _check_lanes(configuration, faults)
    check_agents(configuration, faults)
    check_walls(configuration, faults)
    check_alerts(configuration, faults)
    check_executors(configuration, faults)
    check_sweeps(configuration, faults)
    if not faults.touch("budget"):
        check_money(configuration, faults)


def _check_action(at: Keys, action: Action, faults: Faults) -> None:
    match action.executor:
        case "command" if not any(action.command[:1]):
            meant = 'executor = "python"' if action.function else ""
            faults.add((*at, "command"), "there is no command to run", meant)
        case "python" if not _FUNCTION.fullmatch(action.function):
            faults.add(
                (*at, "function"), f'{shown(action.function)} is not of the form "module:function"'
            )
    for key in _unused(action):
        message = f"the executor {shown(action.executor)} does not use it"
        faults.add((*at, key), message, severity="warning")
    for name in action.environment:
        if not name or "=" in name or "\0" in name + action.environment[name]:
            faults.add((*at, "environment", name), "cannot be an environment variable")
    if action.expected_seconds > action.timeout_seconds:
        stopped = duration_text(action.timeout_seconds)
        message = f"{duration_text(action.expected_seconds)} are expected, but {stopped} allowed"
        faults.add((*at, "expected"), message, severity="warning")


def _unused(action: Action) -> Iterator[str]:
    if action.command and action.executor != "command":
        yield "command"
    nothing_else = action.executor == "command" and not action.command  # That is said already.
    if action.function and action.executor != "python" and not nothing_else:
        yield "function"


def _check_template(at: Keys, template: Template, all_: Configuration, faults: Faults) -> None:
    if not template.steps:
        faults.add((*at, "actions"), "there is no action to run")
    for nth, step in enumerate(template.steps):
        if step.action not in all_.actions:
            meant = faults.meant(step.action, all_.actions)
            faults.add((*at, "actions", nth), f"unknown action '{step.action}'", meant)
    if template.steps and template.steps[0].when == "failure":
        faults.add((*at, "actions", 0, "when"), "nothing comes before it that could fail")
    known = phase_names(all_)
    for nth, phase in enumerate(template.phases):
        check_phase((*at, "phases", nth), phase, known, faults)
    for nth, window in enumerate(template.windows):
        if not window.days:
            message = "without days it never opens"
            faults.add((*at, "windows", nth, "days"), message, severity="warning")


def _check_clock(all_: Configuration, faults: Faults) -> None:
    known, clock = phase_names(all_), all_.clock
    for nth, phase in enumerate(clock.keep_awake_phases):
        check_phase(("clock", "keep_awake_phases", nth), phase, known, faults)
    if clock.keep_awake_phases and clock.keep_awake != "phases":
        message = f'it is for keep_awake = "phases" only, not {shown(clock.keep_awake)}'
        faults.add(("clock", "keep_awake_phases"), message, severity="warning")
    if clock.idle_command and not clock.idle_command[0]:
        faults.add(("clock", "idle_command"), "there is no command to run")


def _check_lanes(all_: Configuration, faults: Faults) -> None:
    """Only the first use of each: one lane that nobody configured is one finding."""
    told = {"main", *all_.lanes}
    for at, lane in _lanes(all_):
        if lane not in told:
            told.add(lane)
            message = f"the lane '{lane}' is not configured and runs one thing at a time"
            faults.add(at, message, faults.meant(lane, all_.lanes), "warning")


def _lanes(all_: Configuration) -> Iterable[tuple[Keys, str]]:
    for name, action in all_.actions.items():
        yield ("actions", name, "lane"), action.lane
    for name, template in all_.templates.items():
        if template.lane is not None:
            yield ("templates", name, "lane"), template.lane
