"""The schedule of another agent: its jobs as they were, and the inputs at which it stumbled."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from events.policies import Policies
from horarium.configuration import load
from tests.rules.configuration_story import said

ROOT = Path(__file__).parents[2]
FOUND = load(ROOT / "examples" / "homer.toml", {})
CASES = tomllib.loads((ROOT / "tests" / "data" / "homer-bad-inputs.toml").read_text())["cases"]

OF_FEBRUARY = {
    "learning-engine": ("0 0 * * *", 900),
    "nightly-memory": ("0 1 * * *", 900),
    "moltbot-scan": ("0 3 * * *", 300),
    "homer-improvements": ("0 4 * * *", 600),
    "morning-brief": ("0 6 * * *", 600),
    "daily-ideas-review": ("0 7 * * *", 300),
    "planning-reminder": ("0 9 * * *", 300),
    "ideas-explore": ("0 */2 * * *", 600),
}
OF_AUGUST = {
    "link-processor": ("0 23 * * *", 1_200),
    "morning-review": ("0 9 * * *", 1_200),
    "memory-reindex": ("25 3 * * *", 1_200),
    "memory-embeddings": ("40 3 * * *", 1_200),
    "delta-upgrade-watch": ("5 4 * * *", 1_200),
    "telegram-registry-cleanup": ("20 4 * * *", 1_200),
    "db-backup": ("35 4 * * *", 1_200),
    "archive-verify": ("30 4 * * 0", 1_200),
    "nightly-code-push": ("20 5 * * *", 300),
    "docker-restart-weekly": ("0 5 * * 2", 1_200),
    "abvp-refresh": ("0 7 * * 2", 1_200),
    "content-scraper": ("0 22 * * 4", 1_200),
    "document-ingest": ("*/15 * * * *", 1_200),
    "freshness-escalation": ("15 * * * *", 1_200),
    "health-check": ("50 * * * *", 60),
    "daemon-cleanup": ("0 */2 * * *", 600),
    "session-maintenance": ("0 * * * *", 600),
    "reminder-check": ("*/30 * * * *", 600),
}
CHAINS = [
    ("idea-ingest", "ideas-explore"),
    ("ideas-explore", "idea-dedup"),
    ("job-hunt-discover", "job-hunt-daily-approval"),
    ("session-harvester", "session-summaries"),
    ("nightly-memory", "memory-embeddings"),
    ("nightly-memory", "memory-git-commit"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_input_at_which_another_stumbled_is_judged_here(
    case: dict[str, Any], tmp_path: Path
) -> None:
    assert said(tmp_path, case["text"]) == case["faults"]


@pytest.mark.parametrize("jobs", [OF_FEBRUARY, OF_AUGUST], ids=["february", "august"])
def test_the_example_holds_each_job_with_its_cron_and_its_timeout(
    jobs: dict[str, tuple[str, int]],
) -> None:
    intents, actions = FOUND.configuration.intents, FOUND.configuration.actions
    assert {intents[job].run for job in jobs} == set(jobs)
    assert {job: (intents[job].cron, actions[job].timeout_seconds) for job in jobs} == jobs


@pytest.mark.parametrize(("first", "second"), CHAINS)
def test_the_example_holds_each_chain(first: str, second: str) -> None:
    intents = FOUND.configuration.intents.values()
    runs = {name: intent.run for name, intent in FOUND.configuration.intents.items()}
    after = {(runs[each.after], each.run) for each in intents if each.after is not None}
    assert (first, second) in after


def test_the_example_has_no_fault_and_says_more_than_the_defaults() -> None:
    assert FOUND.warnings == ()
    policies = Policies.__struct_fields__
    chosen = {
        name
        for name, intent in FOUND.configuration.intents.items()
        if any(getattr(intent, policy) is not None for policy in policies)
    }
    assert set(OF_FEBRUARY) <= chosen
