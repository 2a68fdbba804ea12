"""An actor that raises stops the daemon; the third time the daemon starts with closed doors."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from events.daemon import DaemonStarted
from events.requests import Paused, WorkRequested
from events.runs import RunStarted
from events.work import WorkHeld, WorkPlanned
from horarium import client
from horarium.places import Places
from tests.whole.daemon_story import Daemon, house, living, sh, whole_log

pytestmark = pytest.mark.living

CONFIG = f"[actions.echo]\n{sh('echo hello')}\n[actions.poison]\n{sh('echo no')}\n"
STUMBLING = """
import sys
from actors.{actor} import rules
from horarium.cli import main

known = rules.RULES

def {part}(state, *given):
    fact = getattr(given[0], "fact", given[0])
    if "poison" in (getattr(fact, "subject", ""), getattr(fact, "name", "")):
        raise KeyError("poison\\n\\x1b[31mred")
    return known.{part}(state, *given)

rules.RULES = known._replace({part}={part})
main()
"""


def stumbling(actor: str, part: str) -> tuple[str, str]:
    return "-c", STUMBLING.format(actor=actor, part=part)


def choke(here: Places, program: tuple[str, str]) -> str:
    """A life that ends with exit code 70; what it said."""
    daemon = Daemon(here, program=program)
    try:
        before = len(daemon.lines)
        assert daemon.process.wait(20) == 70
        return daemon.lines[before:]
    finally:
        daemon.clear_away()


@pytest.mark.parametrize(("actor", "part"), [("phase_queue", "evolve"), ("executor", "evolve")])
def test_the_third_time_on_the_same_record_it_starts_in_safe_mode(
    tmp_path: Path, actor: str, part: str
) -> None:
    here, program = house(tmp_path, CONFIG), stumbling(actor, part)
    with living(here, program=program) as daemon:
        assert daemon.finished(daemon.request("echo")) == ["completed"]
        with suppress(client.GaveUp):
            daemon.ask(WorkRequested("poison", "k1"))
        assert daemon.process.wait(20) == 70
        poison = next(r for r in reversed(daemon.log()) if isinstance(r.fact, WorkPlanned))
    choked = f"{actor} choked on record {poison.position}: KeyError"
    assert choked in daemon.lines and "\x1b[31m" not in daemon.lines.partition(choked)[2][:200]
    for times in (2, 3):
        told = choke(here, program)
        assert choked in told and ("safe mode" in told) == (times == 3)
    with living(here, program=program) as safe:
        check_safe_mode(safe)
        assert safe.stop() == 0
    with living(here, program=program) as safe:
        assert safe.facts(DaemonStarted)[-1].safe_mode
        assert safe.stop() == 0
    (here.data / "crash.json").unlink()
    check_that_new_rules_leave_it(here, actor)


def check_safe_mode(safe: Daemon) -> None:
    """It can be read and paused; what is asked for waits, and nothing is given up."""
    safe.until(DaemonStarted, safe_mode=True)
    safe.until(Paused, scope="all", note="safe mode")
    begun = len(safe.facts(RunStarted))
    safe.until(WorkHeld, work=safe.request("echo"), reason="paused")
    result = safe.command("resume")
    assert (result.exit_code, "safe mode" in result.output) == (1, True)
    assert safe.command("pause", "--lane", "main").exit_code == 0
    safe.projected()
    assert safe.told("status")["daemon"]["safe_mode"] is True
    assert "safe mode" in safe.command("status").output
    assert len(safe.facts(RunStarted)) == begun


def check_that_new_rules_leave_it(here: Places, actor: str) -> None:
    """What was asked for then is done now; the queue has to be told of what it left out."""
    with living(here) as daemon:
        assert daemon.facts(DaemonStarted)[-1].safe_mode is False
        assert daemon.command("resume").exit_code == 0
        assert daemon.command("resume", "--lane", "main").exit_code == 0
        if actor == "phase_queue":
            left_out = daemon.facts(WorkPlanned, name="poison")[0].work
            assert daemon.command("release", left_out).exit_code == 0
        for planned in daemon.facts(WorkPlanned):
            assert daemon.finished(planned.work) == ["completed"]
        assert daemon.stop() == 0
    whole_log(here)


WITHOUT_WEB = """
from horarium.cli import main
from horarium.web import app

def broken(*given):
    raise RuntimeError("no web today")

app.app = broken
main()
"""


def test_it_does_not_live_on_where_nobody_can_reach_it(tmp_path: Path) -> None:
    told = choke(house(tmp_path), ("-c", WITHOUT_WEB))
    assert "the web failed: RuntimeError: no web today" in told


FOLDING = """
from projections.fold import Fold
from horarium.cli import main

learn = Fold.learn

def stumble(fold, records):
    if any(getattr(record.fact, "subject", "") == "poison" for record in records):
        raise KeyError("poison")
    learn(fold, records)

Fold.learn = stumble
main()
"""


def test_projections_that_stumble_stop_it_too_and_stand_still_in_safe_mode(
    tmp_path: Path,
) -> None:
    here, program = house(tmp_path, CONFIG), ("-c", FOLDING)
    with living(here, program=program) as daemon:
        with suppress(client.GaveUp):
            daemon.ask(WorkRequested("poison", "k1"))
        assert daemon.process.wait(20) == 70
        poison = next(r for r in daemon.log() if isinstance(r.fact, WorkRequested))
    choked = f"projections choked on record {poison.position}"
    assert choked in daemon.lines
    for _times in (2, 3):
        assert choked in choke(here, program)
    with living(here, program=program) as safe:
        assert safe.command("pause", "--lane", "main").exit_code == 0
        assert json.loads(safe.command("status", "--json").stdout)["behind"] > 0
        assert safe.stop() == 0
    (here.data / "crash.json").unlink()
    with living(here) as daemon:
        daemon.projected()
        assert daemon.stop() == 0
