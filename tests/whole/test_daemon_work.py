"""Work on its way: attempts, steps, lanes, times, money, and what people ask of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from events.budget import CategoryReopened, FundsOverrun, FundsRefused
from events.requests import (
    CancelRequested,
    RequestRepeated,
    WorkRequested,
)
from events.runs import RunClosed, RunRetrying, RunStarted, RunStarting, WorkBuried
from events.work import WorkCancelled, WorkHeld, WorkPlanned, WorkReleased
from tests.whole.daemon_story import Daemon, house, living, sh, wait_for, whole_log

pytestmark = pytest.mark.living

THIRD_TIME = "echo x >> $HORARIUM_WORK_FOLDER/tries; [ $(wc -l < $HORARIUM_WORK_FOLDER/tries) = 3 ]"
SPENT = """printf '{"cost_usd": 0.9}' > $HORARIUM_RESULT"""
SETTINGS = f"""
[[phases]]
name = "always"
start = "00:00"
end = "24:00"
[[phases]]
name = "never"
start = "00:00"
end = "00:01"
days = ["{(datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()}"]
[budget]
daily_usd = 10
reserve_usd = 1
categories = {{ general = 5, dear = 1, tight = 1 }}
[lanes.main]
concurrency = 20
[lanes.narrow]
concurrency = 1
[actions.echo]
{sh("echo hello")}
[actions.third-time]
{sh(THIRD_TIME)}
attempts = 5
backoff = "1s"
backoff_factor = 1
[actions.never-works]
{sh("exit 4")}
attempts = 2
backoff = "1s"
[actions.narrow]
{sh("echo $HORARIUM_RUN begins; sleep 0.3")}
lane = "narrow"
[actions.long]
{sh("echo begun; sleep 60")}
[actions.note]
{sh("echo $HORARIUM_STEP >> $HORARIUM_WORK_FOLDER/steps")}
[actions.fails]
{sh("echo $HORARIUM_STEP >> $HORARIUM_WORK_FOLDER/steps; exit 1")}
[actions.reads]
{sh("cat $HORARIUM_INPUT")}
input = {{ colour = "red", size = 1 }}
[actions.spends]
{sh(SPENT)}
category = "dear"
estimate_usd = 0.1
[actions.more-than-half]
{sh("echo spent")}
category = "tight"
estimate_usd = 0.6
[templates.both]
actions = ["fails", "note", {{ action = "note", when = "failure" }}, {{ action = "note", when = "always" }}]
enabled = false
[templates.fine]
actions = ["note", {{ action = "note", when = "failure" }}, "note"]
enabled = false
"""  # noqa: E501 one table a line


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with living(house(tmp_path_factory.mktemp("work"), SETTINGS)) as one:
        yield one
        assert one.stop() == 0
    assert "Traceback" not in one.lines
    whole_log(one.here)


def work_file(daemon: Daemon, work: str, name: str) -> list[str]:
    return (daemon.here.data / "work" / work / name).read_text().split()


def test_what_fails_is_tried_again_until_it_succeeds_or_is_buried(daemon: Daemon) -> None:
    good, bad = daemon.request("third-time"), daemon.request("never-works")
    assert daemon.finished(good, bad) == ["completed", "buried"]
    assert [run.outcome for run in daemon.closed(good)] == ["failed", "failed", "succeeded"]
    assert [run.outcome for run in daemon.closed(bad)] == ["failed", "failed"]
    assert daemon.facts(WorkBuried, work=bad) == [WorkBuried(bad, "never-works", 2)]
    starts = [r.at for r in daemon.log() if r.fact in daemon.facts(RunStarting, work=good)]
    assert all(b - a > timedelta(seconds=1) for a, b in pairwise(starts))
    assert len(daemon.facts(RunRetrying, work=good)) == 2


def test_the_steps_of_a_template_wait_for_their_outcome(daemon: Daemon) -> None:
    both, fine = daemon.request("both"), daemon.request("fine")
    assert daemon.finished(both, fine) == ["failed", "completed"]
    assert work_file(daemon, both, "steps") == ["1", "3", "4"]
    assert work_file(daemon, fine, "steps") == ["1", "3"]


def test_a_lane_lets_in_as_many_as_it_may(daemon: Daemon) -> None:
    works = [daemon.request("narrow") for _ in range(3)]
    assert daemon.finished(*works) == ["completed"] * 3
    runs = {run.run for work in works for run in daemon.facts(RunClosed, work=work)}
    inside = 0
    for record in daemon.log():
        if getattr(record.fact, "run", None) in runs:
            inside += isinstance(record.fact, RunStarting)
            inside -= isinstance(record.fact, RunClosed)
            assert inside <= 1
    assert [run.work for run in daemon.facts(RunClosed) if run.run in runs] == works


def test_a_request_waits_for_its_time(daemon: Daemon) -> None:
    wanted = datetime.now(UTC) + timedelta(seconds=1)
    work = daemon.request("echo", at=wanted)
    assert daemon.until(WorkHeld, work=work) == WorkHeld(work, "not_before", wanted)
    assert daemon.finished(work) == ["completed"]
    started = daemon.facts(RunStarted, run=daemon.closed(work)[0].run)[0].started_at
    assert timedelta(0) <= started - wanted < timedelta(seconds=1)


def test_work_for_a_later_phase_waits_can_be_moved_and_released_and_cancelled(
    daemon: Daemon,
) -> None:
    moved, released, cancelled = (daemon.request("echo", phase="never") for _ in range(3))
    for work in (moved, released, cancelled):
        assert daemon.until(WorkHeld, work=work).reason == "phase_not_open"
    assert daemon.command("move", moved, "--phase", "always").exit_code == 0
    assert daemon.command("release", released).exit_code == 0
    assert daemon.command("cancel", cancelled, "--note", "no").exit_code == 0
    assert daemon.finished(moved, released) == ["completed", "completed"]
    assert daemon.until(WorkCancelled, work=cancelled).note == "no"
    again = daemon.command("cancel", cancelled)
    assert again.exit_code == 1 and "has ended already" in again.output


@pytest.mark.parametrize("by", ["work", "run"])
def test_what_runs_is_cancelled_by_its_work_or_its_run(daemon: Daemon, by: str) -> None:
    work = daemon.request("long")
    run = daemon.until(WorkReleased, work=work).run
    daemon.until(RunStarted, run=run)
    wait_for(lambda: daemon.here.output(run).exists(), "the first line")
    assert daemon.ask(CancelRequested(work if by == "work" else run, f"c-{run}")).status == 200
    assert daemon.finished(work) == ["cancelled"]
    assert daemon.closed(work)[0].outcome == "cancelled"


def test_the_same_key_twice_is_one_piece_of_work(daemon: Daemon) -> None:
    first = daemon.command("request", "echo", "--key", "twice")
    second = daemon.command("request", "echo", "--key", "twice")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert len(daemon.facts(WorkPlanned, key="twice")) == 1
    work = daemon.facts(WorkPlanned, key="twice")[0].work
    assert daemon.facts(RequestRepeated, key="twice") == [RequestRepeated("twice", work)]
    assert work in second.output


def test_the_input_of_a_request_stands_above_that_of_its_action(daemon: Daemon) -> None:
    work = daemon.request("reads", input_json='{"size":2}')
    assert daemon.finished(work) == ["completed"]
    run = daemon.closed(work)[0].run
    assert daemon.told("output", run)["output"] == '{"colour":"red","size":2}'


def test_an_overrun_closes_a_category_until_somebody_opens_it(daemon: Daemon) -> None:
    spent = daemon.request("spends")
    assert daemon.finished(spent) == ["completed"]
    run = daemon.closed(spent)[0].run
    assert daemon.until(FundsOverrun, run=run).over_usd_micros == 800_000
    held = daemon.request("spends")
    assert daemon.until(FundsRefused, work=held).reason == "closed"
    assert daemon.until(WorkHeld, work=held).reason == "no_funds"
    assert daemon.command("resume", "--category", "dear").exit_code == 0
    daemon.until(CategoryReopened, category="dear")
    assert daemon.finished(held) == ["completed"]


def test_what_cannot_be_paid_is_held_and_shown_with_its_reason(daemon: Daemon) -> None:
    paid, held = daemon.request("more-than-half"), daemon.request("more-than-half")
    assert daemon.finished(paid) == ["completed"]
    refused = daemon.until(FundsRefused, work=held)
    assert (refused.reason, refused.usd_micros) == ("category_spent", 600_000)
    daemon.until(WorkHeld, work=held, reason="no_funds")
    waiting = {entry["work"]: entry for entry in daemon.projected().told("queue")}
    assert waiting[held]["reason"] == "no_funds"
    assert "money" in daemon.command("queue").output
    assert daemon.command("cancel", held).exit_code == 0
    daemon.until(WorkCancelled, work=held)


def test_a_replan_and_the_impossible_are_answered(daemon: Daemon) -> None:
    assert daemon.command("replan").exit_code == 0
    for words in (
        "request ecko",
        "request echo --phase evning",
        "release w999-1",
        "move w999-1 --phase always",
        "cancel r999-1",
        "pause --lane nowhere",
        "resume",
    ):
        result = daemon.command(*words.split())
        assert result.exit_code == 1 and result.output.startswith("Error: "), words
    reply = daemon.ask(WorkRequested("echo", "past", at=datetime(2001, 1, 1, tzinfo=UTC)))
    assert (reply.status, "2001-01-01" in reply.body["error"]) == (400, True)
    work = daemon.request("echo", at=datetime.now(UTC) - timedelta(hours=1))
    assert daemon.finished(work) == ["completed"]


def test_all_this_left_nothing_behind(daemon: Daemon, tmp_path: Path) -> None:
    status = daemon.projected().told("status")
    assert (status["running"], status["waiting"]) == ([], 0)
