"""Reading a configuration: every fault with its place, and the settings when there is none."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from events.configuration import Action, Configuration, Step, Template, Window
from horarium.configuration import ConfigError, Fault, digest_of, faults, load, render
from horarium.configuration.filled import in_a_file
from tests.rules.configuration_story import FREE, loaded, said


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    told: dict[str, Any] = in_a_file(Configuration)
    assert loaded(tmp_path, "") == Configuration(**told)


def test_units_become_those_of_the_log(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
        [budget]
        daily_usd = 3
        categories = { general = "33.3333%", extra = 0.25 }
        [executor]
        output_max = "1MiB"
        [actions."a.b"]
        command = ["true", "--all"]
        timeout = "1h30m"
        estimate_usd = "0.1"
        input = { z = 1.5, a = ["x", true] }
        [templates.both]
        actions = ["a.b", { action = "a.b", when = "always" }]
        windows = [{ start = "22:00", end = "24:00", weight = 1.25, days = ["mon"] }]
        """,
    )
    assert found.budget.daily_usd_micros == 3_000_000
    assert found.budget.categories == {"general": 999_999, "extra": 250_000}
    assert found.executor.output_max_bytes == 1 << 20
    assert found.actions == {
        "a.b": Action(
            command=("true", "--all"),
            timeout_seconds=5_400,
            estimate_usd_micros=100_000,
            input_json='{"a":["x",true],"z":1.5}',
            backoff_jitter_millis=100,
        )
    }
    assert found.templates == {
        "both": Template(
            steps=(Step(action="a.b"), Step(action="a.b", when="always")),
            windows=(Window(start=time(22), end=time(0), weight_millis=1_250, days=("mon",)),),
        )
    }


def test_a_lane_is_found_from_the_folder_of_the_file(tmp_path: Path) -> None:
    lanes = loaded(
        tmp_path, '[lanes]\na.directory = "."\nb.directory = "/srv/../etc"\nc = {}'
    ).lanes
    assert [lane.directory for lane in lanes.values()] == [str(tmp_path), "/etc", ""]


def test_a_moment_is_read_in_the_zone_of_the_day(tmp_path: Path) -> None:
    zone = '[day]\ntimezone = "Europe/Berlin"\n'
    intent = "[intents.once]\nrun = 'look'\nat = 2026-12-24T18:00:00\n"
    found = loaded(tmp_path, zone + FREE + intent)
    assert found.intents["once"].at == datetime(2026, 12, 24, 17, tzinfo=UTC)


def test_several_faults_are_all_told_with_place_and_remedy(tmp_path: Path) -> None:
    assert said(
        tmp_path,
        """[day]
timezone = "Europe/Berln"
[budget]
dailly_usd = 5
[[phases]]
name = "night"
start = "22:00"
end = "25:00"
[actions."a.b"]
command = ["true"]
timeout = 600
priority = "hihg"
concurrency = 2
attempts = 0
[actions.c]
executor = "python"
function = "sys.exit"
[templates.memory]
actions = [
  "c",
  "a.c",
]
phases = ["nihgt"]
[intents.never]
run = "memroy"
cron = "0 0 31 2 *"
[intents.both]
run = "c"
every = "1h"
at = 2026-12-24T18:00:00Z
""",
    ) == [
        'config.toml:2  day.timezone  "Europe/Berln" is not a time zone such as "Europe/Berlin" '
        "(did you mean 'Europe/Berlin'?)",
        'config.toml:4  budget.dailly_usd  there is no setting "dailly_usd" here '
        "(did you mean 'daily_usd'?)",
        'config.toml:8  phases[0].end  "25:00" is not a time of day such as "06:30"',
        'config.toml:11  actions."a.b".timeout  600 is a duration without a unit '
        "(did you mean '600s'?)",
        'config.toml:12  actions."a.b".priority  "hihg" is not one of critical, high, normal, '
        "low, idle (did you mean 'high'?)",
        'config.toml:13  actions."a.b".concurrency  there is no setting "concurrency" here',
        'config.toml:14  actions."a.b".attempts  0 is outside of what is allowed: 1 to 100',
        'config.toml:17  actions.c.function  "sys.exit" is not of the form "module:function"',
        "config.toml:21  templates.memory.actions[1]  unknown action 'a.c' (did you mean 'a.b'?)",
        "config.toml:23  templates.memory.phases[0]  unknown phase 'nihgt' (did you mean 'night'?)",
        "config.toml:25  intents.never.run  unknown action or template 'memroy' "
        "(did you mean 'memory'?)",
        "config.toml:26  intents.never.cron  cron '0 0 31 2 *' never comes: no year has such a day "
        "(did you mean '0 0 L 2 *'?)",
        "config.toml:30  intents.both.at  exactly one of cron, every, at, on, after is needed, "
        "not every and at",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "[actions.a]\nfunction = 'm:f'",
            "config.toml:1  actions.a.command  there is no command to run "
            "(did you mean 'executor = \"python\"'?)",
            id="a function without its executor",
        ),
        pytest.param(
            "[templates.a]\nactions = []",
            "config.toml:2  templates.a.actions  there is no action to run",
            id="a template without actions",
        ),
        pytest.param(
            "[templates.a]\ndescription = 'x'",
            "config.toml:1  templates.a.actions  it is missing",
            id="a required setting",
        ),
        pytest.param(
            FREE + "[templates.a]\nactions = [{ action = 'look', when = 'failure' }]",
            "config.toml:4  templates.a.actions[0].when  nothing comes before it that could fail",
            id="a first step that waits for a failure",
        ),
        pytest.param(
            FREE + "[intents.a]\nrun = 'look'",
            "config.toml:3  intents.a  exactly one of cron, every, at, on, after is needed, "
            "not none",
            id="an intent without a trigger",
        ),
        pytest.param(
            FREE + "[intents.a]\nrun = 'look'\nevery = '1h'\nphase = 'noon'",
            "config.toml:6  intents.a.phase  unknown phase 'noon'",
            id="an intent for no phase",
        ),
        pytest.param(
            "[lanes.'a b']\nconcurrency = 2",
            'config.toml:1  lanes."a b"  "a b" is not a name: a letter, then at most 79 letters, '
            "digits, points, dashes and underscores",
            id="a name that is none",
        ),
        pytest.param(
            "actions = 3", "config.toml:1  actions  3 is not a table", id="no table of actions"
        ),
        pytest.param(
            "[actions.a]\ncommand = 'ls -l'",
            'config.toml:2  actions.a.command  "ls -l" is not a list',
            id="a command as a shell would have it",
        ),
        pytest.param(
            "[plan]\nenabled = 'yes'",
            "config.toml:2  plan.enabled  \"yes\" is neither true nor false (did you mean 'true'?)",
            id="a switch in words",
        ),
        pytest.param(
            FREE + "input = { when = 2026-12-24 }",
            "config.toml:3  actions.look.input  2026-12-24 is a date or time; write it as a text",
            id="a date within an input",
        ),
        pytest.param(
            FREE + "input = { much = nan }",
            "config.toml:3  actions.look.input  NaN is not a number that JSON knows",
            id="no number within an input",
        ),
        pytest.param(
            FREE + f"input = {{ much = '{'x' * 70_000}' }}",
            "config.toml:3  actions.look.input  70011 bytes are too many: at most 65536",
            id="an input beyond its limit",
        ),
        pytest.param(
            FREE + "environment = { 'A=B' = 'x' }",
            'config.toml:3  actions.look.environment."A=B"  cannot be an environment variable',
            id="a variable that is none",
        ),
        pytest.param(
            "[plan]\nrecent_works = 0xfffffffffffffffffffff",
            "config.toml:2  plan.recent_works  a whole number has at most 64 bits",
            id="a huge number",
        ),
        pytest.param(
            "[day]\ntimezone = 'UTC'\ntimezone = 'UTC'\n",
            "config.toml:3  is no TOML: Cannot overwrite a value (column 17)",
            id="a key given twice",
        ),
        pytest.param(
            "[day]\ntimezone = ",
            "config.toml:2  is no TOML: Invalid value (end of the file)",
            id="a text that ends early",
        ),
        pytest.param(
            "[day]\nx = " + "[" * 5_000,
            "config.toml  is nested too deeply",
            id="a text nested too deeply",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    assert said(tmp_path, text) == [fault]


def test_nothing_is_told_twice_about_what_cannot_be_read(tmp_path: Path) -> None:
    text = FREE + "[intents.a]\nrun = 'look'\nat = 'tomorrow'\n"
    assert [line.split("  ")[1] for line in said(tmp_path, text)] == ["intents.a.at"]


def test_a_file_that_is_missing_closed_or_none_is_said_plainly(tmp_path: Path) -> None:
    missing, binary, huge = (tmp_path / name for name in ("no.toml", "bad.toml", "big.toml"))
    binary.write_bytes(b"[day]\n# \xff\n")
    huge.write_bytes(b"#" * ((16 << 20) + 1))
    assert [faults(path, {})[0].message for path in (missing, tmp_path, binary, huge)] == [
        "there is no such file; name one with --config or HORARIUM_CONFIG",
        "is not a file",
        "is not UTF-8 here",
        "is larger than 16 MiB",
    ]
    assert faults(binary, {})[0].line == 2


def test_errors_stop_it_and_are_all_in_the_exception(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, "[plan]\nenabled = 1\nrecent_works = -1\n")
    assert [fault.path for fault in refused.value.faults] == ["plan.enabled", "plan.recent_works"]
    assert "plan.recent_works" in str(refused.value)


def test_the_digest_depends_on_the_settings_and_not_on_their_order(tmp_path: Path) -> None:
    first = loaded(tmp_path, "[lanes.a]\n[lanes.b]\n[plan]\nenabled = true")
    second = loaded(tmp_path, "[lanes.b]\n[lanes.a]\nconcurrency = 1")
    other = loaded(tmp_path, "[lanes.b]\n[lanes.a]\nconcurrency = 2")
    assert digest_of(first) == digest_of(second) != digest_of(other)
    assert load(tmp_path / "config.toml", {}).digest == digest_of(other)
    assert len(digest_of(other)) == 32


def test_a_flood_of_faults_is_cut(tmp_path: Path) -> None:
    found = said(tmp_path, "[plan]\n" + "".join(f"key{n} = 1\n" for n in range(1_000)))
    assert len(found) == 201
    assert sum("there are more faults than these" in line for line in found) == 1


def test_a_fault_cannot_play_tricks_on_a_terminal(tmp_path: Path) -> None:
    [line] = said(tmp_path, '"\\u001b[2J" = "x"')
    assert "\x1b" not in line
    assert "\\x1b[2J" in line


def test_colours_are_there_only_on_request() -> None:
    fault = Fault("a.b", 3, "is wrong", "right", "error", "config.toml")
    assert render([fault]) == "config.toml:3  a.b  is wrong (did you mean 'right'?)"
    assert "\x1b[31m" in render([fault], color=True)
