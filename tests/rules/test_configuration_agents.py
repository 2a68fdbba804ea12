"""What agents and requests by http are asked: found wanting before anything is spent."""

from pathlib import Path

import pytest

from events.policies import Price
from tests.rules.configuration_story import loaded, said

MONEY = "[budget]\ndaily_usd = 5\ncategories = { general = '100%' }\n"
ASKED = "[actions.a]\nexecutor = 'claude'\nceiling_usd = 1\n"
PROMPT = ASKED + "prompt = 'Ring.'\n"
SENT = "[actions.a]\nexecutor = 'http'\n"
FAULTS = {
    "no prompt": (ASKED, 'a.prompt  "claude" is asked nothing'),
    "a slip of the pen": (
        ASKED + "prompt = '{{input.topik}}'\ninput = { topic = '' }",
        'a.prompt  there is no variable "input.topik"; an input is declared in `input` '
        "(did you mean 'input.topic'?)",
    ),
    "an input that nobody declared": (
        ASKED + "prompt = '{{input.topic}}'",
        'a.prompt  there is no variable "input.topic"; an input is declared in `input`',
    ),
    "a mode that it has not": (
        "[actions.a]\nexecutor = 'kimi'\nprompt = 'x'\npermission = 'edit'",
        "a.permission  kimi has no mode 'edit'; known are: plan, all",
    ),
    "tools that it cannot be held to": (
        "[actions.a]\nexecutor = 'kimi'\nprompt = 'x'\nallowed_tools = ['Read']",
        "a.allowed_tools  kimi cannot be told which tools it may use",
    ),
    "a model that is an option": (PROMPT + "model = '--yolo'", "a.model  not a plain word"),
    "no model": (
        "[actions.a]\nexecutor = 'ollama'\nprompt = 'x'",
        "a.model  it has no model of its own",
    ),
    "one of the chain that cannot": (
        PROMPT + "allowed_tools = ['Read']\nfallback = ['gemini', 'codex']",
        "a.fallback[1]  codex cannot be told which tools it may use",
    ),
    "one that is asked twice": (
        PROMPT + "fallback = ['codex', 'claude']",
        'a.fallback[1]  "claude" has been asked by then',
    ),
    "a chain of a request": (
        SENT + "url = 'https://a.example'\nfallback = ['claude']",
        "a.fallback  only an agent can be asked in the place of another",
    ),
    "no address": (SENT, 'a.url  "" is no address of http or https'),
    "another scheme": (SENT + "url = 'file:///etc/passwd'", "is no address of http or https"),
    "an address that is none": (SENT + "url = 'http://[bad/'", "is no address of http or https"),
    "a port that is none": (SENT + "url = 'https://a.example:99999/'", "is no address of http"),
    "an address with a space": (SENT + "url = 'https://a.example/b c'", "is no address of http"),
    "an address in two lines": (SENT + 'url = "https://a.example/b\\nc"', "is no address of http"),
    "a path that must be escaped": (SENT + "url = 'https://a.example/\u266a'", "is no address of"),
    "a secret that nobody declared": (
        SENT + "url = 'https://a.example/${TOKE}'\nsecrets = { TOKEN = 'env:T' }",
        "a.url  there is no secret \"TOKE\"; it is declared in `secrets` (did you mean 'TOKEN'?)",
    ),
    "a header with letters that no header may have": (
        SENT + "url = 'https://a.example'\nheaders = { X = '\u266a' }",
        "a.headers.X  a header may hold letters of Latin-1 only; the body may hold any",
    ),
    "a header in two lines": (
        SENT + 'url = "https://a.example"\nheaders = { X = "a\\nb" }',
        "a.headers.X  cannot be a header",
    ),
}
WARNINGS = {
    "no ceiling": (
        "[actions.a]\nexecutor = 'claude'\nprompt = 'x'",
        "a.executor  warning: without ceiling_usd it sets aside all that is left of its category",
    ),
    "no ceiling of one that is asked in its place": (
        "[actions.a]\nexecutor = 'ollama'\nmodel = 'm'\nprompt = 'x'\nfallback = ['codex']",
        "a.executor  warning: without ceiling_usd it sets aside all that is left of its category",
    ),
    "a ceiling above what a quota ever gives": (
        PROMPT + "[executors.claude.quotas.week]\nwindow = '7d'\nusd = 0.2",
        "a.ceiling_usd  warning: it will be held: it may cost",
    ),
    "a prompt that nobody reads": (
        "[actions.a]\ncommand = ['true']\nprompt = 'x'",
        'a.prompt  warning: the executor "command" does not use it',
    ),
    "a method that nobody uses": (
        PROMPT + "method = 'GET'",
        'a.method  warning: the executor "claude" does not use it',
    ),
    "secrets in the open": (
        SENT + "url = 'http://a.example'\nsecrets = { TOKEN = 'env:T' }",
        "a.url  warning: its secrets would be sent where others can read them: use https",
    ),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.values(), ids=FAULTS)
def test_it_is_refused(text: str, fault: str, tmp_path: Path) -> None:
    assert any(fault in line and " warning: " not in line for line in said(tmp_path, MONEY + text))


@pytest.mark.parametrize(("text", "warning"), WARNINGS.values(), ids=WARNINGS)
def test_it_is_doubted(text: str, warning: str, tmp_path: Path) -> None:
    assert any(warning in line for line in said(tmp_path, MONEY + text))


def test_what_can_be_asked_is_taken(tmp_path: Path) -> None:
    text = (
        PROMPT + "fallback = ['codex', 'gemini']\npermission = 'plan'\nmax_turns = 9\n"
        "[prices]\n'claude-*' = { input_usd = 3, output_usd = 15, cache_read_usd = 0.3 }\n"
        "[executors.ollama]\nmodel = 'bells:8b'\n"
        "[actions.b]\nexecutor = 'ollama'\nprompt = '{{previous.answer}} {{signal.x}}'\n"
    )
    found = loaded(tmp_path, MONEY + text)

    assert (found.actions["a"].fallback, found.actions["a"].max_turns) == (("codex", "gemini"), 9)
    assert found.prices["claude-*"] == Price(
        input_usd_micros=3_000_000, output_usd_micros=15_000_000, cache_read_usd_micros=300_000
    )
    assert found.executors["ollama"].model == "bells:8b"


BOUND = {
    "by its own ceiling": "executor = 'claude'\nceiling_usd = 0",
    "by its estimate, as nobody learns what it cost": "executor = 'kimi'",
    "as it runs on this machine": "executor = 'ollama'\nmodel = 'm'",
}


@pytest.mark.parametrize("text", BOUND.values(), ids=BOUND)
def test_what_is_bound_is_not_doubted(text: str, tmp_path: Path) -> None:
    action = f"[actions.a]\nprompt = 'x'\n{text}\n"
    assert not any("without ceiling_usd" in line for line in said(tmp_path, MONEY + action))


def test_where_an_estimate_is_the_ceiling_the_want_of_both_is_doubted(tmp_path: Path) -> None:
    money = MONEY.replace("categories", "without_ceiling = 'estimate'\ncategories")
    action = "[actions.a]\nexecutor = 'claude'\nprompt = 'x'\n"
    found = said(tmp_path, money + action)
    assert any("it is stopped as soon as it costs anything" in line for line in found)
    assert said(tmp_path, money + action + "estimate_usd = 0.1") == []
