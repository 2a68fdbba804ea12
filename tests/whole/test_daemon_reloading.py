"""A configuration that changes under a living daemon, and a terminal that goes away."""

import os
import pty
import signal
import sys
from pathlib import Path

import pytest

from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStopped
from events.intents import IntentsConfigured
from tests.whole.daemon_story import Daemon, house, living, wait_for, whole_log

pytestmark = pytest.mark.living

LOOK = '[actions.look]\nexecutor = "noop"\n'
DAILY = LOOK + '[intents.daily]\nrun = "look"\ncron = "@daily"\n'
OFF = "[clock]\nreload = false\n"


def test_a_file_that_changes_is_in_force_without_a_start(tmp_path: Path) -> None:
    here = house(tmp_path, LOOK)
    with living(here, more={"HORARIUM_BUDGET__DAILY_USD": "7"}) as daemon:
        here.config.write_text(DAILY + "[intents.daily")
        refused = daemon.until(ConfigurationRefused)
        here.config.write_text(DAILY.replace("@daily", "@weekly"))
        wait_for(lambda: len(daemon.facts(ConfigurationLoaded)) == 2, "the new one")
        assert daemon.until(IntentsConfigured).added == ("daily",)
        assert daemon.stop() == 0
    assert "is no TOML" in refused.faults[0]
    first, second = daemon.facts(ConfigurationLoaded)
    assert second.configuration is not None
    assert second.configuration.intents["daily"].cron == "@weekly"
    assert second.configuration.budget.daily_usd_micros == 7_000_000, "variables hold on"
    assert second.overrides == first.overrides == ("HORARIUM_BUDGET__DAILY_USD",)
    with living(here, more={"HORARIUM_BUDGET__DAILY_USD": "7"}) as daemon:
        assert daemon.facts(ConfigurationLoaded)[-1].configuration is None, "it is known already"
        assert daemon.stop() == 0


def test_where_it_is_switched_off_a_hangup_has_it_read(tmp_path: Path) -> None:
    here = house(tmp_path, LOOK + OFF)
    with living(here, start_new_session=True) as daemon:
        here.config.write_text(DAILY + OFF)
        daemon.send(signal.SIGHUP)
        assert daemon.until(IntentsConfigured).added == ("daily",)
        daemon.send(signal.SIGHUP)
        wait_for(lambda: "in force already" in daemon.lines, "an answer")
        assert daemon.stop() == 0
    assert len([one for one in whole_log(here) if isinstance(one.fact, ConfigurationLoaded)]) == 2


IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
os.close(int(sys.argv[1]))
os.execvp(sys.argv[2], sys.argv[2:])
"""


def test_a_daemon_whose_terminal_goes_away_stops_in_order(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    before = (sys.executable, "-c", IN_A_TERMINAL, str(slave))
    daemon = Daemon(house(tmp_path, LOOK), before=before, pass_fds=(slave,))
    try:
        os.close(slave)
        daemon.answers()
        os.close(master)
        assert daemon.process.wait(20) == 0
    finally:
        daemon.clear_away()
    assert whole_log(daemon.here)[-1].fact == DaemonStopped("signal")
