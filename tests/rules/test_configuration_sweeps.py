"""What sweeps may be told to take, and which processes of others they may end."""

from pathlib import Path

import pytest

from events.policies import Cleanup, Foreign
from horarium.configuration.filled import in_a_file
from tests.rules.configuration_story import loaded, said

TIDY = "[actions.tidy]\nexecutor = 'sweep'\n"
AGENTS = "[cleanup.foreign.agents]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            "[actions.tidy]\nexecutor = 'noop'\nsweeps = ['temp']",
            'config.toml:3  actions.tidy.sweeps  warning: the executor "noop" does not use it',
            id="parts of what is no sweep",
        ),
        pytest.param(
            TIDY + "sweeps = ['temp', 'temp']",
            'config.toml:3  actions.tidy.sweeps[1]  warning: "temp" is there already',
            id="a part twice",
        ),
        pytest.param(
            TIDY + "sweeps = ['log']",
            "config.toml:3  actions.tidy.sweeps[0]  warning: there is nothing of it to sweep "
            "without cleanup.seal_every_records",
            id="a part that is switched off",
        ),
        pytest.param(
            TIDY + "sweeps = ['tmp']",
            'config.toml:3  actions.tidy.sweeps[0]  "tmp" is not one of archives, foreign, log, '
            "processes, runs, sockets, temp (did you mean 'temp'?)",
            id="a part that is not there",
        ),
        pytest.param(
            AGENTS + "program = '/usr/bin/claude'",
            "config.toml:2  cleanup.foreign.agents.program  a path: give the name of the file "
            "alone",
            id="a path",
        ),
        pytest.param(
            AGENTS + "program = 'node'",
            'config.toml:2  cleanup.foreign.agents.program  "node" may be anything: say with '
            "words which of them",
            id="an interpreter without words",
        ),
        pytest.param(
            AGENTS + "program = 'python3.12'\nwords = [' ']",
            'config.toml:2  cleanup.foreign.agents.program  "python3.12" may be anything: say '
            "with words which of them",
            id="an interpreter with its version and a word that is none",
        ),
        pytest.param(
            AGENTS + "program = 'horarium'",
            "config.toml:2  cleanup.foreign.agents.program  no sweep ends a process of ours by "
            "its name",
            id="ourselves",
        ),
        pytest.param(
            AGENTS + "older = '1d'",
            "config.toml:1  cleanup.foreign.agents.program  it is missing",
            id="no program",
        ),
        pytest.param(
            AGENTS + "program = 'claude'\nolder = '5m'",
            "config.toml:3  cleanup.foreign.agents.older  5m is outside of what is allowed: "
            "10m to 366d",
            id="too young",
        ),
    ],
)
def test_it_is_told_with_its_line_and_its_reason(tmp_path: Path, text: str, told: str) -> None:
    assert told in said(tmp_path, text)


def test_what_a_file_leaves_out_is_filled_in_and_what_an_old_log_lacks_is_off(
    tmp_path: Path,
) -> None:
    found = loaded(tmp_path, "[cleanup]\nruns_keep = '1d'\n").cleanup
    assert (found.runs_keep_seconds, found.processes, found.within_seconds) == (86_400, True, 30)
    assert in_a_file(Cleanup)["disk_low_bytes"] == found.disk_low_bytes == 256 << 20
    old = Cleanup()
    assert (old.processes, old.disk_low_bytes, old.within_seconds) == (False, 0, 0)
    assert (old.failed_keep_seconds, old.sockets_keep_seconds, old.foreign) == (None, None, {})


def test_patterns_are_read_whole(tmp_path: Path) -> None:
    text = AGENTS + "program = 'node'\nwords = ['claude']\nolder = '2d'\nreally = true\n"
    found = loaded(tmp_path, text).cleanup.foreign
    assert found == {
        "agents": Foreign(program="node", words=("claude",), older_seconds=2 * 86_400, really=True)
    }
