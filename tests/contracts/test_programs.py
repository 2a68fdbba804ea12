"""Every program keeps one contract: what it is asked, what it prints, what is made of it."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.executor.programs.lines import LINE_BYTES_MAX, TEXT_LINE_MAX, Lines
from actors.executor.programs.program import (
    DETAIL_CHARACTERS_MAX,
    PROGRESS_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Ask,
    Program,
    Reader,
    Said,
    Tokens,
    UnaskableError,
)
from actors.executor.programs.registry import program_of
from events.runs import Trouble
from events.settings import PROGRAMS as KINDS
from events.settings import Permission
from tests.contracts.program_story import DATA, printed

FOUND = {str(kind): program_of(kind) for kind in KINDS}
PROGRAMS = {kind: program for kind, program in FOUND.items() if program is not None}
TABLE = tomllib.loads((DATA / "cases.toml").read_text("utf-8"))
CASES = [(name, file) for name, files in TABLE.items() for file in files]
AT = datetime(2026, 5, 4, 14, tzinfo=ZoneInfo("Europe/Berlin"))
EACH = pytest.mark.parametrize("program", PROGRAMS.values(), ids=lambda one: one.name)
FULL = Ask(model="bells:8b", prompt_file="/run/42/prompt.md")


def ask_of(case: dict[str, Any] | None = None, program: str = "ollama") -> Ask:
    model = "bells:8b" if program == "ollama" else ""
    output = (case or {}).get("output", "stream")
    return Ask(model=model, output=output, prompt_file="/run/42/prompt.md")


def heard(reader: Reader, said: bytes, chunk: int = 1 << 20) -> list[str | None]:
    lines = Lines()
    chunks = (said[begin : begin + chunk] for begin in range(0, len(said), chunk))
    complete = [line for part in chunks for line in lines.feed(part)]
    return [reader.feed(line) for line in (*complete, *lines.rest())]


def expected(case: dict[str, Any]) -> dict[str, Any]:
    tokens = Tokens(*case.get("tokens", ()))
    return {
        "trouble": case.get("trouble"),
        "limit": case.get("limit", ""),
        "cost_usd_micros": case.get("cost"),
        "tokens": tokens,
        "tokens_doubtful": case.get("doubtful", False),
        "model": case.get("model", ""),
        "turns": case.get("turns", 0),
        "resets_at": case.get("resets_at"),
    }


def seen(said: Said) -> dict[str, Any]:
    return {key: getattr(said, key) for key in expected({})}


def test_there_is_a_case_for_every_file_and_a_source_for_every_program() -> None:
    files = {(path.parent.name, path.name) for path in DATA.glob("*/*.*") if path.suffix != ".pyc"}
    sources = (DATA / "sources.md").read_text("utf-8")

    assert files == set(CASES)
    assert set(TABLE) == set(PROGRAMS)
    assert all(f"| {name} |" in sources for name in PROGRAMS)


@pytest.mark.parametrize(("program", "file"), CASES)
def test_what_a_program_prints_is_understood(program: str, file: str) -> None:
    case = TABLE[program][file]
    reader = PROGRAMS[program].reader(ask_of(case, program))

    heard(reader, (DATA / program / file).read_bytes())
    said = reader.end(case.get("exit", 0), AT)

    assert seen(said) == expected(case)
    assert said.text.startswith(case.get("text", ""))
    assert bool(said.detail) == bool(said.trouble)
    if "retry_after" in case:
        assert said.retry_after_seconds == case["retry_after"]
    if said.resets_at:
        assert said.retry_after_seconds == (said.resets_at - AT).total_seconds()


@pytest.mark.living
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_stand_in_is_read_through_noise_and_in_small_pieces(program: str) -> None:
    file = next(iter(TABLE[program]))
    case = TABLE[program][file]
    command = (sys.executable, str(DATA / "standin.py"), program, file, "--noise", "--chunk", "97")
    asked = Ask(model="bells:8b", prompt_file="/run/42/prompt.md", executable=command)
    words = PROGRAMS[program].command(asked)
    ran = subprocess.run(words, input=b"ring the bells", capture_output=True, timeout=60)
    reader = PROGRAMS[program].reader(ask_of(case, program))

    heard(reader, ran.stdout, chunk=11)
    said = reader.end(ran.returncode, AT)

    assert not ran.stderr
    assert seen(said) == expected(case)
    assert case["text"] in said.text


@pytest.mark.parametrize(("program", "file"), CASES)
def test_however_the_output_is_cut_success_is_not_made_up(program: str, file: str) -> None:
    case = TABLE[program][file]
    whole = (DATA / program / file).read_bytes()
    for end in range(0, len(whole) - 20, max(1, len(whole) // 40)):
        reader = PROGRAMS[program].reader(ask_of(case, program))
        heard(reader, whole[:end])
        said = reader.end(1, AT)
        assert said.trouble or "exit code 1" in said.detail


@EACH
def test_nothing_at_all_is_a_failure_whatever_the_exit_code(program: Program) -> None:
    for exit_code in (0, 1, None, -9):
        said = program.reader(FULL).end(exit_code, AT)
        assert said.trouble == "said_failed"
        assert said.cost_usd_micros is None
        assert said.detail


@EACH
def test_a_program_that_is_asked_for_nothing_special_can_be_asked(program: Program) -> None:
    words = program.command(FULL)

    assert program.faults(FULL) == ()
    assert all(word and "\n" not in word for word in words)
    assert program.name.startswith(words[0])


@EACH
def test_each_mode_that_a_program_claims_to_know_makes_a_command(program: Program) -> None:
    for mode in get_args(Permission):
        asked = Ask(model="bells:8b", prompt_file="/p", permission=mode)
        if mode in program.can.permissions:
            assert program.command(asked)
        else:
            with pytest.raises(UnaskableError, match="permission"):
                program.command(asked)


@EACH
def test_limits_are_passed_to_the_programs_that_know_them(program: Program) -> None:
    asked = Ask(model="bells:8b", prompt_file="/p", max_turns=7, max_budget_usd_micros=4_500_000)
    words = program.command(asked)

    assert ("7" in words) == program.can.limits_turns
    assert ("4.5" in words) == program.can.limits_money


@EACH
def test_tools_that_a_program_cannot_be_held_to_are_refused(program: Program) -> None:
    asked = Ask(model="bells:8b", prompt_file="/p", allowed_tools=("Bash(git log:*)", "Read"))
    if program.can.tools:
        assert {"Bash(git log:*)", "Read"} <= set(program.command(asked))
    else:
        with pytest.raises(UnaskableError, match="allowed_tools"):
            program.command(asked)


@EACH
@pytest.mark.parametrize(
    "asked",
    [
        Ask(model="--yolo", prompt_file="/p"),
        Ask(model="a\nb", prompt_file="/p"),
        Ask(model="m" * 257, prompt_file="/p"),
        Ask(model="m", prompt_file="-rf"),
        Ask(model="m", prompt_file="/p", allowed_tools=("--all",)),
        Ask(model="m", prompt_file="/p", max_turns=0),
        Ask(model="m", prompt_file="/p", max_budget_usd_micros=-1),
    ],
)
def test_no_value_becomes_an_option_of_its_own(program: Program, asked: Ask) -> None:
    assert program.faults(asked)
    with pytest.raises(UnaskableError):
        program.command(asked)


def test_running_totals_grow_while_a_program_works() -> None:
    reader = PROGRAMS["claude"].reader(Ask())
    totals = []
    for line in (DATA / "claude" / "answer.jsonl").read_bytes().splitlines():
        reader.feed(line)
        totals.append(reader.spent.tokens.total)

    assert totals == sorted(totals)
    assert totals[2] == totals[3] == 12_720  # two parts of one message
    assert reader.model == "claude-sonnet-4-5-20250929"
    assert reader.spent.cost_usd_micros == 31_923


def test_progress_is_told_in_short_lines_for_a_person() -> None:
    reader = PROGRAMS["claude"].reader(Ask())
    told = heard(reader, (DATA / "claude" / "answer.jsonl").read_bytes())

    assert told[0] == "began with claude-sonnet-4-5-20250929"
    assert told[3] == "Bash: cat rota/week19.csv"


def test_a_result_counts_though_the_process_had_to_be_ended() -> None:
    for program in ("claude", "codex", "gemini", "kimi", "opencode"):
        reader = PROGRAMS[program].reader(Ask())
        heard(reader, (DATA / program / "answer.jsonl").read_bytes())
        assert reader.end(-15, AT).trouble is None


def test_a_line_that_is_too_long_is_skipped_counted_and_not_kept() -> None:
    lines = Lines()
    begun = lines.feed(b"x" * 5 * LINE_BYTES_MAX)
    (line,) = lines.feed(b"y\n")
    reader = PROGRAMS["claude"].reader(Ask())

    assert begun == []
    assert len(line) == LINE_BYTES_MAX + 1
    assert reader.feed(line) is None
    assert reader.feed(b"[" * 70_000) is None
    assert reader.end(0, AT).skipped_lines == 2
    assert lines.rest() == []


def test_bytes_that_are_not_text_do_not_hide_a_result() -> None:
    reader = PROGRAMS["claude"].reader(Ask())
    reader.feed(
        b'{"type":"result","subtype":"success","is_error":false,"result":"ring \xff\\ud800"}'
    )
    said = reader.end(0, AT)

    assert (said.trouble, said.text) == (None, "ring �?")


def _whole(tokens: Tokens) -> Iterator[int]:
    yield from (tokens.input, tokens.output, tokens.cache_read, tokens.cache_write)


@EACH
@settings(max_examples=100, deadline=None)
@given(data=st.data(), exit_code=st.none() | st.integers(-64, 255), aware=st.booleans())
def test_whatever_is_printed_nothing_is_raised_and_nothing_grows(
    program: Program, data: st.DataObject, exit_code: int | None, aware: bool
) -> None:
    reader = program.reader(FULL)
    before = 0
    for line in data.draw(printed(program.name)):
        told = reader.feed(line)
        assert told is None or (told.strip() and len(told) <= PROGRESS_CHARACTERS_MAX)
        assert told is None or "\n" not in told
        assert reader.spent.tokens.total >= before or program.name == "gemini"
        before = reader.spent.tokens.total
    said = reader.end(exit_code, AT if aware else None)

    assert said.trouble is None or said.trouble in get_args(Trouble)
    assert len(said.text) <= TEXT_CHARACTERS_MAX
    assert len(said.detail) <= DETAIL_CHARACTERS_MAX
    assert said.cost_usd_micros is None or said.cost_usd_micros >= 0
    assert all(number >= 0 for number in _whole(said.tokens))
    assert said.resets_at is None or said.resets_at.tzinfo is UTC
    if aware and said.resets_at is not None:
        assert timedelta() <= said.resets_at - AT <= timedelta(days=40)
    assert said.trouble or said.text.strip()


@EACH
def test_memory_stays_bounded_however_much_is_printed(program: Program) -> None:
    reader = program.reader(FULL)
    parts = [{"type": "text", "text": "ding " * 2_000}]
    for number in range(300):
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {"id": f"m{number}", "model": f"m{number}", "content": parts, "usage": usage}
        spoken = {"type": "assistant", "message": message, "role": "assistant", "content": parts}
        delta = {"type": "message", "role": "assistant", "content": "x" * 1_000, "delta": True}
        for event in (spoken, delta):
            reader.feed(orjson.dumps(event))
        reader.feed(b"  " + b"y" * 10_000)
    said = reader.end(0, AT)

    assert len(orjson.dumps(str(vars(reader)))) < 20 * TEXT_LINE_MAX
    assert len(said.text) <= TEXT_CHARACTERS_MAX
    assert len(said.tokens_by_model) <= 8
