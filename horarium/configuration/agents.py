"""What is asked of agents and by http: whether they can be asked it, before anything is spent."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from actors.executor.programs.registry import program_of
from actors.executor.prompting import known_variables, unknown_variables
from actors.executor.talk import asked_of
from events.configuration import Action, Configuration
from events.policies import Provider
from events.settings import PROGRAMS, ExecutorKind
from horarium.configuration.fault import Faults, shown
from horarium.configuration.lines import Keys

SOMEWHERE = "/run/prompt"  # No program is asked with it.
_SECRET = re.compile(r"\$\{([^}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_OF_AGENTS = ("model", "permission", "allowed_tools", "max_turns", "fallback", "context_files")
_OF_HTTP = ("url", "headers", "ok_statuses")
_LATIN = "\xff"  # the last of its letters
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_agents(all_: Configuration, faults: Faults) -> None:
    """Note prompts that cannot be filled in, and what no program can be asked."""
    for name, action in all_.actions.items():
        check_asked(("actions", name), action, all_.executors, faults)


def check_asked(
    at: Keys, action: Action, providers: dict[ExecutorKind, Provider], faults: Faults
) -> None:
    """Likewise of one action, which may stand in no configuration."""
    for key in _unused(action):
        message = f"the executor {shown(action.executor)} does not use it"
        faults.add((*at, key), message, severity="warning")
    if action.executor in PROGRAMS:
        _check_agent(at, action, providers, faults)
    elif action.executor == "http":
        _check_request(at, action, faults)
    for name in unknown_variables(action):
        known = known_variables(action)
        if name.startswith("input.") and not any(one.startswith("input.") for one in known):
            known = ()  # What was meant is an input that nobody has declared.
        message = f"there is no variable {shown(name)}; an input is declared in `input`"
        faults.add((*at, "prompt"), message, faults.meant(name, known))


def _check_agent(
    at: Keys, action: Action, providers: dict[ExecutorKind, Provider], faults: Faults
) -> None:
    if not action.prompt.strip():
        faults.add((*at, "prompt"), f"{shown(action.executor)} is asked nothing")
    for place, key, why in _refusals(action, providers):
        here = (*at, key) if place == () else (*at, *place)
        faults.add(here, why)
    for nth, kind in enumerate(action.fallback):
        if kind in (action.executor, *action.fallback[:nth]):
            faults.add((*at, "fallback", nth), f"{shown(kind)} has been asked by then")


def _refusals(
    action: Action, providers: dict[ExecutorKind, Provider]
) -> Iterator[tuple[Keys, str, str]]:
    """Where, about which key, and why a program of the chain cannot be asked."""
    chain: list[tuple[Keys, ExecutorKind]] = [((), action.executor)]
    chain += [(("fallback", nth), kind) for nth, kind in enumerate(action.fallback)]
    for place, kind in chain:
        program = program_of(kind)
        own_model = "" if place else action.model
        model = own_model or (providers.get(kind) or Provider()).model
        ask = asked_of(action, kind, model, prompt_file=SOMEWHERE)
        for fault in () if program is None else program.faults(ask):
            key, _, why = fault.partition(": ")
            yield place, key, why


def _check_request(at: Keys, action: Action, faults: Faults) -> None:
    url = _address(action.url)
    if url is None:
        faults.add((*at, "url"), f"{shown(action.url)} is no address of http or https")
    elif action.secrets and url.scheme == "http" and url.hostname not in _LOOPBACK:
        message = "its secrets would be sent where others can read them: use https"
        faults.add((*at, "url"), message, severity="warning")
    if action.fallback:
        faults.add((*at, "fallback"), "only an agent can be asked in the place of another")
    for keys, text in (
        (("url",), action.url),
        *((("headers", name), value) for name, value in action.headers.items()),
    ):
        for name in _SECRET.findall(text):
            if name not in action.secrets:
                message = f"there is no secret {shown(name)}; it is declared in `secrets`"
                faults.add((*at, *keys), message, faults.meant(name, action.secrets))
    for name, value in action.headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable():
            faults.add((*at, "headers", name), "cannot be a header")
        elif not value.isascii() and max(value) > _LATIN:
            message = "a header may hold letters of Latin-1 only; the body may hold any"
            faults.add((*at, "headers", name), message)


def _address(text: str) -> SplitResult | None:
    """The parts of an address, each secret taken for a digit; None when nobody can be asked."""
    plain = _SECRET.sub("1", text)
    try:
        url = urlsplit(plain)
        is_one = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:
        return None
    is_sent = plain.isprintable() and " " not in plain and (url.path + url.query).isascii()
    return url if is_one and is_sent else None


def _unused(action: Action) -> Iterator[str]:
    """Settings of others. What is missing altogether is said already."""
    if action.executor == "command" and not action.command:
        return
    is_agent, is_http = action.executor in PROGRAMS, action.executor == "http"
    if action.prompt and not (is_agent or is_http):
        yield "prompt"
    for key in () if is_agent else _OF_AGENTS:
        if getattr(action, key) and not (is_http and key == "fallback"):
            yield key
    for key in () if is_http else _OF_HTTP:
        if getattr(action, key):
            yield key
    if action.method != "POST" and not is_http:
        yield "method"
