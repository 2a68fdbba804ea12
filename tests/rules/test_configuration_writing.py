"""Settings that are written as they were read."""

import tomllib
from pathlib import Path

import pytest

from events.configuration import Intent
from horarium.configuration import load
from horarium.configuration.fault import Faults
from horarium.configuration.shapes import Place, table
from horarium.configuration.writing import written
from tests.rules.configuration_story import CONTEXT, FREE, loaded

HOUSE = FREE + "[[phases]]\nname = 'night'\nstart = '22:00'\nend = '06:00'\n"


@pytest.mark.parametrize(
    "lines",
    [
        ['on = { signal = "x" }'],
        ['at = "now"'],
        ['every = "3s"'],
        ['every = "1h30m"', 'from = "completion"', "max_runs = 3", "enabled = false"],
        ['at = "2027-01-01T08:00:00Z"', 'input = { "a b" = true, deep = { list = [1, "two"] } }'],
        [
            'cron = "0 5 * * *"',
            'phases = ["night"]',
            'windows = [{ start = "05:00", end = "06:30", days = ["mon"] }]',
            'exclude = [{ first = "2026-12-24", last = "2026-12-26" }]',
            'misfire = "within"',
            'misfire_window = "1h"',
        ],
    ],
)
def test_an_intent_is_written_as_the_configuration_writes_it(
    tmp_path: Path, lines: list[str]
) -> None:
    text = "\n".join(['[intents.a]\nrun = "look"', *lines])
    assert written(loaded(tmp_path, HOUSE + text).intents["a"]) == ['run = "look"', *lines]


def test_what_is_written_is_read_as_the_same() -> None:
    for intent in load(Path("examples/homer.toml"), {}).configuration.intents.values():
        faults = Faults("config.toml")
        raw = tomllib.loads("\n".join(written(intent)))
        assert table(Intent).read(raw, Place((), faults, CONTEXT)) == intent
        assert faults.found == []
