"""A daemon killed with much to do: all of it is done, and none of it twice."""

from collections import Counter
from pathlib import Path

import pytest

from events.daemon import DaemonStarted
from events.runs import RunStarted
from tests.whole.daemon_story import house, living, sh, wait_for, whole_log

pytestmark = pytest.mark.living

RUNNING, QUEUED = 4, 50

JOBS = """
[lanes.main]
concurrency = {running}
[actions.long]
{long}
[actions.short]
{short}
"""


def test_what_ran_and_what_waited_when_it_was_killed_is_done_once(tmp_path: Path) -> None:
    mark = f"echo $HORARIUM_RUN >> {tmp_path}/starts"
    long = sh(f"{mark}; until [ -e {tmp_path}/go ]; do sleep 0.02; done")
    here = house(tmp_path, JOBS.format(running=RUNNING, long=long, short=sh(mark)))
    starts = tmp_path / "starts"
    with living(here) as daemon:
        works = [daemon.request("long") for _ in range(RUNNING)]
        works += [daemon.request("short") for _ in range(QUEUED)]
        wait_for(lambda: len(daemon.facts(RunStarted)) == RUNNING, "what runs")
        wait_for(lambda: starts.exists() and len(starts.read_text().split()) == RUNNING, "marks")
        daemon.kill()
        (tmp_path / "go").touch()
        with living(here) as next_life:
            assert next_life.finished(*works) == ["completed"] * len(works)
            assert next_life.stop() == 0
    log = whole_log(here)
    (up,) = [r.at for r in log if isinstance(r.fact, DaemonStarted)][1:]
    next_start = min(r.at for r in log if isinstance(r.fact, RunStarted) and r.at > up)
    assert Counter(starts.read_text().split()).most_common(1)[0][1] == 1
    assert len(starts.read_text().split()) == RUNNING + QUEUED
    assert (next_start - up).total_seconds() <= 10  # 0.3 on a machine of its own
