"""Calls a Python function as a job: `python -m horarium.jobs.call module:function [FILE]`.

The function gets a dict and answers with a dict. The dict comes as JSON from FILE, else from the
file that HORARIUM_INPUT names, else from standard input. The answer goes as JSON to the file that
HORARIUM_RESULT names, else to standard output; one without any of the keys that a job may report
is reported whole as its `data`. Exit code 0; 1 when there is no such function, when it raises or
when it answers with something else; 2 when it was called wrongly.

It imports nothing but the standard library, for each such job waits for it.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

KEYS = ("summary", "insights", "questions", "cost_usd", "tokens", "artifacts", "data")
USAGE = "usage: python -m horarium.jobs.call module:function [FILE]\n"


class JobError(Exception):
    """What was asked for cannot be called, or its answer not be used; the text is a sentence."""


def main(arguments: Sequence[str]) -> int:
    """Call it, and say by the exit code how it went."""
    if not 1 <= len(arguments) <= 2:
        sys.stderr.write(USAGE)
        return 2
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # What was printed before a kill is kept.
    sys.path.append(str(Path.cwd()))  # Last, so that nothing there passes for a known module.
    try:
        put(called(found(arguments[0]), given(arguments[1:])))
    except JobError as error:
        sys.stderr.write(f"{error}\n")
    except Exception as error:
        _print(error)
    else:
        return 0
    return 1


def found(name: str) -> Callable[[dict[str, Any]], object]:
    """The function of that name."""
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise JobError(f"{name!r} is not of the form module:function")
    value: object = import_module(module)
    for part in function.split("."):
        value = getattr(value, part, None)
    if not callable(value):
        raise JobError(f"module {module} has no function {function}")
    return value


def given(files: Sequence[str]) -> dict[str, Any]:
    """The input."""
    file = files[0] if files else os.environ.get("HORARIUM_INPUT")
    try:
        value = json.loads(Path(file).read_text("utf-8") if file else sys.stdin.read())
    except (OSError, ValueError) as error:
        raise JobError(f"cannot read the input: {error}") from None
    if not isinstance(value, dict):
        raise JobError("the input is not a JSON object")
    return value


def called(function: Callable[[dict[str, Any]], object], value: dict[str, Any]) -> str:
    """Its answer as JSON."""
    answer = function(value)
    if not isinstance(answer, dict):
        raise JobError(f"it answered with {type(answer).__name__}, not with a dict")
    try:
        return json.dumps(answer if any(key in answer for key in KEYS) else {"data": answer})
    except (TypeError, ValueError, RecursionError) as error:
        raise JobError(f"its answer cannot be written as JSON: {error}") from None


def put(answer: str) -> None:
    """Hand the answer over."""
    file = os.environ.get("HORARIUM_RESULT")
    if file:
        Path(file).write_text(answer, "utf-8")
    else:
        sys.stdout.write(f"{answer}\n")


def _print(error: Exception) -> None:
    """The traceback without the part that is ours."""
    ours = error.__traceback__
    while ours is not None and ours.tb_frame.f_code.co_filename == __file__:
        ours = ours.tb_next
    traceback.print_exception(error.with_traceback(ours))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
