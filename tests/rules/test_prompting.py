"""What stands in a prompt in the place of its variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from actors.executor.prompting import PROMPT_CHARACTERS_MAX, Told, prompt, unknown_variables
from events.configuration import Action
from events.runs import RunResult

BEFORE = RunResult(
    summary="Two gaps.",
    insights=("They come on Mondays.", "Both are old."),
    questions=("Who rings?",),
    data_json='{"answer":"Two gaps.\\nBoth are filled.","n":2}',
)
TOLD = Told(
    day="2026-11-20",
    phase="night",
    work="w7-1",
    attempt=2,
    input_json='{"topic":"bells","most":3,"none":null,"signal":{"from":"door","n":[1,2]}}',
    previous=BEFORE,
)
CASES = {
    "plain": ("Ring the bells.", "Ring the bells."),
    "of the run": ("{{day}} {{phase}} {{ work }} {{attempt}}", "2026-11-20 night w7-1 2"),
    "a text of the input": ("On {{input.topic}}.", "On bells."),
    "another value of the input": ("{{input.most}}/{{input.none}}/{{input.no}}", "3//"),
    "the step before": (
        "{{previous.summary}}|{{previous.answer}}",
        "Two gaps.|Two gaps.\nBoth are filled.",
    ),
    "its lists": ("{{previous.insights}}", "- They come on Mondays.\n- Both are old."),
    "its data": ("{{previous.data}}", BEFORE.data_json),
    "a signal": ("{{signal.from}} {{signal.n}} {{signal.x}}", "door [1,2] "),
    "a whole signal": ("{{signal}}", '{"from":"door","n":[1,2]}'),
    "braces": ("{{{{day}} {day} }}", "{{day}} {day} }}"),
}


@pytest.mark.parametrize(("template", "said"), CASES.values(), ids=CASES)
def test_a_variable_stands_for(template: str, said: str) -> None:
    assert prompt(template, TOLD) == said


def test_what_is_not_known_is_empty() -> None:
    template = "{{phase}}{{input.topic}}{{previous.answer}}{{signal.x}}{{signal}}"
    assert prompt(template, Told()) == ""


def test_without_an_answer_of_its_own_the_summary_is_the_answer() -> None:
    assert prompt("{{previous.answer}}", Told(previous=RunResult(summary="s"))) == "s"


def test_what_was_filled_in_is_not_looked_at_again() -> None:
    told = Told(day="d", input_json='{"topic":"{{day}} {{{{"}')
    assert prompt("{{input.topic}}", told) == "{{day}} {{{{"


@pytest.mark.parametrize(
    ("template", "unknown"),
    [
        ("{{day}}{{input.topic}}{{previous.data}}{{signal.any}}{{signal}}", ()),
        ("{{dya}} {{input.topik}} {{}}", ("dya", "input.topik", "")),
        ("{{previous}} {{previous.cost}} {{input}}", ("previous", "previous.cost", "input")),
        ("{{{{dya}} {dya}", ()),
    ],
)
def test_a_variable_that_nobody_declared_is_named(template: str, unknown: tuple[str, ...]) -> None:
    action = Action(prompt=template, input_json='{"topic":"bells"}')
    assert unknown_variables(action) == unknown


def test_a_prompt_is_at_most_one_character_too_long() -> None:
    told = Told(input_json=json.encode({"x": "y" * 60_000}).decode())
    assert len(prompt("{{input.x}}" * 1_000, told)) == PROMPT_CHARACTERS_MAX + 1


@given(st.text(alphabet="{} .dayinputsignal\n", max_size=80), st.text(max_size=40))
def test_whatever_stands_there_something_comes_of_it(template: str, given_text: str) -> None:
    told = Told(day="d", input_json=json.encode({"a": given_text, "signal": given_text}).decode())
    assert isinstance(prompt(template, told), str)
    assert prompt(template.replace("{", "("), told) == template.replace("{", "(")


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_input_is_put_in_as_it_is(before: str, value: str) -> None:
    template = before.replace("{", "") + "{{input.a}}"
    told = Told(input_json=json.encode({"a": value}).decode())
    assert prompt(template, told) == before.replace("{", "") + value
