"""What a run prints, says of itself, sees and uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.configuration import Action
from events.runs import ResultFault, RunResult, RunStarted
from tests.living.process_story import OURS, House, command, shell

pytestmark = pytest.mark.living


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    yield house
    house.door.close(0)


# What it prints


def test_nothing_waits_for_input(house: House) -> None:
    ended = house.end_of(command("cat"))
    assert (ended.exit_code, ended.output_bytes, ended.tail, ended.result) == (0, 0, "", None)


def test_both_outputs_are_kept_in_their_order(house: House) -> None:
    house.end_of(shell("echo one; echo two >&2; echo three"))
    assert house.printed() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize(
    "size", [100_000_000, pytest.param(1 << 30, marks=pytest.mark.slow)], ids=["100 MB", "1 GiB"]
)
def test_a_flood_without_a_line_is_counted_and_cut(house: House, size: int) -> None:
    ended = house.end_of(
        shell(f"head -c {size} /dev/zero | tr '\\0' x; printf end"), output_max_bytes=5000
    )
    assert (ended.exit_code, ended.output_bytes, ended.output_cut) == (0, size + 3, True)
    assert house.printed() == b"x" * 5000
    assert ended.tail == "x" * 1997 + "end"


def test_output_that_just_fits_is_not_cut(house: House) -> None:
    ended = house.end_of(shell("printf 12345"), output_max_bytes=5)
    assert (ended.output_bytes, ended.output_cut, house.printed()) == (5, False, b"12345")


def test_what_is_no_text_is_shown_as_such(house: House) -> None:
    ended = house.end_of(shell(r"printf '\377\376 ok\033[31m red\007\r\n\342\200\256tuo'"))
    assert ended.tail == "\ufffd\ufffd ok red\ufffd\n\ufffdtuo"


def test_the_files_of_a_run_are_for_us_alone(house: House) -> None:
    house.end_of(shell("echo x"), input_json='{"a": 1}')
    assert house.file("input.json").read_text() == '{"a": 1}'
    modes = {
        p.name: p.stat().st_mode & 0o777
        for p in (house.file("input.json"), house.file("output.log"))
    }
    assert modes == {"input.json": 0o600, "output.log": 0o600}
    assert house.file("").stat().st_mode & 0o777 == 0o700


# What it says of itself


@pytest.mark.parametrize(
    ("says", "result", "fault"),
    [
        ("true", None, None),
        ("echo plain text", None, None),
        ("""echo '{"status": "ok"}'""", None, None),
        ("""echo noise; echo '{"summary": "x"}'""", RunResult(summary="x"), None),
        ("""printf '{"summary": "x"}\n\n'""", RunResult(summary="x"), None),
        ("""echo '{"cost_usd": NaN}'""", None, "absurd_cost"),
        ("""echo '{"cost_usd": -1}'""", None, "absurd_cost"),
        ("""echo '{"cost_usd": 1e30}'""", None, "absurd_cost"),
        ("""echo '{"tokens": 5}' > $HORARIUM_RESULT""", RunResult(tokens=5), None),
        (
            """echo '{"tokens": 5}' > $HORARIUM_RESULT; echo '{"tokens": 6}'""",
            RunResult(tokens=5),
            None,
        ),
        (""": > $HORARIUM_RESULT; echo '{"tokens": 6}'""", RunResult(tokens=6), None),
        ("head -c 10000000 /dev/zero > $HORARIUM_RESULT", None, "too_large"),
        ("""printf '{"summary": "'; head -c 10000000 /dev/zero; echo '"}'""", None, "too_large"),
        ("""printf '{"items": "'; head -c 10000000 /dev/zero; echo '"}'""", None, None),
        ("ln -s /etc/hostname $HORARIUM_RESULT", None, "not_json"),
        ("mkfifo $HORARIUM_RESULT", None, "not_json"),
        ("mkdir $HORARIUM_RESULT", None, "not_json"),
    ],
)
def test_what_a_run_says_of_itself_is_read(
    house: House, says: str, result: RunResult | None, fault: ResultFault | None
) -> None:
    ended = house.end_of(shell(says))
    assert (ended.exit_code, ended.result, ended.result_fault) == (0, result, fault)


# What it sees


def test_a_run_sees_what_was_allowed_and_who_it_is(house: House) -> None:
    action = command("env", environment={"OWN": "own", "HORARIUM_RUN": "forged"})
    passing = Action(
        **{f: getattr(action, f) for f in ("command", "environment")},
        pass_environment=("EXTRA", "HORARIUM_SECRET"),
    )
    house.end_of(passing, environment=("PATH", "APP_*", "MISSING"))
    lines = house.printed().decode().splitlines()
    seen = dict(line.split("=", 1) for line in lines if not line.startswith(("PWD", "_", "SHLVL")))
    run, work = house.data / "runs/r1-1", house.data / "work/w1-1"
    assert seen.pop("HORARIUM_TOKEN").startswith("r1-1:")
    assert seen.pop("HORARIUM_OUTPUT").startswith("pipe:[")
    assert seen == {
        "PATH": OURS["PATH"],
        "APP_ONE": "1",
        "APP_TWO": "2",
        "EXTRA": "extra",
        "OWN": "own",
        "HORARIUM_RUN": "r1-1",
        "HORARIUM_WORK": "w1-1",
        "HORARIUM_ACTION": "act",
        "HORARIUM_STEP": "1",
        "HORARIUM_ATTEMPT": "1",
        "HORARIUM_DAY": "2026-11-20",
        "HORARIUM_PHASE": "morning",
        "HORARIUM_INPUT": f"{run}/input.json",
        "HORARIUM_RESULT": f"{run}/result.json",
        "HORARIUM_WORK_FOLDER": str(work),
        "HORARIUM_DATA": str(house.data),
        "TMPDIR": str(run),
    }


def test_no_descriptor_of_ours_is_passed_on(house: House) -> None:
    house.end_of(shell("ls /proc/$$/fd"))
    assert house.printed().split() == [b"0", b"1", b"2"]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=4)
)
def test_each_argument_arrives_as_it_was_written(house: House, arguments: list[str]) -> None:
    house.end_of(command("printf", r"%s\0", *arguments))
    assert house.printed() == b"".join(part.encode() + b"\0" for part in arguments)


# What it uses


def test_the_memory_of_a_large_run_is_measured(house: House) -> None:
    size = 100 * 1024 * 1024
    ended = house.end_of(
        command("python3", "-S", "-c", f"import time; held = b'x' * {size}; time.sleep(0.4)")
    )
    assert size < ended.peak_bytes < 1.2 * size


def test_our_own_memory_is_not_taken_for_that_of_a_run(house: House) -> None:
    held = b"x" * (150 * 1024 * 1024)
    assert len(held) > 0
    del held
    assert house.end_of(command("true")).peak_bytes == 0
    assert 0 < house.end_of(command("sleep", "0.2")).peak_bytes < 20 * 1024 * 1024


def test_the_time_of_a_run_is_measured(house: House) -> None:
    busy = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    ended = house.end_of(command("python3", "-S", "-c", busy))
    assert 290 <= ended.cpu_ms < 3000
    assert ended.duration_ms >= 290
    assert house.end_of(command("sleep", "0.2")).duration_ms >= 200


def test_who_is_started_can_be_told_from_all_others(house: House) -> None:
    house.start(shell("cat /proc/$$/stat; cat /proc/sys/kernel/random/boot_id"))
    started = house.told.next(RunStarted)
    house.told.ended()
    stat, boot = house.printed().decode().splitlines()
    assert started.pid == int(stat.split()[0])
    assert started.start_ticks == int(stat.rpartition(")")[2].split()[19])
    assert started.boot == boot
