"""Being told, by a daemon that lives: the second way when the first fails, and what is buried."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from events.intents import AlertCleared, AlertRaised, BreakerClosed, IntentSwitchRequested
from events.plan import OccurrenceSkipped
from events.requests import ResumeRequested, ReviveRequested, WorkRequested
from events.runs import RunClosed
from events.work import WorkFinished, WorkHeld, WorkPlanned
from tests.whole.daemon_story import Daemon, house, living, sh, wait_for

pytestmark = pytest.mark.living

Letter = tuple[str, str, str]  # the path, the title, the body


class Post(ThreadingHTTPServer):
    """A server that takes letters at /ntfy, and none elsewhere."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        super().__init__(("127.0.0.1", 0), _Taker)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Taker(BaseHTTPRequestHandler):
    server: Post

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.letters.append((self.path, self.headers.get("Title", ""), body))
        self.send_response(200 if self.path == "/ntfy" else 500)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """It would stand among the lines of the test."""


@contextmanager
def post_office() -> Iterator[Post]:
    with Post() as post:
        thread = Thread(target=post.serve_forever)
        thread.start()
        try:
            yield post
        finally:
            post.shutdown()
            thread.join()


def settings(post: Post, alerts: str = "") -> str:
    return f"""
[alerts]
ways = ["webhook", "ntfy"]
breaker_failures = 2
{alerts}
[lanes.notify]
[lanes.main]
concurrency = 4
[actions.webhook]
executor = "http"
url = "{post.address}/hook"
timeout = "10s"
[actions.ntfy]
executor = "http"
url = "{post.address}/ntfy"
headers = {{ Title = "Horarium" }}
prompt = "{{{{input.alert}}}} {{{{input.subject}}}}: {{{{input.words}}}}"
input = {{ alert = "", subject = "", words = "" }}
timeout = "10s"
[actions.fails]
{sh("exit 3")}
[actions.twice]
{sh("exit 4")}
attempts = 2
backoff = "1s"
[actions.well]
{sh("echo well")}
[actions.long]
{sh("echo begun; sleep 1.5; echo done")}
[intents.watch]
run = "fails"
on = {{ signal = "go" }}
"""


def fail(daemon: Daemon, *numbers: int) -> None:
    for number in numbers:
        daemon.command("signal", "go")
        wait_for(partial(_failed, daemon, number), "a failure")


def _failed(daemon: Daemon, times: int) -> bool:
    return len(daemon.facts(RunClosed, action="fails")) >= times


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Post]]:
    """A daemon in which an intent has failed twice, and people know."""
    folder = tmp_path_factory.mktemp("told")
    with post_office() as post, living(house(folder, settings(post))) as daemon:
        fail(daemon, 1, 2)
        daemon.until(AlertRaised, alert="breaker_open")
        daemon.until(RunClosed, action="ntfy")
        yield daemon, post


def test_an_alert_is_delivered_by_the_second_way_when_the_first_fails(
    told: tuple[Daemon, Post],
) -> None:
    daemon, post = told
    webhook, ntfy = post.letters[:2]
    assert json.loads(webhook[2])["alert"] == "breaker_open"
    assert webhook[0] == "/hook"
    assert ntfy[:2] == ("/ntfy", "Horarium")
    assert ntfy[2].startswith("breaker_open watch: it failed 2 times in a row")
    planned = daemon.until(WorkPlanned, source="alert")
    outcomes = [(run.action, run.outcome) for run in daemon.closed(planned.work)]
    assert outcomes == [("webhook", "failed"), ("ntfy", "succeeded")]
    assert daemon.finished(planned.work) == ["completed"]


def test_people_see_what_they_were_told_and_by_which_way(told: tuple[Daemon, Post]) -> None:
    daemon, _ = told
    daemon.until(WorkFinished, work=daemon.until(WorkPlanned, source="alert").work)
    daemon.projected()
    for command in (("alerts",), ("brief",), ("status",)):
        found = daemon.told(*command)
        [alert] = found if command == ("alerts",) else found["alerts"]
        assert (alert["alert"], alert["subject"]) == ("breaker_open", "watch")
        assert (alert["delivery"], alert["delivered_by"]) == ("delivered", "ntfy")
    assert "breaker_open  watch" in daemon.command("alerts").stdout
    assert "paused after failures" in daemon.command("intent", "list").stdout


def test_the_intent_is_due_no_more_until_it_is_enabled(told: tuple[Daemon, Post]) -> None:
    daemon, _ = told
    daemon.command("signal", "go")
    assert daemon.until(OccurrenceSkipped).reason == "breaker_open"
    why = daemon.command("explain", "watch").stdout
    assert "failed too often in a row" in why
    assert daemon.command("intent", "enable", "watch").exit_code == 0
    daemon.until(BreakerClosed)
    daemon.until(AlertCleared, subject="watch")
    assert daemon.projected().told("alerts") == []


def test_what_is_buried_is_listed_and_revived(told: tuple[Daemon, Post]) -> None:
    daemon, _ = told
    work = daemon.request("twice")
    assert daemon.finished(work) == ["buried"]
    [buried] = daemon.projected().told("revive")
    assert (buried["work"], buried["attempt"]) == (work, 2)
    answer = daemon.told("revive", work)["answer"]["fact"]
    assert (answer["source"], answer["key"]) == ("revival", f"{work}#1")
    daemon.finished(answer["work"])
    assert [it["work"] for it in daemon.projected().told("revive")] == [answer["work"]]
    again = daemon.command("revive", work)
    assert (again.exit_code, "is not buried" in again.output) == (1, True)
    assert daemon.ask(ReviveRequested("w1-1", "k")).body["answer"]["fact"]["reason"] == "not_buried"


def test_draining_lets_what_runs_end_and_starts_nothing_more(told: tuple[Daemon, Post]) -> None:
    daemon, _ = told
    work = daemon.request("long")
    late = daemon.command("drain", "--wait", "0")
    assert (late.exit_code, "1 run still on the way" in late.output) == (1, True)
    waiting = daemon.request("well")
    assert daemon.until(WorkHeld, work=waiting).reason == "paused"
    assert daemon.told("drain", "--wait", "15") == {"drained": True, "running": []}
    assert daemon.finished(work) == ["completed"]
    daemon.ask(ResumeRequested("all", "go on"))
    assert daemon.finished(waiting) == ["completed"]


def test_the_log_of_all_that_is_in_order(told: tuple[Daemon, Post]) -> None:
    result = told[0].command("verify")
    assert (result.exit_code, "nothing wrong" in result.output) == (0, True), result.output


QUIET = 'quiet = [{ start = "00:00", end = "12:00" }, { start = "12:00", end = "23:59" }]'


def test_nobody_is_told_in_quiet_hours_and_what_nobody_can_be_told_stands_in_brief(
    tmp_path: Path,
) -> None:
    with post_office() as post, living(house(tmp_path, settings(post, QUIET))) as daemon:
        fail(daemon, 1, 2)
        work = daemon.until(WorkPlanned, source="alert").work
        assert daemon.until(WorkHeld, work=work).reason == "quiet_hours"
        assert post.letters == []
        assert "quiet hours" in daemon.command("explain", work).stdout
        daemon.command("cancel", work)
        wait_for(lambda: _undelivered(daemon), "a word in brief")
        daemon.ask(IntentSwitchRequested("watch", True, "on"))
        daemon.until(BreakerClosed)


def _undelivered(daemon: Daemon) -> Sequence[str]:
    needs = daemon.projected().told("brief")["needs"]
    return [it["what"] for it in needs if it["kind"] == "undelivered"]


def test_a_prompt_is_asked_for_by_hand(tmp_path: Path) -> None:
    with living(house(tmp_path, "[lanes.repo]\n")) as daemon:
        asked = ("request", "--prompt", "Hello", "--executor", "claude", "--lane", "repo")
        answer = daemon.told(*asked, "--ceiling", "0.25", "--timeout", "90s")["answer"]["fact"]
        assert (answer["name"], answer["lane"], answer["source"]) == ("prompt", "repo", "request")
        assert answer["action"]["ceiling_usd_micros"] == 250_000
        taken = WorkRequested("a b", "k", action=None)
        assert daemon.ask(taken).body["answer"]["fact"]["reason"] == "unknown_subject"
