"""What the command line makes of a prompt that no configuration names."""

import click
import pytest

from horarium.commands.prompting import OPTIONS, USUAL_USD_MICROS, action_of


def given(**said: object) -> dict[str, object]:
    return dict.fromkeys(OPTIONS) | {"prompt": "Why?", "executor": "claude"} | said


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
    action = action_of(given(**said), "{}")
    assert action is not None
    assert (action.ceiling_usd_micros or 0, action.estimate_usd_micros) == (ceiling, ceiling)


def test_what_goes_with_a_prompt_only_is_refused_without_one() -> None:
    with pytest.raises(click.UsageError, match="--lane goes with --prompt only"):
        action_of(given(prompt=None, executor=None, lane="repo"), "{}")
