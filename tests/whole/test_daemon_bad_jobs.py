"""Jobs that do everything wrong, all at once: each has a clear outcome, the daemon is unharmed."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.whole.daemon_story import Daemon, house, living, py, sh, whole_log

pytestmark = pytest.mark.living

MEGABYTES = 1_000_000
GROWN_BYTES_MAX = 40 * MEGABYTES


def result(text: str) -> str:
    """A job that leaves this as its result."""
    return sh(f"printf '%s' '{text}' > $HORARIUM_RESULT; echo done")


LARGE = 'import os; open(os.environ["HORARIUM_RESULT"], "w").write(\'{"summary": "\' + "x" * 10**7)'
JOBS = {
    "missing": ('command = ["/no/such/program"]', "misconfigured", "program missing"),
    "forbidden": ('command = ["/etc/passwd"]', "misconfigured", "not executable"),
    "hangs": (sh("sleep 60") + '\nexpected = "1s"\ntimeout = "1s"', "timed_out", "timed out"),
    "ignores-term": (
        sh("trap '' TERM; while :; do sleep 0.05; done")
        + '\nexpected = "1s"\ntimeout = "1s"\ngrace = "0s"',
        "timed_out",
        "timed out",
    ),
    "leaves-a-child": (sh("setsid sleep 3 & echo gone"), "succeeded", ""),
    "floods": (py("print('x' * 20_000_000, end='')"), "succeeded", ""),
    "no-utf8": (sh(r"printf '\377\376\033[2J\007 tail\n'"), "succeeded", ""),
    "empty-result": (sh(": > $HORARIUM_RESULT"), "succeeded", ""),
    "nan-cost": (result('{"cost_usd": NaN}'), "failed", "absurd cost"),
    "negative-cost": (result('{"cost_usd": -1}'), "failed", "absurd cost"),
    "absurd-cost": (result('{"cost_usd": 1e300}'), "failed", "absurd cost"),
    "large-result": (py(LARGE), "failed", "too large"),
    "large-line": (py("print('{\"summary\": \"' + 'x' * 10**6 + '\"}')"), "failed", "large"),
    "deep-result": (py("print('{\"data\": ' + '[' * 10**4 + ']' * 10**4 + '}')"), "failed",
                    "large"),
    "no-json": (result('{"summary": '), "failed", "not JSON"),
    "a-pipe": (sh("mkfifo $HORARIUM_RESULT"), "failed", "not JSON"),
    "killed": (sh("kill -9 $$"), "failed", "SIGKILL"),
    "code-3": (sh("exit 3"), "failed", "exit code 3"),
    "no-function": ('executor = "python"\nfunction = "json:nothing"', "failed", ""),
    "raises": ('executor = "python"\nfunction = "json:loads"', "failed", ""),
}  # fmt: skip
SETTINGS = """
[budget]
daily_usd = 10
categories = { general = "90%" }
[executor]
concurrency = 50
output_max = "1MB"
[lanes.main]
concurrency = 50
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, dict[str, Any]]]:
    """A daemon that was asked for all of them at once, and what it knows of each run."""
    text = SETTINGS + "".join(f"[actions.{name}]\n{job[0]}\n" for name, job in JOBS.items())
    with living(house(tmp_path_factory.mktemp("bad"), text)) as daemon:
        before = daemon.memory_bytes()
        daemon.finished(*[daemon.request(name) for name in JOBS])
        grown = daemon.memory_bytes() - before
        assert grown < GROWN_BYTES_MAX, f"{grown / MEGABYTES:.1f} MB"
        runs = {run["action"]: run for run in daemon.projected().told("runs", "--limit", "100")}
        yield daemon, runs
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.lines
    whole_log(daemon.here)


@pytest.mark.parametrize("name", JOBS)
def test_a_bad_job_has_a_clear_outcome(ran: tuple[Daemon, dict[str, Any]], name: str) -> None:
    _, state, reason = JOBS[name]
    run = ran[1][name]
    assert (run["state"], reason in run["reason"]) == (state, True), run
    assert run["ended_at"] and run["cost_usd_micros"] in (0, None)


def test_what_they_printed_is_kept_within_its_limit_and_shown_harmlessly(
    ran: tuple[Daemon, dict[str, Any]],
) -> None:
    daemon, runs = ran
    flood = daemon.told("output", runs["floods"]["run"])
    assert (flood["output_bytes"], flood["output_cut"]) == (20 * MEGABYTES, True)
    assert len(flood["output"]) == MEGABYTES
    for name in ("no-utf8", "no-function", "missing", "killed"):
        assert daemon.command("output", runs[name]["run"]).exit_code == 0
    shown = daemon.told("output", runs["no-utf8"]["run"])["output"]
    assert shown.endswith("tail\n") and shown.encode()
    assert "\x1b" not in daemon.command("runs", "--limit", "100").output


def test_the_daemon_goes_on(ran: tuple[Daemon, dict[str, Any]], tmp_path: Any) -> None:
    daemon, _ = ran
    assert daemon.status()["store"] == "ok"
    assert daemon.finished(daemon.request("leaves-a-child")) == ["completed"]


@pytest.mark.slow
def test_a_gibibyte_without_a_line_end_is_counted_and_cut(tmp_path: Any) -> None:
    script = "import sys\nfor _ in range(1024): sys.stdout.write('x' * 2**20)"
    text = f'[executor]\noutput_max = "1MB"\n[actions.floods]\n{py(script)}\n'
    with living(house(tmp_path, text)) as daemon:
        before = daemon.memory_bytes()
        work = daemon.request("floods")
        daemon.until(type(daemon.closed(work)[0]), seconds=100, work=work)
        assert daemon.memory_bytes() - before < GROWN_BYTES_MAX
        run = daemon.projected().told("runs")[0]
        assert (run["state"], run["output_bytes"]) == ("succeeded", 1 << 30)
