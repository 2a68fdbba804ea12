"""The command line over a data folder with a day in it, while no daemon runs."""

import csv
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from click.testing import CliRunner, Result

from events.catalogue import AnyFact
from events.time import AlarmSet
from events.work import WorkDropped
from horarium.cli import COMMANDS, horarium
from horarium.commands import options
from horarium.places import Places, places
from tests.contracts.small_server import served
from tests.whole.command_story import EVIL, NOW, a_house, at, log_of, planned, projected

READS = ("status", "brief", "plan", "runs", "days", "report", "budget", "queue", "log",
         "occurrences", "intent list")  # fmt: skip

Call = Callable[..., Result]


class Afternoon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Afternoon":
        return cls.fromisoformat(NOW.isoformat()).astimezone(tz)


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(options, "datetime", Afternoon)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return a_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def here(house: Places, tmp_path: Path) -> Places:
    copytree(house.data, tmp_path / "data")
    return places(str(tmp_path / "config.toml"), str(tmp_path / "data"))


@pytest.fixture
def call(here: Places) -> Call:
    def called(*words: str) -> Result:
        return CliRunner().invoke(horarium, [*words, "--data", str(here.data)])

    return called


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_knows_where_things_are(name: str) -> None:
    result = CliRunner().invoke(horarium, [name, "--help"])
    assert result.exit_code == 0
    assert "--config" in result.output and "--data" in result.output
    assert ("--json" in result.output) == (name not in ("budget", "config", "intent"))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["stauts"], "Did you mean 'status'?"),
        (["runs", "--actoin", "read"], "--action"),
        (["runs", "--action", "raed"], "no action is called 'raed'. Did you mean read?"),
        (["runs", "--template", "studdy"], "Did you mean study?"),
        (["runs", "--since", "soon"], "'soon' is not a time; write 2h"),
        (["runs", "--state", "fine"], "'succeeded'"),
        (["plan", "someday"], "'someday' is not a day"),
        (["log", "--kind", "run-strated"], "Did you mean run-started"),
        (["log", "--from", "soon"], "or a position"),
        (["report", "--from", "today", "--to", "yesterday"], "lies behind"),
        (["output", "r13-1", "--json", "--follow"], "not both"),
        (["pause", "--lane", "a", "--category", "b"], "not both"),
        (["request", "read", "--input", "[1]"], "not a JSON object"),
        (["request", "read", "--input", '{"a": NaN}'], "not a number"),
        (["request", "read", "--key", "../x"], "beginning with a letter or digit"),
    ],
)
def test_what_is_misused_is_explained(call: Call, words: list[str], hint: str) -> None:
    result = call(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert hint in result.stderr


def test_places_are_taken_from_wherever_they_are_named_nearest(here: Places) -> None:
    def head(*words: str, **environment: str) -> int:
        result = CliRunner().invoke(horarium, [*words], env=environment)
        return int(told(result)["head"]) if result.exit_code == 0 else 0

    data, config = str(here.data), str(here.config)
    here.data.rename(here.data.with_name(".horarium"))
    assert head("--config", config, "status", "--json") == 46
    assert head("status", "--json", "--config", config) == 46
    assert head("status", "--json", HORARIUM_CONFIG=config) == 46
    assert head("status", "--json", "--config", config, HORARIUM_DATA=data) == 0
    here.data.with_name(".horarium").rename(data)
    assert head("--data", "/nowhere", "status", "--json", "--data", data) == 46
    assert head("--data", data, "status", "--json", HORARIUM_DATA="/nowhere") == 46
    assert head("status", "--json", HORARIUM_DATA=data) == 46


@pytest.mark.parametrize("name", READS)
def test_a_folder_in_which_nothing_happened_yet_is_said_to_be_one(
    name: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(horarium, ["--data", str(tmp_path / "none"), *name.split()])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "start the daemon with `horarium run`" in result.stderr
    assert not (tmp_path / "none").exists()


def test_status_is_one_screen(call: Call) -> None:
    lines = call("status").stdout.splitlines()
    assert lines[0] == "Fri 20 Nov 2026  afternoon until 19:00"
    assert lines[1] == "not running; start it with `horarium run`"
    assert "paused lane night since 14:00: late" in lines
    assert "Waiting  2 (for money 1, its phase 1)" in lines
    assert any(line.startswith("  r71-1  digest") for line in lines)
    assert any("closed $0.06 over" in line for line in lines)
    assert len(lines) <= 40


def test_status_as_json_has_what_programs_look_for(call: Call) -> None:
    found = told(call("status", "--json"))
    wanted = {
        "day": "2026-11-20",
        "phase": "afternoon",
        "phase_ends_at": "2026-11-20T18:00:00.000000Z",
        "paused": False,
        "head": 46,
        "lag": 0,
        "waiting": 2,
    }
    assert {name: found[name] for name in wanted} == wanted
    assert [run["run"] for run in found["running"]] == ["r71-1"]
    assert found["budget"]["settled_usd_micros"] == 310_000
    assert [each["category"] for each in found["budget"]["categories"]] == ["research", "system"]
    assert (found["daemon"]["state"], found["daemon"]["pid"]) == ("not_running", 4711)
    assert [need["kind"] for need in found["needs"]] == ["no_funds", "buried", "question"]


def test_status_asks_a_daemon_that_lives(call: Call, here: Places) -> None:
    socket = here.data / "horarium.sock"
    said = {"state": "alive", "answered_in_ms": 3, "silent": [], "pid": 12, "store": "full"}
    with served(socket, lambda *_: (200, json.dumps(said).encode())):
        lines = call("status").stdout.splitlines()
        assert told(call("status", "--json"))["daemon"]["state"] == "alive"
    assert lines[1] == "alive, answered in 3 ms; running since 06:00, pid 12"
    assert lines[2] == "the disk is full: nothing is started until there is space"
    hung = {"state": "hung", "answered_in_ms": 2_000, "silent": ["planner", "phase_queue"]}
    with served(socket, lambda *_: (503, json.dumps(hung).encode())):
        result = call("status")
    assert result.exit_code == 1
    words = "hung: the planner and the phase queue have not answered for 2 s"
    assert result.stdout.splitlines()[1] == words


def test_reads_say_how_far_behind_the_log_they_are(call: Call, here: Places) -> None:
    log_of(here.data, [(at(14, 10), [AlarmSet("a", "clock", at(15))] * 3)])
    assert told(call("status", "--json"))["lag"] == 3
    assert "49 records, the last of 15:00; this is 3 records behind" in call("status").stdout
    for name in ("runs", "plan", "brief", "queue", "budget", "days", "report"):
        assert call(name).stderr == "This is 3 records behind the log, which ends at 49.\n"


def test_the_plan_stands_phase_by_phase_with_reasons(call: Call) -> None:
    lines = call("plan").stdout.splitlines()
    assert lines[0].startswith("Fri 20 Nov 2026  plan 1, drawn 07:00 (day opened), $4.00 to give")
    phases = [line for line in lines if line.startswith(("morning", "afternoon", "evening"))]
    assert phases == [
        "morning 07:00 to 13:00 completed",
        "afternoon 13:00 to 19:00 in progress",
        "evening 19:00 to 23:00",
    ]
    held = next(line for line in lines if "w8-2" in line)
    assert held.split()[:5] == ["held", "study", "w8-2", "~$0.25", "740"]
    assert "waits for money, window 400 + balance 120" in held
    assert lines[-1] == "Passed over  1: daily limit 1; --all lists them"
    assert call("plan", "--all").stdout.splitlines()[-1].split()[:3] == ["evening", "study", "300"]
    assert told(call("plan", "today", "--json"))["phases"][1]["works"][0]["state"] == "held"
    assert "nothing is known of 2020-01-01" in call("plan", "2020-01-01").stderr


def test_what_a_later_plan_took_back_is_told_only_when_asked_for(call: Call, here: Places) -> None:
    taken_back: list[AnyFact] = [
        planned("w47-1", "study", "evening", "research", 0),
        WorkDropped("w47-1", "replanned"),
    ]
    projected(here.data, log_of(here.data, [(at(14, 20), taken_back)]))
    assert "w47-1" not in call("plan").stdout + call("brief").stdout
    assert "w47-1" in call("plan", "--all").stdout
    assert "w47-1" in [work["work"] for work in told(call("brief", "--json"))["dropped"]]


def test_work_outside_any_plan_that_ended_alike_shares_a_line(call: Call, here: Places) -> None:
    another: list[AnyFact] = [
        planned("w47-1", "digest", None, "system", 0),
        WorkDropped("w47-1", "defer_limit"),
    ]
    projected(here.data, log_of(here.data, [(at(14, 20), another)]))
    lines = [line.split() for line in call("plan").stdout.splitlines() if "digest" in line]
    assert [line[:4] for line in lines] == [
        ["dropped", "digest", "2", "times"],
        ["running", "digest", "w70-1", "~$0.00"],
    ]
    assert "w60-1" in call("plan", "--all").stdout


def test_the_brief_tells_what_ran_failed_was_dropped_and_needs_me(call: Call) -> None:
    result = call("brief")
    for words in ("2 runs, 1 succeeded, $0.31", "Needs you", "Failed", "Dropped", "Missed", "Ran"):
        assert words in result.stdout
    found = told(call("brief", "--since", "12:00", "--json"))
    assert (found["runs"], [gone["work"] for gone in found["dropped"]]) == (0, ["w60-1"])
    assert "nothing ran" in call("brief", "--since", "30m").stdout


def test_runs_are_found_by_what_is_known_of_them(call: Call) -> None:
    def found(*words: str) -> list[str]:
        return [run["run"] for run in told(call("runs", "--json", *words))]

    assert found() == ["r71-1", "r31-1", "r13-1"]
    assert found("--action", "read") == found("--template", "study") == ["r13-1"]
    assert found("--phase", "morning", "--category", "research") == ["r13-1"]
    assert found("--state", "failed") == ["r31-1"]
    assert found("--since", "09:00") == ["r71-1", "r31-1"]
    assert found("--until", "09:00") == ["r13-1"]
    assert found("--until", "today", "--limit", "1") == ["r71-1"]
    assert found("--text", "owls") == ["r13-1"]
    assert found("--action", "digest", "--state", "failed") == []
    assert call("runs", "--state", "unknown").stdout == "No run fits this description.\n"


def test_money_days_and_queue_are_told(call: Call) -> None:
    assert "$0.31 of $5.00 spent, $4.69 left" in call("budget").stdout
    assert told(call("budget", "--json", "--movements", "1"))["movements"][0]["run"] == "r71-1"
    assert "no money was opened on 2020-01-01" in call("budget", "2020-01-01").stderr
    day = told(call("days", "--json"))[0]
    assert (day["completed"], day["buried"], day["strongest_phase"]) == (1, 1, "morning")
    assert "33 %" in call("days", "--summary").stdout
    assert [work["work"] for work in told(call("queue", "--json"))] == ["w8-2", "w8-3"]
    assert "and 1 more" in call("queue", "--limit", "1").stdout


def test_a_report_comes_in_four_shapes(call: Call) -> None:
    assert "research     1          1       0    100 %  1m20s  $0.31" in call("report").stdout
    found = told(call("report", "--by", "action", "--json"))
    assert [(line["group"], line["runs"]) for line in found["lines"]] == [
        ("read", 1),
        ("backup", 1),
    ]
    rows = [*csv.DictReader(io.StringIO(call("report", "--format", "csv").stdout))]
    assert (rows[0]["category"], rows[0]["cost_usd_micros"]) == ("research", "310000")
    markdown = call("report", "--by", "phase", "--format", "md").stdout.splitlines()
    assert markdown[0] == "| phase | runs | succeeded | failed | success | mean | cost |"
    assert markdown[-1] == "| **all** | 2 | 1 | 1 | 50 % | 42s | $0.31 |"
    assert "Nothing ran" in call("report", "--from", "2020-01-01", "--to", "2020-01-02").stdout


def test_the_log_is_one_object_a_line(call: Call) -> None:
    def lines(*words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in call("log", "--json", *words).stdout.splitlines()]

    found = lines()
    assert [line["position"] for line in found] == [*range(1, 47)]
    assert list(found[1]) == ["position", "at", "by", "cause", "kind", "fact", "hash", "depth"]
    assert (found[1]["kind"], found[1]["at"]) == ("daemon-started", "2026-11-20T05:00:00Z")
    assert found[1]["fact"] == {"version": "0.1.0", "pid": 4711, "boot": "b7f1"}
    assert found[0]["cause"] is None
    assert [line["position"] for line in lines("--from", "45")] == [45, 46]
    assert {line["fact"]["run"] for line in lines("--kind", "run-started", "--from", "09:30")} == {
        "r31-1",
        "r71-1",
    }
    assert {line["by"] for line in lines("--by", "process")} == {"process"}


def test_the_log_from_a_moment_on_is_found_at_its_end(call: Call, here: Places) -> None:
    log_of(here.data, [(at(10), [AlarmSet("a", "clock", at(15))] * 4_000),
                       (at(14, 20), [AlarmSet("b", "clock", at(15))])])  # fmt: skip
    lines = call("log", "--json", "--from", "15m").stdout.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [4_047]
    assert len(call("log", "--from", "2026-11-20 11:00").stdout.splitlines()) == 4_000 + 16


def test_the_log_is_readable_too(call: Call) -> None:
    lines = call("log", "--kind", "run-ended").stdout.splitlines()
    assert lines[0].split()[:5] == ["17", "<16", "07:02:00", "clock", "run-ended"]
    assert "run=r13-1 started=true" in lines[0]
    assert len(lines) == 2


@pytest.mark.parametrize("name", [*READS, "plan --all", "days --summary", "output r31-1"])
def test_what_jobs_say_cannot_steer_a_terminal(call: Call, name: str) -> None:
    assert "\x1b" in EVIL
    shown = call(*name.split()).stdout
    assert shown
    assert not set(shown) & {"\x1b", "\x07", "\r"}


def test_output_is_what_the_run_printed(call: Call, here: Places) -> None:
    path = here.output("r71-1")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a\x1b[2Jb\xff\r\n")
    assert call("output", "r71-1").stdout_bytes == b"a\x1b[2Jb\xff\r\n"
    assert told(call("output", "r71-1", "--json"))["output"] == "a\x1b[2Jb\ufffd\r\n"
    assert call("output", "r31-1").stdout.startswith("^[[31mred")
    assert "w8-1 is a piece of work; its runs: r13-1" in call("output", "w8-1").stderr
    for name in ("r99-1", "r1-1/../../x", "..", "r1-1\n"):
        result = call("output", name)
        assert result.exit_code == 1
        assert "`horarium runs` lists them" in result.stderr


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_a_job_puts_in_the_place_of_its_output_is_not_read(
    call: Call, here: Places, kind: str
) -> None:
    path = here.output("r31-1")
    path.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd")
    assert call("output", "r31-1").stdout.startswith("^[[31mred")
    assert "what the log kept of its end" in call("output", "r31-1").stderr
    assert "root:" not in told(call("output", "r31-1", "--json"))["output"]


def test_looking_changes_nothing(call: Call, here: Places) -> None:
    def kept() -> dict[str, bytes]:
        beside = ("-wal", "-shm")
        return {
            str(path): path.read_bytes()
            for path in here.data.rglob("*")
            if path.is_file() and not path.name.endswith(beside)
        }

    before = kept()
    for name in READS:
        assert call(*name.split()).exit_code == 0
    assert kept() == before


def test_the_configuration_is_checked_and_its_schema_printed(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[day]\ntimezone = "Europe/Berlni"\n')
    words = ["config", "check", "--config", str(path)]
    result = CliRunner().invoke(horarium, words)
    assert (result.exit_code, "day.timezone" in result.stdout) == (1, True)
    found = json.loads(CliRunner().invoke(horarium, [*words, "--json"]).stdout)
    assert [(fault["line"], fault["severity"]) for fault in found] == [(2, "error")]
    words = ["config", "--config", str(path), "check"]
    assert CliRunner().invoke(horarium, words).stdout == result.stdout
    assert "$defs" in told(CliRunner().invoke(horarium, ["config", "schema"]))


def test_the_doctor_ends_with_one_when_something_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    result = CliRunner().invoke(horarium, ["--config", str(tmp_path / "none.toml"), "doctor"])
    assert (result.exit_code, "none.toml" in result.stdout) == (1, True)
