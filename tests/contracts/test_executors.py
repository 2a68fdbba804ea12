"""One contract for all executors: how each is started, heard, stopped, adopted and believed."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.executor.brief import RunBrief
from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from events.configuration import Action
from events.policies import Price
from events.runs import RunAdopted, RunEnded, RunStarted, Trouble
from events.settings import ExecutorKind
from tests.living.agent_story import ANSWERS, PROMPT, Server, agent, made_gate, server, standing_in
from tests.living.keeper_story import Doors, kill_keepers, open_gate, until
from tests.living.process_story import Told, brief_of, now

pytestmark = pytest.mark.living

SPEAKS_LAST: tuple[ExecutorKind, ...] = (
    "claude",
    "codex",
    "gemini",
    "kimi",
    "kimi-code",
    "opencode",
)
BELLS = Price(input_usd_micros=3_000_000, output_usd_micros=15_000_000)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def door(data: Path, told: Told) -> Iterator[Doors]:
    doors = Doors(data, told)
    yield doors
    doors.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        yield found


def asking(address: str, path: str, run: str = "r1-1", **settings: object) -> RunBrief:
    known = {"url": f"{address}{path}", "grace_seconds": 1, "timeout_seconds": 30, **settings}
    return brief_of(Action(executor="http", **known), run, executor="http", prompt="Ring.")  # type: ignore[arg-type]


def output(data: Path, run: str = "r1-1") -> str:
    return (data / "runs" / run / "output.log").read_text()


def shown(data: Path, words: str, run: str = "r1-1") -> None:
    """Wait until the output of a run has these words."""
    file = data / "runs" / run / "output.log"
    until(lambda: file.exists() and words in file.read_text())


# What all have in common. All are asked at once, of one keeper.

RUNS: dict[ExecutorKind, str] = {kind: f"r{number}-1" for number, kind in enumerate(ANSWERS, 1)}


def ends(told: Told) -> dict[ExecutorKind, RunEnded]:
    """The ends of all of them."""
    found = {ended.run: ended for ended in (told.ended() for _ in RUNS)}
    return {kind: found[run] for kind, run in RUNS.items()}


def test_an_answer_is_a_success_with_what_it_took(data: Path, door: Doors, told: Told) -> None:
    house = door()
    for kind, run in RUNS.items():
        house.start(agent(kind, "--noise", "--chunk", "97", run=run), 42)

    for kind, ended in ends(told).items():
        assert (ended.trouble, ended.exit_code, ended.is_done) == (None, 0, True), kind
        assert ended.result is not None and ended.result.summary
        assert json.loads(ended.result.data_json)["answer"].startswith(ended.result.summary)
        assert ended.result.summary in output(data, ended.run)
        assert (ended.usage is not None) == (kind not in ("kimi", "kimi-code"))
        assert ended.usage is None or ended.result.tokens == ended.usage.total


def test_a_prompt_is_a_file_for_its_owner_alone_and_no_argument(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    house, gate = door(), made_gate(tmp_path)
    for kind, run in RUNS.items():
        house.start(agent(kind, "--gate", str(gate), run=run), 42)

    for started in [told.next(RunStarted) for _ in RUNS]:
        prompt = data / "runs" / started.run / "prompt"
        assert prompt.read_text() == PROMPT
        assert stat.S_IMODE(prompt.stat().st_mode) == 0o600
        assert b"Ring the bells" not in Path(f"/proc/{started.pid}/cmdline").read_bytes()
        assert Path(f"/proc/{started.pid}/fd/0").readlink() == prompt


def test_what_is_cancelled_in_the_middle_is_no_success_whatever_it_said(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    house, gate = door(), made_gate(tmp_path)
    for kind, run in RUNS.items():
        house.start(agent(kind, "--gate", str(gate), "--lines", "99", run=run), 42)
    for run in RUNS.values():
        until((data / "runs" / run / "printed.log").exists)
        house.stop(run)

    for kind, ended in ends(told).items():
        assert (ended.trouble, ended.is_done) == ("cancelled", False), kind
        assert (data / "runs" / ended.run / "printed.log").stat().st_size > 0


def test_neither_garbage_nor_a_program_that_is_missing_is_a_success(
    door: Doors, told: Told
) -> None:
    house, garbage = door(), r"printf '\377\376\n{\"type\": \"result\"\n[[[[\n\033[2J\n'; exit 1"
    for kind, run in RUNS.items():
        action, model = Action(executor=kind, prompt="x"), "m"
        for name, words in ((run, ("/bin/sh", "-c", garbage)), (f"{run}0", ("no-such-agent",))):
            asked = {"executor": kind, "prompt": "x", "model": model, "program": words}
            house.start(brief_of(action, name, **asked), 42)

    for ended in [told.ended() for _ in range(2 * len(RUNS))]:
        assert ended.trouble is not None and not ended.is_done
        assert "\x1b" not in ended.tail
        assert ended.started == (ended.trouble != "program_missing")
        assert ended.started == (not ended.run.endswith("10"))


def test_the_keeper_is_killed_and_the_next_one_hears_all_that_was_said(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    house, gates = door(), {}
    for kind, run in RUNS.items():
        gates[run] = made_gate(tmp_path, f"gate-{run}")
        house.start(agent(kind, "--gate", str(gates[run]), "--lines", "2", run=run), 42)
    for run in RUNS.values():
        until((data / "runs" / run / "printed.log").exists)
    kill_keepers(data)
    adopted: set[str] = set()
    while adopted != gates.keys():
        if isinstance(fact := told.get()[1], RunAdopted):
            adopted.add(fact.run)
    for gate in gates.values():
        open_gate(gate)

    for kind, ended in ends(told).items():
        if kind in SPEAKS_LAST:
            assert (ended.trouble, ended.exit_code, ended.is_done) == (None, None, True), kind
        else:
            assert (ended.trouble, ended.is_done) == ("lost", False), kind
        assert ended.result is not None and ended.result.summary
        assert ended.result.summary in output(data, ended.run)


# What programs say of themselves


WORDS: tuple[tuple[ExecutorKind, str, Trouble], ...] = (
    ("claude", "limit.jsonl", "quota_exhausted"),
    ("claude", "overloaded.jsonl", "rate_limited"),
    ("claude", "login.jsonl", "misconfigured"),
    ("claude", "refusal.jsonl", "refused"),
    ("claude", "max_budget.jsonl", "at_ceiling"),
    ("claude", "max_turns.jsonl", "said_failed"),
    ("codex", "rate.jsonl", "rate_limited"),
    ("gemini", "daily.jsonl", "quota_exhausted"),
    ("ollama", "down.txt", "not_ready"),
    ("aider", "login.txt", "misconfigured"),
)


def test_its_own_word_is_the_trouble_and_its_reset_is_kept(door: Doors, told: Told) -> None:
    house = door()
    for number, (kind, file, _) in enumerate(WORDS):
        house.start(agent(kind, file=file, run=f"r{number}-1"), 42)

    for ended in [told.ended() for _ in WORDS]:
        kind, file, trouble = WORDS[int(ended.run[1:-2])]
        assert (kind, file, ended.trouble, ended.is_done) == (kind, file, trouble, False)
        assert ended.resets_at is None or ended.resets_at > now()
        assert file != "daily.jsonl" or ended.resets_at is not None


def test_an_answer_counts_though_its_program_lives_on(door: Doors, told: Told) -> None:
    door().start(agent("claude", "--sleep", "600", action={"timeout_seconds": 1}), 42)
    ended = told.ended()

    assert (ended.trouble, ended.is_done) == (None, True)
    assert ended.detail == "stopped after 1 s, after its answer"


def test_what_a_model_writes_of_its_cost_does_not_count(
    tmp_path: Path, door: Doors, told: Told
) -> None:
    words = " ".join(standing_in("claude"))
    said = """'{"summary": "s", "cost_usd": 0}'"""
    script = f"echo {said} > $HORARIUM_RESULT; exec {words}"
    brief = agent("claude")
    brief = brief_of(brief.action, executor="claude", prompt="x", program=("/bin/sh", "-c", script))
    door().start(brief, 42)
    result = told.ended().result

    assert result is not None
    assert (result.summary, result.cost_usd_micros) == ("s", 31_923)


# Money


def test_a_program_that_knows_no_limit_is_stopped_at_its_ceiling(
    tmp_path: Path, door: Doors, told: Told
) -> None:
    gate = made_gate(tmp_path)
    brief = agent(
        "claude",
        *("--gate", str(gate), "--lines", "4"),
        ceiling_usd_micros=30_000,
        prices={"claude-*": BELLS},
    )
    door().start(brief, 42)
    ended = told.ended()

    assert (ended.trouble, ended.is_done) == ("at_ceiling", False)
    assert ended.priced_usd_micros is not None and ended.priced_usd_micros >= 30_000
    assert ended.detail.endswith("and may cost $0.03")


def test_turns_are_counted_where_the_program_does_not(
    tmp_path: Path, door: Doors, told: Told
) -> None:
    gate = made_gate(tmp_path)
    lines = ("--gate", str(gate), "--lines", "7")
    door().start(agent("opencode", *lines, action={"max_turns": 1}), 42)
    ended = told.ended()

    assert (ended.trouble, ended.detail) == ("at_ceiling", "stopped after 1 turns")


def test_tokens_of_an_unknown_model_are_counted_and_not_priced(door: Doors, told: Told) -> None:
    door().start(agent("codex", model="nobody-knows-it"), 42)
    ended = told.ended()

    assert ended.usage is not None and ended.usage.total == 28_139
    assert ended.priced_usd_micros is None
    assert ended.result is not None and ended.result.cost_usd_micros is None


def test_tokens_are_priced_by_one_s_own_table(door: Doors, told: Told) -> None:
    door().start(agent("codex", model="bell-2", prices={"bell-*": BELLS}), 42)

    assert told.ended().priced_usd_micros == 4_277 * 3 + 22_272 * 3 + 1_590 * 15


# Context


def test_context_files_are_in_the_prompt_and_what_is_missing_is_told(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    place = tmp_path / "lane"
    (place / "notes").mkdir(parents=True)
    (place / "notes/a.md").write_text("Bells are loud.")
    (place / "link.md").symlink_to("/etc/hostname")
    (place / "long.md").write_text("x" * 300_000)
    os.mkfifo(place / "pipe")
    names = ("notes/a.md", "link.md", "long.md", "pipe", "none.md", "../up.md", "notes")
    brief = agent("claude", lane_directory=str(place), action={"context_files": names})
    door().start(brief, 42)
    assert told.ended().is_done
    prompt, said = (data / "runs/r1-1/prompt").read_text(), output(data)

    assert prompt.startswith(f'{PROMPT}\n\n<file path="notes/a.md">\nBells are loud.\n</file>')
    assert prompt.count("<file") == 2
    for name in ("link.md", "pipe", "none.md", "../up.md", "notes"):
        assert f"context file {name} is left out" in said
    assert "context file long.md is too long" in said


# http


STATUSES = {
    "/well": None,
    "/near": None,
    "/far": None,
    "/status/204": None,
    "/status/500": "said_failed",
    "/status/401": "misconfigured",
    "/status/503": "not_ready",
    "/busy": "rate_limited",
    "/round": "said_failed",
}


def test_a_status_is_the_outcome_of_a_request(address: str, door: Doors, told: Told) -> None:
    house = door()
    runs = {f"r{number}-1": path for number, path in enumerate(STATUSES)}
    for run, path in runs.items():
        house.start(asking(address, path, run), 42)

    for ended in [told.ended() for _ in runs]:
        path = runs[ended.run]
        assert (path, ended.trouble) == (path, STATUSES[path])
        assert ended.is_done == (ended.trouble is None)
        assert (ended.resets_at is not None) == (path == "/busy")


def test_a_request_sends_its_prompt_and_its_secrets_and_shows_the_answer(
    address: str, data: Path, told: Told
) -> None:
    headers = {"Authorization": "Bearer ${BELL_KEY}", "Title": "noon"}
    secrets = {"BELL_KEY": "env:BELL"}
    house = Kept(data, told, now, {"BELL": "dong-dong-dong"})
    house.start(asking(address, "/well", headers=headers, secrets=secrets), 42)
    ended = told.ended()
    house.close(0)
    _, _, sent, body = Server.seen[-1]

    assert ended.is_done, ended
    assert (sent["Authorization"], sent["Title"], body) == (
        "Bearer dong-dong-dong",
        "noon",
        b"Ring.",
    )
    assert output(data).count("The bells have rung. \u266a") == 1
    assert all(b"dong-dong" not in file.read_bytes() for file in (data / "runs/r1-1").iterdir())


def test_without_a_prompt_the_input_is_sent(address: str, door: Doors, told: Told) -> None:
    action = Action(executor="http", url=f"{address}/well", input_json='{"bells":3}')
    door().start(brief_of(action, executor="http"), 42)
    assert told.ended().is_done
    _, _, sent, body = Server.seen[-1]

    assert (sent["Content-Type"], body) == ("application/json", b'{"bells":3}')


def test_secrets_are_not_carried_to_another_server(address: str, data: Path, told: Told) -> None:
    before = len(Server.seen)
    house = Kept(data, told, now, {"BELL": "dong-dong-dong"})
    house.start(asking(address, "/far", secrets={"BELL_KEY": "env:BELL"}), 42)
    ended = told.ended()
    house.close(0)

    assert ended.trouble == "said_failed"
    assert "must not see our secrets" in ended.detail
    assert [path for _, path, _, _ in Server.seen[before:]] == ["/far"]


def test_an_answer_is_bounded_and_its_cost_is_not_believed(
    address: str, data: Path, door: Doors, told: Told
) -> None:
    house = door()
    house.start(asking(address, "/large"), 42)
    large = told.ended()
    house.start(asking(address, "/result", "r2-1"), 42)
    result = told.ended().result

    assert large.is_done
    assert large.result is not None and len(large.result.data_json) < 32 * 1024
    assert result is not None
    assert (result.summary, result.insights, result.cost_usd_micros) == ("rung", ("loud",), None)


def test_where_nobody_listens_it_is_not_ready(door: Doors, told: Told) -> None:
    door().start(asking("http://127.0.0.1:9", "/"), 42)

    assert told.ended().trouble == "not_ready"


# The other door


def test_the_door_within_the_daemon_hears_them_as_well(data: Path, told: Told) -> None:
    house = Processes(data, told, now)
    house.start(agent("claude"), 42)
    ended: RunEnded = told.ended()
    house.close(0)

    assert ended.is_done
