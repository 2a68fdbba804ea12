"""What is refused before anything is started, and what two daemons do to each other."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from events.runs import RunClosed
from horarium.daemon.lock import owner_of
from tests.whole.daemon_story import Daemon, house, living, refusals, refused, sh

pytestmark = pytest.mark.living

FAULTY = """
[day]
timezone = "Europe/Berlinn"
[budget]
daily_usd = -3
[budget.categories]
general = "140%"
[lanes.main]
concurency = 2
[actions.a]
executor = "comand"
command = "ls -la"
timeout = "10x"
[actions.b]
command = ["true"]
priority = "urgent"
[templates.t]
actions = ["bb"]
[intents.i]
run = "a"
cron = "* * * * *"
every = "1h"
"""
FAULTS = (
    (':3  day.timezone', "did you mean 'Europe/Berlin'"),
    (':5  budget.daily_usd', "negative"),
    (':7  budget.categories.general', "percentage"),
    (':9  lanes.main.concurency', "did you mean 'concurrency'"),
    (':11  actions.a.executor', "command, http, noop, python, sweep, aider, claude"),
    (':12  actions.a.command', "not a list"),
    (':13  actions.a.timeout', '"90s"'),
    (':16  actions.b.priority', "critical, high, normal, low, idle"),
    (':18  templates.t.actions[0]', "did you mean 'b'"),
    (':22  intents.i.every', "exactly one of cron, every, at"),
)  # fmt: skip


def test_all_faults_of_a_configuration_are_told_and_nothing_is_started(tmp_path: Path) -> None:
    here = house(tmp_path, FAULTY)
    code, lines = refused(here)
    assert code == 1 and not here.data.exists()
    told = lines.splitlines()
    assert len(told) == len(FAULTS), lines
    for line, (where, words) in zip(told, FAULTS, strict=True):
        assert line.startswith(f"{here.config}{where}") and words in line


def no_file(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def no_toml(path: Path) -> None:
    path.write_text("[day\ntimezone=")


def no_utf8(path: Path) -> None:
    path.write_bytes(b'[day]\ntimezone = "\xff\xfe"\n')


def too_large(path: Path) -> None:
    path.write_bytes(b"# all this text\n" * (17 << 16))


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def too_deep(path: Path) -> None:
    path.write_text("a = " + "[" * 100_000)


HARMS: dict[Callable[[Path], None], str] = {
    no_file: "there is no such file",
    a_folder: "is not a file",
    no_toml: "is no TOML",
    no_utf8: "is not UTF-8",
    too_large: "larger than 16 MiB",
    a_pipe: "is not a file",
    too_deep: "nested too deeply",
}


def test_a_configuration_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    houses = []
    for harm in HARMS:
        folder = tmp_path / harm.__name__
        folder.mkdir()
        houses.append(house(folder))
        harm(houses[-1].config)
    for (code, lines), here, words in zip(refusals(houses), houses, HARMS.values(), strict=True):
        assert (code, here.data.exists()) == (1, False)
        assert words in lines and len(lines.splitlines()) == 1 and len(lines) < 500


def test_a_second_daemon_is_refused_and_the_first_is_unharmed(tmp_path: Path) -> None:
    here = house(tmp_path, f"[actions.echo]\n{sh('echo hello')}\n")
    with living(here) as first:
        head, owner = len(first.log()), owner_of(here.lock)
        assert owner is not None and owner.pid == first.process.pid
        second = Daemon(here)
        assert second.process.wait(20) == 1
        refusal = f"another daemon works in {here.data} (pid {owner.pid}, since {owner.started_at})"
        assert refusal in second.lines
        assert len(first.log()) == head and owner_of(here.lock) == owner
        assert first.finished(first.request("echo")) == ["completed"]
        assert first.stop() == 0


def test_two_data_folders_side_by_side_do_not_know_each_other(tmp_path: Path) -> None:
    text = f"[actions.echo]\n{sh('echo hello')}\n"
    one, two = (
        house(tmp_path, text, data=tmp_path / "1"),
        house(tmp_path, text, data=tmp_path / "2"),
    )
    with living(one) as first, living(two) as second:
        for daemon in (first, second):
            assert daemon.finished(daemon.request("echo")) == ["completed"]
        assert first.stop() == 0
        assert second.finished(second.request("echo")) == ["completed"]
        assert second.stop() == 0
        assert (len(first.facts(RunClosed)), len(second.facts(RunClosed))) == (1, 2)
