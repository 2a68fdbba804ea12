"""Whether what the actions run is there: programs, Python functions, directories of lanes."""

import ast
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from actors.executor.environment import allowed
from actors.executor.spawning import NotStarted, arguments, resolved
from events.configuration import Action, Configuration
from horarium.configuration.fault import Faults, nearest
from horarium.configuration.lines import Keys

SOURCE_MAX_BYTES = 4 << 20
NO_PLACE = Path("/nonexistent")  # A work folder of its own, which is new and empty.


def check_lanes(configuration: Configuration, faults: Faults) -> None:
    """Note lanes whose directory is missing or closed to us."""
    for name, lane in configuration.lanes.items():
        at = ("lanes", name, "directory")
        if not lane.directory:
            continue
        if not Path(lane.directory).is_dir():
            faults.add(at, f"there is no directory {lane.directory}")
        elif not os.access(lane.directory, os.R_OK | os.X_OK):
            faults.add(at, f"the directory {lane.directory} may not be entered")


def check_programs(
    configuration: Configuration, faults: Faults, environ: Mapping[str, str]
) -> None:
    """Note commands and functions that no run could find."""
    for name, action in configuration.actions.items():
        names = (*configuration.executor.environment, *action.pass_environment)
        seen = allowed(names, environ) | action.environment
        directory = configuration.lane(action.lane).directory
        if action.executor == "command" and any(action.command[:1]):
            _check_command(("actions", name, "command"), action, directory, seen, faults)
        elif action.executor == "python" and ":" in action.function:
            trouble, meant = missing_function(action.function, _search(seen, directory))
            if trouble:
                faults.add(("actions", name, "function"), trouble, meant)


def _check_command(
    at: Keys, action: Action, directory: str, seen: Mapping[str, str], faults: Faults
) -> None:
    program = arguments(action)[0]
    place = Path(directory) if directory else NO_PLACE
    found = resolved(program, place, seen.get("PATH", os.defpath))
    if isinstance(found, NotStarted) and (Path(directory).is_dir() or not directory):
        own = "/" in program and not program.startswith("/") and not directory
        if own:
            message = f"'{program}' is looked for in the work's own folder, which begins empty"
            faults.add(at, message, severity="warning")
        else:
            faults.add(at, found.detail)


def _search(seen: Mapping[str, str], directory: str) -> list[str]:
    """Where a function's module is looked for besides the places of every module."""
    before = [path for path in seen.get("PYTHONPATH", "").split(os.pathsep) if path]
    return [*before, *([directory] if directory else [])]


def missing_function(function: str, search: Sequence[str]) -> tuple[str, str]:
    """Why "module:name" cannot be called, and what was probably meant; "" when it can.

    Nothing is imported: modules are looked up, and the last one is parsed.
    """
    module, _, name = function.partition(":")
    if loaded := sys.modules.get(module):
        return ("", "") if hasattr(loaded, name) else _without(module, name, dir(loaded))
    spec = _spec_of(module, search)
    if spec is None:
        return f"there is no module '{module}'", ""
    source = Path(spec.origin or "")
    if source.suffix != ".py" or source.stat().st_size > SOURCE_MAX_BYTES:
        return "", ""
    try:
        names = set(_bound(_statements(source)))
    except (SyntaxError, ValueError, OSError, RecursionError) as error:
        return f"the module '{module}' cannot be read: {error}", ""
    if name in names or names & {"*", "__getattr__"}:
        return "", ""
    return _without(module, name, names)


def _without(module: str, name: str, names: Iterable[str]) -> tuple[str, str]:
    return f"the module '{module}' has no function '{name}'", nearest(name, names)


def _statements(source: Path) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What it warns of is the author's concern.
        return ast.parse(source.read_bytes()).body


def _spec_of(module: str, search: Sequence[str]) -> ModuleSpec | None:
    """Like `importlib.util.find_spec`, which would import the packages around a module."""
    spec: ModuleSpec | None = None
    within: Sequence[str] | None = None
    parts = module.split(".")
    for nth in range(1, len(parts) + 1):
        name = ".".join(parts[:nth])
        spec = _found(name, within) or (PathFinder.find_spec(name, search) if nth == 1 else None)
        if spec is None or (nth < len(parts) and spec.submodule_search_locations is None):
            return None
        within = list(spec.submodule_search_locations or ())
    return spec


def _found(name: str, within: Sequence[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if spec := finder.find_spec(name, within):
            return spec
    return None


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that statements at the top of a module bind; "*" when they cannot be known."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((each.asname or each.name).partition(".")[0] for each in names)
            case ast.Assign(targets=targets):
                yield from (each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If() | ast.Try() | ast.With():
                yield from _bound(list(_inside(statement)))


def _inside(statement: ast.If | ast.Try | ast.With) -> Iterator[ast.stmt]:
    yield from statement.body
    yield from getattr(statement, "orelse", ())
    yield from getattr(statement, "finalbody", ())
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body
