"""Agents and requests by http, from a line of the configuration to the bill."""

import json
import shutil
from pathlib import Path

import pytest

from events.runs import RunClosed, RunEnded, RunStarting, Usage
from horarium.configuration.loading import load
from horarium.places import places
from tests.living.agent_story import Server, made_gate, server, standing_in
from tests.whole.daemon_story import house, living

pytestmark = pytest.mark.living

EXAMPLES = Path(__file__).parents[2] / "examples"
MONEY = """
[budget]
daily_usd = 5
reserve_usd = 0
categories = { general = "100%" }
"""


def test_an_agent_is_asked_metered_and_closed_and_the_next_step_hears_its_answer(
    tmp_path: Path,
) -> None:
    with server() as address:
        config = f"""{MONEY}
[executors.claude]
command = {json.dumps(standing_in("claude"))}
[actions.think]
executor = "claude"
prompt = "Think of {{{{input.topic}}}}, attempt {{{{attempt}}}}."
input = {{ topic = "bells" }}
ceiling_usd = 0.5
[actions.tell]
executor = "http"
url = "{address}/well"
prompt = "It said: {{{{previous.answer}}}}"
[templates.both]
actions = ["think", "tell"]
"""
        here = house(tmp_path, config)
        with living(here) as daemon:
            work = daemon.request("both", input_json='{"topic":"clocks"}')
            assert daemon.finished(work) == ["completed"]
            first, _ = daemon.closed(work)
            starting = daemon.facts(RunStarting, run=first.run)[0]
            ended = daemon.facts(RunEnded, run=first.run)[0]
            shown = daemon.projected().command("output", first.run).stdout

    assert (starting.executor, starting.ceiling_usd_micros) == ("claude", 500_000)
    assert (ended.turns, ended.usage) == (3, Usage(1219, 902, 31500, 2210))
    assert ended.model == "claude-sonnet-4-5-20250929" and ended.session
    assert (first.outcome, first.cost_usd_micros, first.cost_source) == (
        "succeeded",
        31_923,
        "reported",
    )
    assert (first.executor, first.tokens) == ("claude", 35_831)
    assert "Bash: cat rota/week19.csv\n" in shown
    prompt = here.data / "runs" / first.run / "prompt"
    assert prompt.read_text() == "Think of clocks, attempt 1."
    assert Server.seen[-1][3].startswith(b"It said: The rota for week 19 had two gaps.")


def test_an_agent_is_stopped_at_its_ceiling_and_what_it_cost_is_charged(tmp_path: Path) -> None:
    gate = made_gate(tmp_path)
    words = standing_in("claude", "", "--gate", str(gate), "--lines", "4")
    config = f"""{MONEY}
[prices]
"claude-*" = {{ input_usd = 3, output_usd = 15 }}
[executors.claude]
command = {json.dumps(words)}
[actions.think]
executor = "claude"
prompt = "Think."
ceiling_usd = 0.03
"""
    with living(house(tmp_path, config)) as daemon:
        work = daemon.request("think")
        assert daemon.finished(work) == ["failed"]
        (closed,) = daemon.closed(work)
        (ended,) = daemon.facts(RunEnded)

    assert ended.trouble == "at_ceiling"
    assert closed.cost_source == "priced"
    assert closed.cost_usd_micros == ended.priced_usd_micros
    assert closed.cost_usd_micros is not None and 30_000 <= closed.cost_usd_micros < 100_000


def test_the_night_of_the_example_is_done_with_its_stand_ins_under_its_cap(tmp_path: Path) -> None:
    for name in ("overnight.toml", "overnight_agent.py"):
        shutil.copy(EXAMPLES / name, tmp_path)
    here = places(str(tmp_path / "overnight.toml"), str(tmp_path / "data"))
    with living(here) as daemon:
        works = [daemon.request("mending"), daemon.request("morning-paper")]
        assert daemon.finished(*works) == ["completed", "completed"]
        closed = daemon.facts(RunClosed)
        told = daemon.projected().told("budget")

    assert [run.executor for run in closed if run.work == works[0]] == ["claude", "claude", "codex"]
    assert [run.executor for run in closed if run.work == works[1]] == ["gemini"]
    assert all(run.cost_source == "reported" for run in closed if run.executor == "claude")
    assert 0 < told["settled_usd_micros"] <= 5_000_000


def test_the_real_night_is_three_lines_away(tmp_path: Path) -> None:
    lines = (EXAMPLES / "overnight.toml").read_text().splitlines()
    real = [line for line in lines if ".command = " not in line]
    (tmp_path / "overnight.toml").write_text("\n".join(real))
    found = load(tmp_path / "overnight.toml", {})

    assert len(lines) - len(real) == 3
    assert all(not provider.command for provider in found.configuration.executors.values())
    assert found.configuration.budget.daily_usd_micros == 5_000_000
