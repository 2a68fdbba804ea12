"""What sweeps may be told to take, and which processes of others they may end."""

from collections.abc import Iterator

from events.configuration import Action, Configuration
from events.policies import Cleanup, Foreign
from horarium.configuration.fault import Faults, shown
from horarium.configuration.lines import Keys

# Programs that are so many things that a name says nothing; also with a version behind it.
_ANYTHING = (
    *("sh", "bash", "dash", "zsh", "fish", "busybox", "env", "sudo", "python", "pypy", "uv"),
    *("node", "nodejs", "bun", "deno", "perl", "ruby", "php", "java"),
)
_VERSION = "0123456789.-"
_OURS = ("horarium",)


def check_sweeps(all_: Configuration, faults: Faults) -> None:
    """Note what a sweep is told to take and cannot, and patterns that fit too much."""
    off = dict(_switched_off(all_.cleanup))
    for name, action in all_.actions.items():
        _check_parts(("actions", name, "sweeps"), action, off, faults)
    for name, foreign in all_.cleanup.foreign.items():
        _check_foreign(("cleanup", "foreign", name), foreign, faults)


def _check_parts(at: Keys, action: Action, off: dict[str, str], faults: Faults) -> None:
    if action.sweeps and action.executor != "sweep":
        message = f"the executor {shown(action.executor)} does not use it"
        faults.add(at, message, severity="warning")
        return
    for nth, part in enumerate(action.sweeps):
        if part in action.sweeps[:nth]:
            faults.add((*at, nth), f"{shown(part)} is there already", severity="warning")
        elif part in off:
            message = f"there is nothing of it to sweep without cleanup.{off[part]}"
            faults.add((*at, nth), message, severity="warning")


def _switched_off(settings: Cleanup) -> Iterator[tuple[str, str]]:
    """Each part that is not swept at all, and the setting that would change that."""
    if not settings.processes:
        yield "processes", "processes"
    if not settings.foreign:
        yield "foreign", "foreign"
    if settings.sockets_keep_seconds is None:
        yield "sockets", "sockets_keep"
    if settings.seal_every_records is None:
        yield "log", "seal_every_records"


def _check_foreign(at: Keys, foreign: Foreign, faults: Faults) -> None:
    program = foreign.program
    if "/" in program:
        faults.add((*at, "program"), "a path: give the name of the file alone")
    elif program in _OURS:
        faults.add((*at, "program"), "no sweep ends a process of ours by its name")
    elif program.rstrip(_VERSION) in _ANYTHING and not any(it.strip() for it in foreign.words):
        message = f"{shown(program)} may be anything: say with words which of them"
        faults.add((*at, "program"), message)
