"""Alerts and executors, as the configuration says them."""

import re
from datetime import time
from pathlib import Path

import pytest
from msgspec import json

from events.configuration import Configuration
from events.policies import Alerts, Provider, Quota
from events.settings import Hours
from horarium.configuration import load
from horarium.configuration.writing import written
from tests.rules.configuration_story import FREE, loaded, said

ROOT = Path(__file__).parents[2]
DEFAULTS = Alerts(
    budget_percents=(50, 80, 100),
    pace=True,
    failures_per_hour=3,
    breaker_failures=5,
    tell_over=False,
)
TELL = f"""{FREE}
[alerts]
ways = ["look"]
"""


@pytest.mark.parametrize("text", ["", "[alerts]\n", "[alerts]\nways = []\n"])
def test_what_a_file_leaves_out_is_filled_in(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text).alerts == DEFAULTS


def test_a_log_that_was_written_before_there_were_alerts_has_none() -> None:
    assert json.decode(b"{}", type=Configuration).alerts == Alerts()
    assert Alerts().breaker_failures is Alerts().failures_per_hour is None
    assert not (Alerts().pace or Alerts().budget_percents or Alerts().ways)


def test_what_is_filled_in_stands_in_the_log(tmp_path: Path) -> None:
    told = json.encode(loaded(tmp_path, ""))
    assert json.decode(told, type=Configuration).alerts == DEFAULTS


def test_what_a_file_says_wins(tmp_path: Path) -> None:
    text = f"""{TELL}
quiet = [{{ start = "22:00", end = "07:00", days = ["sat"] }}]
repeat = "90m"
budget_percents = [90]
pace = false
failures_per_hour = 10
breaker_failures = 2
"""
    assert loaded(tmp_path, text).alerts == Alerts(
        ways=("look",),
        quiet=(Hours(start=time(22), end=time(7), days=("sat",)),),
        repeat_seconds=5_400,
        budget_percents=(90,),
        failures_per_hour=10,
        breaker_failures=2,
        tell_over=False,
    )


def test_only_what_is_not_as_unsaid_is_written_back() -> None:
    assert written(DEFAULTS) == []
    assert written(Alerts(ways=("look",))) == [
        'ways = ["look"]',
        "budget_percents = []",
        "pace = false",
        "tell_over = true",
    ]


def test_an_executor_says_what_holds_for_its_runs(tmp_path: Path) -> None:
    text = """
[executors.claude]
command = ["/opt/claude"]
model = "opus"
concurrency = 2
rest_after_failures = 3
rest = "10m"
[executors.claude.quotas.five-hours]
window = "5h"
requests = 100
tokens = 2000000
usd = 1.5
[executors.claude.quotas.week]
window = "7d"
counted_from = "week"
usd = 20
[executors.command]
concurrency = 8
[actions.ask]
executor = "kimi-code"
prompt = "Hello"
"""
    found = loaded(tmp_path, text)
    assert found.executors == {
        "claude": Provider(
            command=("/opt/claude",),
            model="opus",
            concurrency=2,
            rest_after_failures=3,
            rest_seconds=600,
            quotas={
                "five-hours": Quota(
                    window_seconds=18_000,
                    requests=100,
                    tokens=2_000_000,
                    usd_micros=1_500_000,
                    holds_ceilings=True,
                ),
                "week": Quota(
                    window_seconds=604_800,
                    counted_from="week",
                    usd_micros=20_000_000,
                    holds_ceilings=True,
                ),
            },
        ),
        "command": Provider(concurrency=8),
    }
    assert found.actions["ask"].executor == "kimi-code"


QUIET_ALWAYS = """quiet = [
  { start = "07:00", end = "22:00" },
  { start = "21:00", end = "08:00" },
]
"""
FAULTS = {
    f'[alerts]\nways = ["lok"]\n{FREE}': (
        "2  alerts.ways[0]  unknown action 'lok' (did you mean 'look'?)"
    ),
    f'[alerts]\nways = ["look", "look"]\n{FREE}': (
        "2  alerts.ways[1]  warning: 'look' has been tried by then"
    ),
    "[alerts]\nbreaker_failures = 0\n": (
        "2  alerts.breaker_failures  0 is outside of what is allowed: 1 to 1000"
    ),
    "[alerts]\nrepeat = 6\n": (
        "2  alerts.repeat  6 is a duration without a unit (did you mean '6s'?)"
    ),
    f'{TELL}quiet = [{{ start = "07:00", end = "07:00" }}]\n': (
        "6  alerts.quiet  it leaves no time in which anybody could be told"
    ),
    f"{TELL}{QUIET_ALWAYS}": "6  alerts.quiet  it leaves no time in which anybody could be told",
    f'{TELL}quiet = [{{ start = "07:00", end = "08:00", days = [] }}]\n': (
        "6  alerts.quiet[0].days  warning: without days it never begins"
    ),
    "[executors.cloude]\n": "(did you mean 'claude'?)",
    '[executors.noop]\nmodel = "opus"\n': (
        "2  executors.noop.model  warning: the executor 'noop' does not use it"
    ),
    '[executors.codex.quotas.day]\nwindow = "1d"\n': (
        "1  executors.codex.quotas.day  warning: it limits nothing: give requests, tokens or usd"
    ),
    '[executors.codex.quotas.day]\nwindow = "1d"\nusd = 0\n': (
        "3  executors.codex.quotas.day.usd  0 would let one run through"
    ),
    "[executors.codex.quotas.day]\nusd = 5\n": (
        "1  executors.codex.quotas.day.window  it is missing"
    ),
    '[executors.codex.quotas.day]\nwindow = "1s"\nusd = 5\n': (
        "2  executors.codex.quotas.day.window  1s is outside of what is allowed: 1m to 366d"
    ),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.items(), ids=range(len(FAULTS)))
def test_what_is_wrong_is_named_by_line_and_key(tmp_path: Path, text: str, fault: str) -> None:
    [told] = said(tmp_path, text)
    assert fault in told
    assert told.startswith("config.toml:")


def test_without_ways_quiet_hours_may_be_endless(tmp_path: Path) -> None:
    text = '[alerts]\nquiet = [{ start = "07:00", end = "07:00" }]\n'
    assert said(tmp_path, text) == []


def test_the_ways_that_the_documents_show_are_in_order(tmp_path: Path) -> None:
    [shown] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "alerts.md").read_text(), re.S)
    assert said(tmp_path, shown) == []
    assert loaded(tmp_path, shown).alerts.ways == ("webhook", "ntfy", "mail")


def test_the_file_that_ships_shows_the_defaults() -> None:
    found = load(ROOT / "config.toml", {}).configuration
    assert found.alerts == DEFAULTS
    assert found.executors == {"command": Provider()}
    assert found.templates["look-around"].daily_usd_micros is None
