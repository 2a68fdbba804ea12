"""What may be asked of an action: its secrets, its shell, its walls, and what it must leave."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from events.configuration import Action, Configuration, Intent
from events.settings import PROGRAMS
from horarium.configuration.fault import Faults, shown
from horarium.configuration.lines import Keys

OURS = "HORARIUM_"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_COMMANDS = ("ready_command", "success_command", "probe_command")
_STARTED = ("command", "python", "http", *PROGRAMS)  # What they run is a process.
_OF_PROCESSES = (*_COMMANDS, "secrets", "min_output", "empty_marker", "artifacts")


def check_walls(all_: Configuration, faults: Faults) -> None:
    """Note what cannot be had, and shells where a model has a say."""
    for name, action in all_.actions.items():
        at = ("actions", name)
        _check_secrets(at, action, faults)
        _check_shell(at, action, faults)
        _check_asked_for(at, action, faults)
    for name, lane in all_.lanes.items():
        if lane.worktree and not lane.directory:
            message = "a worktree is made of the git repository in a directory: name one"
            faults.add(("lanes", name, "worktree"), message)
    _check_followers(all_, faults)


def _check_secrets(at: Keys, action: Action, faults: Faults) -> None:
    for name, place in action.secrets.items():
        here = (*at, "secrets", name)
        if not _VARIABLE.fullmatch(name) or name.startswith(OURS):
            faults.add(here, "cannot be the name of a variable for a secret")
        elif name in action.environment:
            faults.add(here, "the action's environment has a variable of this name, too")
        if place.startswith(f"env:{OURS}"):
            faults.add(here, f"no variable {OURS}* of the daemon is ever passed on")


def _check_shell(at: Keys, action: Action, faults: Faults) -> None:
    if not action.shell:
        return
    if action.executor != "command":
        message = f"the executor {shown(action.executor)} is never run by a shell"
        faults.add((*at, "shell"), message)
    elif len(action.command) > 1:
        message = "with shell = true the command is one line, in a list of one"
        faults.add((*at, "command"), message)


def _check_asked_for(at: Keys, action: Action, faults: Faults) -> None:
    for key in _COMMANDS:
        command = getattr(action, key)
        if command and not command[0]:
            faults.add((*at, key), "there is no command to run")
    for nth, name in enumerate(action.artifacts):
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or ".." in path.parts:
            message = f"{shown(name)} is no file within the work folder"
            faults.add((*at, "artifacts", nth), message)
    if action.network and action.sandbox == "none":
        message = "without a sandbox nothing keeps it from the network"
        faults.add((*at, "network"), message, severity="warning")
    for key in _unheeded(action):
        message = f"the executor {shown(action.executor)} does not heed it"
        faults.add((*at, key), message, severity="warning")


def _unheeded(action: Action) -> Iterator[str]:
    if action.executor in _STARTED:
        return
    yield from (key for key in _OF_PROCESSES if getattr(action, key))
    if action.sandbox != "none":
        yield "sandbox"


def _check_followers(all_: Configuration, faults: Faults) -> None:
    """A shell is not for work that a model sets off: what a model did may be what it wanted."""
    for name, template in all_.templates.items():
        asked = False
        for nth, step in enumerate(template.steps):
            if asked and _has_shell(all_, (step.action,)):
                message = f"the shell of '{step.action}' would run after what a model did"
                faults.add(("templates", name, "actions", nth), message)
            asked = asked or _asks_a_model(all_, (step.action,))
    for name, intent in all_.intents.items():
        if _has_shell(all_, _actions(all_, intent.run)):
            _check_intent(name, intent, all_, faults)


def _check_intent(name: str, intent: Intent, all_: Configuration, faults: Faults) -> None:
    on = intent.on
    before = {"after": intent.after}
    if on is not None:
        before |= {"succeeded": on.succeeded, "failed": on.failed, "ended": on.ended}
    for key, other in before.items():
        found = all_.intents.get(other or "")
        if found is not None and _asks_a_model(all_, _actions(all_, found.run)):
            at = ("intents", name, key) if key == "after" else ("intents", name, "on", key)
            faults.add(at, f"the shell of '{intent.run}' would run after what a model did")
    if on is not None and on.signal:
        message = f"whoever may signal, a model too, sets off the shell of '{intent.run}'"
        faults.add(("intents", name, "on", "signal"), message, severity="warning")


def _actions(all_: Configuration, run: str) -> Iterable[str]:
    template = all_.templates.get(run)
    return (run,) if template is None else (step.action for step in template.steps)


def _has_shell(all_: Configuration, names: Iterable[str]) -> bool:
    return any(all_.actions[name].shell for name in names if name in all_.actions)


def _asks_a_model(all_: Configuration, names: Iterable[str]) -> bool:
    return any(all_.actions[name].executor in PROGRAMS for name in names if name in all_.actions)
