"""Functions called as jobs: a dict in, a dict out."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.executor.processes import Processes
from events.configuration import Action
from events.runs import RunEnded, RunResult
from horarium.jobs import call
from tests.living.process_story import ANSWERS, Told, brief_of, now

JOBS = """
import sys

def greet(given):
    print("working")
    return {"summary": f"hello {given['name']}", "cost_usd": 0.25}

def count(given):
    return {"n": len(given)}

def fail(given):
    raise LookupError("nobody at home")

def leave(given):
    sys.exit(7)

def silent(given):
    return None

def strange(given):
    return {"data": object()}

def paths(given):
    import horarium
    return {"data": {"horarium": horarium.__file__, "last": sys.path[-1]}}

value = 3
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work/w1-1"
    folder.mkdir(parents=True)
    (folder / "jobs.py").write_text(JOBS)
    return folder


def run(data: Path, function: str, input_json: str = "{}") -> RunEnded:
    told = Told()
    door = Processes(data, told, now)
    action = Action(executor="python", function=function, input_json=input_json)
    door.start(brief_of(action), ANSWERS)
    ended = told.ended()
    door.close(0)
    return ended


@pytest.mark.living
def test_a_function_gets_a_dict_and_its_dict_is_the_result(tmp_path: Path, work: Path) -> None:
    ended = run(tmp_path, "jobs:greet", '{"name": "Ada"}')
    assert (ended.exit_code, ended.tail) == (0, "working\n")
    assert ended.result == RunResult(summary="hello Ada", cost_usd_micros=250_000)


@pytest.mark.living
def test_the_working_directory_comes_last_so_that_nothing_there_passes_for_ours(
    tmp_path: Path, work: Path
) -> None:
    for name in ("horarium", "json"):
        (work / name).mkdir()
        (work / name / "__init__.py").write_text("raise SystemExit('an impostor')")
    ended = run(tmp_path, "jobs:paths")
    assert ended.result is not None, ended.tail
    seen = json.loads(ended.result.data_json)
    assert not seen["horarium"].startswith(str(work))
    assert seen["last"] == str(work)


@pytest.mark.living
def test_a_function_that_raises_fails_with_its_traceback(tmp_path: Path, work: Path) -> None:
    ended = run(tmp_path, "jobs:fail")
    assert (ended.exit_code, ended.result) == (1, None)
    assert ended.tail.startswith("Traceback (most recent call last):\n")
    assert ended.tail.endswith("LookupError: nobody at home\n")
    assert "call.py" not in ended.tail


@pytest.fixture
def called(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Any]:
    """Calls it in this very process; answers with exit code, result and what was said of it."""
    result = tmp_path / "result.json"
    monkeypatch.chdir(work)
    monkeypatch.setenv("HORARIUM_RESULT", str(result))
    monkeypatch.delenv("HORARIUM_INPUT", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def go(*arguments: str, given: str = "{}") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        code = call.main(arguments)
        return code, result.read_text() if result.exists() else "", capsys.readouterr().err

    yield go
    sys.modules.pop("jobs", None)


def test_an_answer_without_our_keys_is_its_data(called: Any) -> None:
    assert called("jobs:count", given='{"a": 1, "b": 2}') == (0, '{"data": {"n": 2}}', "")


@pytest.mark.parametrize(
    ("function", "given", "said"),
    [
        ("jobs:silent", "{}", "it answered with NoneType, not with a dict\n"),
        ("jobs:strange", "{}", "its answer cannot be written as JSON"),
        ("jobs:missing", "{}", "module jobs has no function missing\n"),
        ("jobs:value", "{}", "module jobs has no function value\n"),
        ("jobs", "{}", "'jobs' is not of the form module:function\n"),
        ("jobs:", "{}", "'jobs:' is not of the form module:function\n"),
        ("jobs:count", "[1]", "the input is not a JSON object\n"),
        ("jobs:count", "{", "cannot read the input"),
        ("no_such_module:run", "{}", "Traceback"),
    ],
)
def test_what_cannot_be_called_says_why(called: Any, function: str, given: str, said: str) -> None:
    code, result, error = called(function, given=given)
    assert (code, result) == (1, "")
    assert error.startswith(said)


def test_the_input_may_be_a_file(called: Any, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "in.json").write_text('{"a": 1}')
    assert called("jobs:count", str(tmp_path / "in.json"))[1] == '{"data": {"n": 1}}'
    assert called("jobs:count", str(tmp_path / "no.json"))[0] == 1
    monkeypatch.setenv("HORARIUM_INPUT", str(tmp_path / "in.json"))
    assert called("jobs:count", given="{}")[1] == '{"data": {"n": 1}}'


def test_without_a_place_for_the_result_it_is_the_last_line(
    called: Any, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HORARIUM_RESULT")
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"name": "Ada"}'))
    assert call.main(["jobs:greet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["working", '{"summary": "hello Ada", "cost_usd": 0.25}']


def test_its_own_way_to_leave_is_respected(called: Any) -> None:
    with pytest.raises(SystemExit, match="7"):
        called("jobs:leave")


def test_it_is_called_with_one_function_and_at_most_one_file(called: Any) -> None:
    assert called()[0] == 2
    code, _, error = called("a", "b", "c")
    assert (code, error) == (2, call.USAGE)


def test_the_interpreter_of_a_job_waits_for_nothing_heavy() -> None:
    """Only the standard library: each job would pay for more."""
    program = (
        "import sys, horarium.jobs.call; "
        "print(sorted({'msgspec', 'orjson', 'pykka', 'click', 'loguru'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program]) == b"[]\n"
