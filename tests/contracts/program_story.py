"""What a stranger may print: bytes, text, and events that are almost right."""

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

DATA = Path(__file__).parents[1] / "data" / "programs"
WORDS = (
    "assistant",
    "rejected",
    "error_max_turns",
    "Infinity",
    "60",
    "\ud800",
    "one\rtwo\x1b[2J",
    "resets 25:99pm (A/B)",
    "usage limit: try again in 99999999 weeks",
    "usage limit, try again in 3 days",
    "usage limit: try again at Aug 8th, 2026 12:30 PM",
    "rate limit, resets Feb 31 at 4pm (UTC)",
    "rate limit, resets 3am (Europe/Berlin)",
    "usage limit reached|9999999999",
)
TEXTS = b"""{
}
  "response": "x",
Tokens: 1k sent, 2 received. Cost: $1 message, $2 session.
Tokens: 999999999k sent, 1.9k cache write, 1 received
Error: 429
litellm.RateLimitError: x
eval count: 5 token(s)
\x1b[2J
{"a":NaN}
{"type":"result","result":"x","total_cost_usd":%s,"num_turns":%s,"api_error_status":%s}
{"type":"turn.completed","usage":{"input_tokens":%s}}
{"type":"error","error":{"name":"APIError","data":{"statusCode":%s}}}
{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":%s}}
Max number of steps reached: 1""".replace(b"%s", b"9" * 400).split(b"\n")


def keys() -> list[str]:
    """All keys that any program prints."""
    found: set[str] = set()
    for file in DATA.glob("*/*.jsonl"):
        for line in file.read_bytes().splitlines():
            found.update(re.findall(r'"([\w-]+)":', line.decode()))
    return sorted(found)


def lines_of(program: str) -> list[bytes]:
    """All lines of the files of a program."""
    files = sorted((DATA / program).iterdir())
    return sorted({line for file in files for line in file.read_bytes().splitlines()})


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a value, as deep as it goes."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=30)
)
KEYED = st.sampled_from(keys())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYED, inner, max_size=4),
    max_leaves=6,
)


@st.composite
def almost_right(draw: st.DrawFn, program: str) -> bytes:
    """A line that the program prints, with another value in one place or two, or cut."""
    line = draw(st.sampled_from(lines_of(program)))
    try:
        said = json.loads(line)
    except ValueError:
        return line[: draw(st.integers(0, len(line)))]
    for _ in range(draw(st.integers(0, 2))):
        said = _other(said, draw(st.sampled_from(places(said))), draw(VALUES))
    return json.dumps(said).encode()


def _other(said: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    inner = said
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return said


def printed(program: str) -> st.SearchStrategy[list[bytes]]:
    """What it may print in one run."""
    line = almost_right(program) | st.binary(max_size=60) | st.sampled_from(TEXTS)
    return st.lists(line, max_size=10)
