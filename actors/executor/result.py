"""What a job says of itself, read with suspicion: a pure function of bytes that never raises.

A job may say `summary`, `insights`, `questions`, `cost_usd`, `tokens`, `artifacts` and `data`, as
a JSON object in the file that HORARIUM_RESULT names or as the last line that it prints. Whole
numbers of more than 64 bits within `data` become floating.
"""

import json
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import msgspec

from events.runs import ResultFault, RunResult

BYTES_MAX = 32 * 1024
DEPTH_MAX = 32
COST_USD_MAX = 1_000_000
TOKENS_MAX = 10**15


class Reported(NamedTuple):
    """A result, or why there is none; neither, when the job said nothing."""

    result: RunResult | None = None
    fault: ResultFault | None = None


class FaultError(ValueError):
    """A value that is not what it should be; its argument is the ResultFault."""


NOTHING = Reported()


def filed(raw: bytes) -> Reported:
    """The result in a file. Whatever is there was meant as one."""
    return _read(raw) if raw.strip() else NOTHING


def printed(line: bytes) -> Reported:
    """The result on a line, if it is one: an object with at least one of our keys."""
    line = line.strip()
    if not (line.startswith(b"{") and line.endswith(b"}") and _KEY.search(line)):
        return NOTHING
    return _read(line)


def claimed(head: bytes) -> bool:
    """Whether a line that begins so would be taken for a result."""
    return head.lstrip().startswith(b"{") and _KEY.search(head) is not None


def _read(raw: bytes) -> Reported:
    try:
        result = _understood(_decoded(raw))
    except FaultError as fault:
        return Reported(None, fault.args[0])
    return Reported(result)


def _decoded(raw: bytes) -> dict[str, Any]:
    import orjson  # Only here, for few jobs report anything and a keeper is to be small.

    if len(raw) > BYTES_MAX or depth(raw) > DEPTH_MAX:
        raise FaultError("too_large")
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise FaultError(_why_not(raw)) from None
    if not isinstance(said, dict):
        raise FaultError("not_an_object")
    return said


def _why_not(raw: bytes) -> ResultFault:
    """Python writes NaN and Infinity as if they were JSON; as a cost they deserve their name."""
    try:
        said = json.loads(raw, parse_constant=lambda _: _NotFinite())
    except (ValueError, RecursionError):
        return "not_json"
    cost = said.get("cost_usd") if isinstance(said, dict) else None
    return "absurd_cost" if isinstance(cost, _NotFinite) else "not_json"


class _NotFinite:
    """NaN, Infinity or -Infinity."""


def _understood(said: dict[str, Any]) -> RunResult | None:
    known = {key: said[key] for key in _READERS if said.get(key) is not None}
    if not known:
        return None
    read = dict(_READERS[key](value) for key, value in known.items())
    result = RunResult(**read)
    if len(msgspec.json.encode(result)) > BYTES_MAX:
        raise FaultError("too_large")
    return result


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FaultError("wrong_types")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise FaultError("wrong_types")
    return tuple(map(_text, value))


def _artifacts(value: object) -> tuple[str, ...]:
    names = _texts(value)
    if not all(map(_is_within, names)):
        raise FaultError("wrong_types")
    return names


def _is_within(name: str) -> bool:
    """Whether it names something in the work folder, without a way out of it."""
    path = PurePosixPath(name)
    return bool(path.parts) and ".." not in path.parts and name[0] != "/" and "\0" not in name


def _cost(value: object) -> int:
    """Whole micro-dollars, by the number as it was written and not as it is stored."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FaultError("absurd_cost")
    if not 0 <= value <= COST_USD_MAX:
        raise FaultError("absurd_cost")
    micros = (Decimal(repr(value)) * 1_000_000).to_integral_value(ROUND_HALF_UP)
    return int(micros)


def _tokens(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= TOKENS_MAX:
        raise FaultError("wrong_types")
    return value


def _json(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()


_READERS: dict[str, Callable[[object], tuple[str, Any]]] = {
    "summary": lambda value: ("summary", _text(value)),
    "insights": lambda value: ("insights", _texts(value)),
    "questions": lambda value: ("questions", _texts(value)),
    "cost_usd": lambda value: ("cost_usd_micros", _cost(value)),
    "tokens": lambda value: ("tokens", _tokens(value)),
    "artifacts": lambda value: ("artifacts", _artifacts(value)),
    "data": lambda value: ("data_json", _json(value)),
}
KEYS = tuple(_READERS)
_KEY = re.compile(rb'"(?:%s)"\s*:' % "|".join(KEYS).encode())
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


def depth(raw: bytes) -> int:
    """How deep lists and objects stand in each other, found without recursion."""
    deepest = now = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", raw)):
        now += 1 if bracket in b"[{" else -1
        deepest = max(deepest, now)
    return deepest
