"""Whether what actions need around them is there: programs of agents, tests, secrets, walls."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from actors.executor.context import gathered
from actors.executor.environment import allowed
from actors.executor.programs.program import UnaskableError
from actors.executor.programs.registry import program_of
from actors.executor.sandbox import builder, trial
from actors.executor.secrets import found as found_in
from actors.executor.spawning import NotStarted, resolved
from actors.executor.talk import asked_of
from actors.executor.worktrees import FOLDER, kept_trees
from events.configuration import Action, Configuration
from events.policies import Provider
from events.settings import PROGRAMS
from horarium.configuration.fault import Fault, Faults, Severity
from horarium.configuration.lines import Keys
from horarium.doctor.programs import NO_PLACE

TRIAL_SECONDS = 10
SHOWN_MAX = 5
NOWHERE = "/run/prompt"  # No program is asked with it.


def check_surroundings(
    configuration: Configuration, faults: Faults, environ: Mapping[str, str], file: Path
) -> None:
    """Note what would stop a run before it began, or leave its end in doubt. The configuration
    was read from that file."""
    tried: dict[bool, str] = {}
    for name, action in configuration.actions.items():
        at, directory = ("actions", name), configuration.lane(action.lane).directory
        names = (*configuration.executor.environment, *action.pass_environment)
        search = (allowed(names, environ) | action.environment).get("PATH", os.defpath)
        place = Path(directory) if directory else NO_PLACE
        _check_agents(at, action, configuration, search, faults)
        _check_tests(at, action, place, search, faults)
        _check_secrets(at, action, environ, faults)
        _check_context(at, action, place, faults)
        if action.sandbox != "none":
            if action.network not in tried:
                tried[action.network] = why_no_walls(action.network)
            if tried[action.network]:
                faults.add((*at, "sandbox"), tried[action.network])
            if not configuration.lane(action.lane).worktree and _holds(place, file):
                message = f"its walls let it write to {file}, which may set it free"
                faults.add((*at, "sandbox"), message, severity="warning")
    for name, lane in configuration.lanes.items():
        if lane.worktree and Path(lane.directory).is_dir() and not _has_git(Path(lane.directory)):
            message = f"{lane.directory} is in no git repository"
            faults.add(("lanes", name, "worktree"), message)


def worktree_findings(data: Path) -> Iterator[Fault]:
    """Worktrees that were kept, for somebody to look at."""
    kept = kept_trees(data)
    if kept:
        names = ", ".join(kept[:SHOWN_MAX]) + (", ..." if len(kept) > SHOWN_MAX else "")
        message = f"{len(kept)} worktrees with changes are kept: {names}"
        yield Fault("", None, message, severity="warning", file=str(data / FOLDER))


def why_no_walls(network: bool) -> str:
    """Why no sandbox can be had here; "" when one can."""
    if not builder():
        return "bwrap is not there; install bubblewrap"
    try:
        done = subprocess.run(
            trial(network), capture_output=True, timeout=TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no sandbox can be made here: {error}"
    said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return f"no sandbox can be made here: {said}" if done.returncode else ""


def _check_agents(
    at: Keys, action: Action, configuration: Configuration, search: str, faults: Faults
) -> None:
    """The programs that may be asked; one that nobody can ask this has been noted before."""
    for kind in (action.executor, *action.fallback):
        program = program_of(kind) if kind in PROGRAMS else None
        provider = configuration.executors.get(kind) or Provider()
        if program is None:
            continue
        ask = asked_of(action, kind, "", prompt_file=NOWHERE, executable=provider.command)
        with suppress(UnaskableError):
            found = resolved(program.command(ask)[0], NO_PLACE, search)
            if isinstance(found, NotStarted):
                is_first = kind == action.executor
                severity: Severity = "error" if is_first else "warning"
                key = "executor" if is_first else "fallback"
                faults.add((*at, key), found.detail, severity=severity)


def _check_tests(at: Keys, action: Action, place: Path, search: str, faults: Faults) -> None:
    for key in ("ready_command", "success_command", "probe_command"):
        command = getattr(action, key)
        if not any(command[:1]) or ("/" in command[0] and not command[0].startswith("/")):
            continue  # It may come with what the run works on.
        found = resolved(command[0], place, search)
        if isinstance(found, NotStarted):
            faults.add((*at, key), found.detail)


def _check_secrets(at: Keys, action: Action, environ: Mapping[str, str], faults: Faults) -> None:
    for name, where in action.secrets.items():
        here, kind, path = (*at, "secrets", name), *where.split(":", 1)
        known = found_in({name: where}, environ)
        if isinstance(known, NotStarted):
            faults.add(here, known.detail)
        elif kind == "file" and Path(path).stat().st_mode & 0o077:
            message = f"others may read {path}; say: chmod 600 {path}"
            faults.add(here, message, severity="warning")


def _check_context(at: Keys, action: Action, place: Path, faults: Faults) -> None:
    for nth, name in enumerate(action.context_files):
        if place != NO_PLACE or name.startswith("/"):
            for remark in gathered((name,), place).remarks:
                faults.add((*at, "context_files", nth), remark, severity="warning")


def _holds(place: Path, file: Path) -> bool:
    return file.resolve().is_relative_to(place.resolve())


def _has_git(directory: Path) -> bool:
    return any((folder / ".git").exists() for folder in (directory, *directory.parents))
