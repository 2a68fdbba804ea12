"""What becomes of a prompt that no configuration names, by whatever door it comes."""

import click
import pytest
from msgspec.json import Decoder, encode

from actors.planner.prompted import USUAL_USD_MICROS, completed
from events.catalogue import ARequest
from events.configuration import Action
from events.requests import WorkRequested
from horarium.commands.prompting import OPTIONS, action_of


def given(**said: object) -> dict[str, object]:
    return dict.fromkeys(OPTIONS) | {"prompt": "Why?", "executor": "claude"} | said


def taken_in(action: Action | None) -> Action:
    """As it stands in the log."""
    found = completed(WorkRequested("prompt", "k", action=action)).action
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "ceiling"),
    [
        ({}, USUAL_USD_MICROS),
        ({"executor": "kimi"}, USUAL_USD_MICROS),
        ({"executor": "ollama"}, 0),
        ({"ceiling": 250_000}, 250_000),
        ({"ceiling": 0}, 0),
    ],
    ids=["an agent", "of unknown cost", "on this machine", "as it is said", "nothing"],
)
def test_a_prompt_without_a_ceiling_does_not_close_its_category_with_the_first_call(
    said: dict[str, object], ceiling: int
) -> None:
    action = taken_in(action_of(given(**said), "{}"))
    assert (action.ceiling_usd_micros or 0, action.estimate_usd_micros) == (ceiling, ceiling)


@pytest.mark.parametrize("executor", ["claude", "kimi", "ollama"])
def test_a_stranger_who_says_nothing_gets_the_same_from_both_doors(executor: str) -> None:
    by_command = action_of(given(executor=executor), "{}")
    body = {
        "kind": "work-requested",
        "subject": "prompt",
        "key": "k",
        "action": {"executor": executor, "prompt": "Why?"},
    }
    by_http = Decoder(ARequest).decode(encode(body))
    assert isinstance(by_http, WorkRequested)
    assert taken_in(by_http.action) == taken_in(by_command)


def test_an_estimate_above_the_usual_ceiling_raises_it() -> None:
    action = taken_in(Action(executor="claude", prompt="Why?", estimate_usd_micros=2_000_000))
    assert action.ceiling_usd_micros == 2_000_000


def test_what_a_configuration_names_is_taken_in_as_it_is() -> None:
    asked = WorkRequested("read", "k")
    assert completed(asked) is asked


def test_what_goes_with_a_prompt_only_is_refused_without_one() -> None:
    with pytest.raises(click.UsageError, match="--lane goes with --prompt only"):
        action_of(given(prompt=None, executor=None, lane="repo"), "{}")
