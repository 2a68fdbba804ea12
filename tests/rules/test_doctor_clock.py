"""What the doctor says of triggers that will not come, and of what the clock asks of a machine."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from horarium.doctor import examine

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOOK = '[actions.look]\nexecutor = "sweep"\n[intents.often]\nrun = "look"\nevery = "1h"\n'
A = LOOK + "[intents.a]\nrun = 'look'\n"  # The next line is the eighth.


def found(folder: Path, text: str, path: str = os.defpath) -> list[tuple[str, str, str]]:
    """What is found in this configuration: how grave, where, and the words."""
    file = folder / "config.toml"
    file.write_text(text)
    faults = examine(file, folder / "data", {"PATH": path}, NOW)
    return [(each.severity, each.path, each.message) for each in faults if each.path]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("cron = '0 6 * * *'\nends_at = 2026-11-01T00:00:00Z", "intents.a.ends_at"),
        ("cron = '0 6 * * *'\nends_at = 2026-11-21T05:00:00Z", "intents.a.ends_at"),
        ("at = 2026-11-20T12:00:00Z", "intents.a.at"),
        ("on = { signal = 'x' }\nends_at = 2026-11-20T12:00:00Z", "intents.a.ends_at"),
    ],
)
def test_an_intent_that_will_not_come_again_is_told(tmp_path: Path, text: str, where: str) -> None:
    assert found(tmp_path, A + text) == [
        ("warning", where, "this moment is over; it will not come again")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "cron = '0 6 * * *'\nends_at = 2026-11-21T06:30:00Z",
        "at = 'now'",
        "on = { alert = 'clock_stepped' }\nends_at = 2026-11-21T00:00:00Z",
        "every = '1h'\nfrom = 'completion'\nends_at = 2026-11-21T00:00:00Z",
    ],
)
def test_an_intent_that_may_come_is_none_of_its_business(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, A + text) == []


def test_a_chain_from_what_is_switched_off_is_told(tmp_path: Path) -> None:
    off = "[intents.off]\nrun = 'look'\nat = 'now'\nenabled = false\n"
    assert found(tmp_path, A + "after = 'off'\n" + off) == [
        ("warning", "intents.a.after", "'off' is switched off, so its work never ends")
    ]


def test_a_probe_that_is_missing_is_an_error(tmp_path: Path) -> None:
    text = LOOK + "[clock]\nidle_command = ['no-such-program', '-x']\n"
    [(severity, where, message)] = found(tmp_path, text, "/bin")
    assert (severity, where) == ("error", "clock.idle_command")
    assert "no program 'no-such-program' in /bin; what waits for an idle machine" in message
    assert found(tmp_path, text.replace("no-such-program", "true"), "/usr/bin:/bin") == []


def test_a_machine_that_cannot_be_kept_awake_is_told(tmp_path: Path) -> None:
    text = LOOK + "[clock]\nkeep_awake = 'while_running'\n"
    [(severity, where, _)] = found(tmp_path, text, str(tmp_path))
    assert (severity, where) == ("warning", "clock.keep_awake")
