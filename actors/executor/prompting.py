"""What an agent is asked: a template of the configuration with its variables filled in.

| variable | what stands there |
|---|---|
| `{{day}}`, `{{phase}}`, `{{work}}`, `{{attempt}}` | of this run |
| `{{input.KEY}}` | that key of the input; only keys that the action's own `input` has |
| `{{previous.summary}}`, `.answer`, `.insights`, `.questions`, `.data` | of the step before |
| `{{signal}}`, `{{signal.KEY}}` | what the signal said that began it |

There is no other, so that a slip of the pen is found when the configuration is read. What is not
known is empty. `{{{{` stands for two braces. What was put in is never looked at again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import DecodeError, Struct, json

from events.configuration import Action
from events.runs import RunResult

PROMPT_CHARACTERS_MAX = 1 << 20
_MARK = re.compile(r"\{\{\{\{|\{\{\s*([^{}]{0,200}?)\s*\}\}")
_objects = json.Decoder(dict[str, Any])


class Told(Struct, frozen=True):
    """What the variables stand for."""

    day: str = ""
    phase: str = ""
    work: str = ""
    attempt: int = 1
    input_json: str = "{}"
    previous: RunResult | None = None


def unknown_variables(action: Action) -> tuple[str, ...]:
    """Those of its prompt that do not exist, in their order."""
    known = known_variables(action)
    return tuple(
        name for name in _names(action.prompt) if name not in known and name[:7] != "signal."
    )


def known_variables(action: Action) -> tuple[str, ...]:
    """All that its prompt may use, but for the keys of a signal."""
    inputs = (f"input.{key}" for key in _object(action.input_json))
    return (*_PLAIN, *(f"previous.{part}" for part in _PREVIOUS), "signal", *inputs)


def prompt(template: str, told: Told) -> str:
    """The template with its variables filled in, at most one character too long."""
    if "{{" not in template:
        return template[: PROMPT_CHARACTERS_MAX + 1]
    given = _object(told.input_json)
    parts: list[str] = []
    room = PROMPT_CHARACTERS_MAX + 1
    for part in _parts(template, told, given):
        parts.append(part[:room])
        room -= len(parts[-1])
        if not room:
            break
    return "".join(parts)


def _parts(template: str, told: Told, given: Mapping[str, Any]) -> Iterator[str]:
    after = 0
    for mark in _MARK.finditer(template):
        yield template[after : mark.start()]
        yield "{{" if mark[1] is None else _value(mark[1], told, given)
        after = mark.end()
    yield template[after:]


def _names(template: str) -> Iterator[str]:
    return (mark[1] for mark in _MARK.finditer(template) if mark[1] is not None)


def _value(name: str, told: Told, given: Mapping[str, Any]) -> str:
    first, _, rest = name.partition(".")
    if name in _PLAIN:
        return str(getattr(told, name))
    if first == "input":
        return _text(given.get(rest))
    if first == "previous" and told.previous is not None and rest in _PREVIOUS:
        return _PREVIOUS[rest](told.previous)
    if first == "signal":
        said = given.get("signal")
        return _text(said if not rest else said.get(rest) if isinstance(said, dict) else None)
    return ""


def _text(value: object) -> str:
    """A text as it is, nothing as nothing, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.encode(value).decode()


def _object(text: str) -> dict[str, Any]:
    try:
        return _objects.decode(text)
    except (DecodeError, RecursionError):
        return {}


def _list(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _answer(result: RunResult) -> str:
    answer = _object(result.data_json).get("answer")
    return answer if isinstance(answer, str) else result.summary


_PLAIN = ("day", "phase", "work", "attempt")
_PREVIOUS: dict[str, Callable[[RunResult], str]] = {
    "summary": lambda result: result.summary,
    "answer": _answer,
    "insights": lambda result: _list(result.insights),
    "questions": lambda result: _list(result.questions),
    "data": lambda result: result.data_json,
}
