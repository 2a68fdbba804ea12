"""What a run prints, says of itself, sees and uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.executor import identity
from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from events.configuration import Action
from events.runs import ResultFault, RunResult, RunStarted
from tests.living.process_story import OURS, House, command, shell

pytestmark = pytest.mark.living


@pytest.fixture(params=[Processes, Kept])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    house = House(tmp_path / "data", kind=request.param)
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


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077])
def test_what_a_run_makes_is_as_open_as_its_umask_says_and_what_we_make_never(
    tmp_path: Path, umask: int
) -> None:
    house = House(tmp_path / "data", umask)
    ended = house.end_of(shell("umask; mkdir $HORARIUM_WORK_FOLDER/made; echo x > made/file"))
    house.door.close(0)
    made = house.data / "work/w1-1/made"
    assert int(ended.tail, 8) == umask
    assert mode(made) == 0o777 & ~umask
    assert mode(made / "file") == 0o666 & ~umask
    assert [mode(house.file(name)) for name in ("input.json", "output.log")] == [0o600] * 2
    assert [mode(folder) for folder in (house.file(""), made.parent)] == [0o700] * 2


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


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
    held = f"import sys, time; held = b'x' * {size}; time.sleep(float(sys.argv[1]))"
    peak = 0
    for seconds in ("0.4", "2", "10"):  # On a busy machine nobody looks so often.
        peak = house.end_of(command("python3", "-S", "-c", held, seconds)).peak_bytes
        if peak > size:
            break
    assert size < peak < 1.2 * size


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
    assert ended.duration_ms >= 100  # It counts from when we know that it has begun.
    assert house.end_of(command("sleep", "0.5")).duration_ms >= 200


@pytest.mark.parametrize("earlier", [0, 3])
def test_who_is_started_can_be_told_from_all_others(house: House, earlier: int) -> None:
    for _ in range(earlier):
        house.end_of(command("true"))
    house.start(shell("cat /proc/$$/stat; cat /proc/sys/kernel/random/boot_id"))
    started = house.told.next(RunStarted)
    house.told.ended()
    stat, boot = house.printed().decode().splitlines()
    assert started.pid == int(stat.split()[0])
    assert started.start_ticks == int(stat.rpartition(")")[2].split()[19])
    assert started.boot == boot


TICK = identity.TICK_NS


class Kernel:
    """Says of each process that it began in this tick, and counts how often it was asked."""

    def __init__(self, ticks: int | None, patch: pytest.MonkeyPatch) -> None:
        self.ticks, self.asked = ticks, 0
        patch.setattr(identity, "stat", self.stat)

    def stat(self, pid: int) -> identity.Stat | None:
        self.asked += 1
        return None if self.ticks is None else identity.Stat("R", 1, pid, pid, self.ticks)


def test_while_the_clock_agrees_with_the_kernel_that_is_asked_only_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel, births = Kernel(7, monkeypatch), identity.Births()
    within, across = (7 * TICK, 8 * TICK - 1), (7 * TICK, 8 * TICK)
    assert [births.of(1, *within) for _ in range(5)] == [7] * 5
    assert kernel.asked == 1
    assert births.of(1, *across) == 7
    assert kernel.asked == 2
    assert births.of(1, *within) == 7
    assert kernel.asked == 2


@pytest.mark.parametrize(("ticks", "born"), [(6, 6), (8, 8), (None, 0)])
def test_a_clock_that_does_not_agree_with_the_kernel_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, ticks: int | None, born: int
) -> None:
    kernel, births = Kernel(ticks, monkeypatch), identity.Births()
    assert [births.of(1, 7 * TICK, 7 * TICK) for _ in range(5)] == [born] * 5
    assert kernel.asked == 5
