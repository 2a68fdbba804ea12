"""The executor that docs/executors.md adds in a page of code, as it stands there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.executor.processes import Processes
from actors.executor.programs import registry
from actors.executor.programs.program import Ask
from events.configuration import Action
from horarium.configuration.loading import faults
from tests.living.process_story import Told, brief_of, now

PAGE = (Path(__file__).parents[2] / "docs" / "executors.md").read_text("utf-8")
CODE, PRINTED = re.findall(
    r"^```python\n(.*?)^```.*?^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
)[0]
NAME = "actors.executor.programs.llm"


@pytest.fixture(scope="module")
def llm() -> Iterator[Any]:
    module = ModuleType(NAME)
    exec(compile(CODE, "docs/executors.md", "exec"), module.__dict__)  # noqa: S102  Our own page.
    sys.modules[NAME] = module
    yield module.Llm()
    del sys.modules[NAME]


@pytest.mark.living
def test_it_is_run_heard_and_counted_like_every_other(
    llm: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.PLACES, "llm", ("llm", "Llm"))  # type: ignore[misc]
    registry.program_of.cache_clear()
    (tmp_path / "printed").write_text(PRINTED)
    told, kind = Told(), "llm"
    words = ("/bin/sh", "-c", f'cat > {tmp_path}/asked; cat {tmp_path}/printed; echo "$@" >&2', "-")
    asked = {"executor": kind, "prompt": "What is a bell?", "model": "m-1", "program": words}
    house = Processes(tmp_path / "data", told, now)
    house.start(brief_of(Action(executor=kind, prompt="x"), **asked), 42)  # type: ignore[arg-type]
    ended = told.ended()
    house.close(0)
    registry.program_of.cache_clear()

    assert (ended.trouble, ended.is_done, ended.turns) == (None, True, 1)
    assert ended.result is not None and ended.usage is not None
    assert ended.result.summary == "Bells are cast, not built."
    assert (ended.usage.input, ended.usage.output) == (1_204, 17)
    assert (tmp_path / "asked").read_text() == "What is a bell?"
    assert "prompt --usage --model m-1" in ended.tail


def test_it_refuses_what_it_cannot_be_held_to(llm: Any) -> None:
    assert llm.faults(Ask(permission="edit", allowed_tools=("Read",)))
    assert llm.faults(Ask(model="m-1", permission="plan")) == ()


@given(st.lists(st.binary(max_size=60) | st.just(b"Token usage: 1 input, 2 output"), max_size=9))
def test_its_reader_raises_nothing_and_makes_up_no_success(llm: Any, lines: list[bytes]) -> None:
    reader = llm.reader(Ask())
    for line in lines:
        reader.feed(line)

    assert reader.end(1).trouble is not None
    assert reader.end(None).trouble is not None


@pytest.mark.parametrize("text", re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
def test_what_the_page_shows_of_a_configuration_is_in_order(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)

    assert [fault for fault in faults(file, {}) if fault.severity == "error"] == []
