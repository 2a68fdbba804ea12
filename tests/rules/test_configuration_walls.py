"""Secrets, shells, walls and what is asked for: what of it a configuration may say."""

from pathlib import Path

import pytest

from tests.rules.configuration_story import FREE, loaded, said

ACT = "[actions.act]\ncommand = ['true']\n"
LINE = "[actions.line]\ncommand = ['a | b']\nshell = true\n"
AGENT = "[actions.agent]\nexecutor = 'claude'\nprompt = 'Do it.'\nceiling_usd = 1\n"
AGENT += "[budget.categories]\ngeneral = 5\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            ACT + "secrets = { KEY = 'sk-ant-1234' }",
            'config.toml:3  actions.act.secrets.KEY  it is neither "env:NAME" nor "file:PATH"; '
            "the secret itself has no place",
            id="a secret itself, which is not shown",
        ),
        pytest.param(
            ACT + "secrets = { 'A=B' = 'env:KEY' }",
            'config.toml:3  actions.act.secrets."A=B"  cannot be the name of a variable for a '
            "secret",
            id="a name that no variable has",
        ),
        pytest.param(
            ACT + "secrets = { KEY = 'env:HORARIUM_X' }",
            "config.toml:3  actions.act.secrets.KEY  no variable HORARIUM_* of the daemon is ever "
            "passed on",
            id="a variable of the daemon's own",
        ),
        pytest.param(
            ACT + "environment = { KEY = 'a' }\nsecrets = { KEY = 'env:KEY' }",
            "config.toml:4  actions.act.secrets.KEY  the action's environment has a variable of "
            "this name, too",
            id="two values for one variable",
        ),
        pytest.param(
            ACT + "artifacts = ['a.md', '../b.md']",
            'config.toml:3  actions.act.artifacts[1]  "../b.md" is no file within the work folder',
            id="an artifact that lies elsewhere",
        ),
        pytest.param(
            ACT + "ready_command = ['']",
            "config.toml:3  actions.act.ready_command  there is no command to run",
            id="a test of nothing",
        ),
        pytest.param(
            ACT + "network = true",
            "config.toml:3  actions.act.network  warning: without a sandbox nothing keeps it from "
            "the network",
            id="a network that nothing takes away",
        ),
        pytest.param(
            FREE + "sandbox = 'bwrap'",
            'config.toml:3  actions.look.sandbox  warning: the executor "noop" does not heed it',
            id="walls around nothing",
        ),
        pytest.param(
            FREE + "min_output = 3",
            'config.toml:3  actions.look.min_output  warning: the executor "noop" does not heed it',
            id="an answer from nobody",
        ),
        pytest.param(
            "[lanes.main]\nworktree = true",
            "config.toml:2  lanes.main.worktree  a worktree is made of the git repository in a "
            "directory: name one",
            id="a worktree of nothing",
        ),
        pytest.param(
            "[actions.line]\ncommand = ['a', 'b']\nshell = true",
            "config.toml:2  actions.line.command  with shell = true the command is one line, in a "
            "list of one",
            id="arguments for a shell",
        ),
        pytest.param(
            FREE + "shell = true",
            'config.toml:3  actions.look.shell  the executor "noop" is never run by a shell',
            id="a shell for what is no command",
        ),
        pytest.param(
            LINE + AGENT + "[templates.t]\nactions = ['line', 'agent', 'line']",
            "config.toml:11  templates.t.actions[2]  the shell of 'line' would run after what a "
            "model did",
            id="a shell in a step after an agent's",
        ),
        pytest.param(
            LINE + AGENT + "[intents.i]\nrun = 'agent'\nevery = '1h'\n"
            "[intents.j]\nrun = 'line'\nafter = 'i'",
            "config.toml:15  intents.j.after  the shell of 'line' would run after what a model did",
            id="a shell after an agent's work",
        ),
        pytest.param(
            LINE + AGENT + "[intents.i]\nrun = 'agent'\nevery = '1h'\n"
            "[intents.j]\nrun = 'line'\non = { ended = 'i' }",
            "config.toml:15  intents.j.on.ended  the shell of 'line' would run after what a model "
            "did",
            id="a shell upon the end of an agent's work",
        ),
        pytest.param(
            LINE + "[intents.j]\nrun = 'line'\non = { signal = 'go' }",
            "config.toml:6  intents.j.on.signal  warning: whoever may signal, a model too, sets "
            "off the shell of 'line'",
            id="a shell upon a signal",
        ),
    ],
)
def test_what_cannot_be_or_is_dangerous_is_told_with_its_line(
    text: str, fault: str, tmp_path: Path
) -> None:
    assert said(tmp_path, text) == [fault]


def test_a_secret_file_is_looked_for_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    text = ACT + "secrets = { A = 'file:keys/a', B = 'file:/b', C = 'env:C' }"
    secrets = loaded(tmp_path, text).actions["act"].secrets
    assert secrets == {"A": f"file:{tmp_path}/keys/a", "B": "file:/b", "C": "env:C"}
