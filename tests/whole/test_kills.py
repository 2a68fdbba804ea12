"""A daemon killed again and again, with real processes and real files, keeps its word."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.budget import FundsReserved, FundsReturned, FundsSettled
from events.plan import OccurrenceSkipped
from events.record import Record
from events.requests import WorkRequested
from events.runs import RunClosed, RunStarting
from events.sqlite import SqliteStore
from events.store import checked_pages
from events.time import OccurrenceDue
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned

KILLS = 50
START_SECONDS = (0.2, 1.0)  # after which every other life is killed, counted from its start
AWAKE_SECONDS = (0.0, 0.7)  # the others, counted from their first answer
PHASES, PHASE_SECONDS = 10, 4

JOBS = """
[budget]
daily_usd = 1000
categories = {{ general = "90%" }}
[lanes.main]
concurrency = 4
[lanes.noop]
concurrency = 100
[actions.nothing]
executor = "noop"
lane = "noop"
[actions.quick]
command = ["/bin/sh", "-c", "echo $HORARIUM_RUN >> {starts}"]
estimate_usd = 0.01
at_phase_end = "drop"
[actions.slow]
command = ["/bin/sh", "-c", "echo $HORARIUM_RUN >> {starts}; sleep 0.4"]
estimate_usd = 0.02
at_phase_end = "drop"
[actions.flaky]
command = ["/bin/sh", "-c", "echo $HORARIUM_RUN >> {starts}; exit 1"]
attempts = 3
backoff = "1s"
at_phase_end = "drop"
[templates.walk]
actions = ["quick", {{ action = "slow", when = "always" }}]
per_day = 100
at_phase_end = "drop"
[templates.stumble]
actions = ["flaky"]
per_day = 100
at_phase_end = "drop"
[intents.often]
run = "quick"
every = "1s"
[intents.seldom]
run = "slow"
every = "3s"
"""


def configuration(folder: Path) -> tuple[Path, datetime]:
    """A day of short phases around now, and when the last of them is over."""
    begins = datetime.now(UTC).replace(microsecond=0)
    offset = 12 - begins.hour  # A zone in which it is about noon, far from any midnight.
    local = begins + timedelta(hours=offset)
    text = f'[day]\ntimezone = "Etc/GMT{-offset:+d}"\n'
    for number in range(PHASES):
        start = local + timedelta(seconds=number * PHASE_SECONDS)
        end = start + timedelta(seconds=PHASE_SECONDS)
        text += f'[[phases]]\nname = "p{number}"\nstart = "{start:%T}"\nend = "{end:%T}"\n'
    path = folder / "config.toml"
    path.write_text(text + JOBS.format(starts=folder / "starts"))
    return path, begins + timedelta(seconds=PHASES * PHASE_SECONDS)


@contextmanager
def daemon(config: Path, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "horarium", "--config", str(config), "--data", str(data)]
    with (data.parent / "lines").open("ab") as lines:
        process = subprocess.Popen([*command, "run"], stdout=lines, stderr=lines)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def ask(data: Path, key: str) -> int | None:
    """The position of a request that the daemon acknowledged, or None."""
    body = json.dumps({"kind": "work-requested", "subject": "nothing", "key": key})
    with closing(http.client.HTTPConnection("localhost", timeout=2)) as connection:
        try:
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(2)
            connection.sock.connect(str(data / "horarium.sock"))
            connection.request("POST", "/v1/requests", body)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            return int(told["position"]) if answer.status in (200, 202) else None
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return None


def live_and_die(config: Path, data: Path, luck: random.Random, life: int) -> dict[int, str]:
    """One life, ended by SIGKILL at a random moment; the requests it acknowledged."""
    acknowledged: dict[int, str] = {}
    with daemon(config, data) as process:
        awake, number = life % 2 == 0, 0
        end = time.monotonic() + (10.0 if awake else luck.uniform(*START_SECONDS))
        while time.monotonic() < end and process.poll() is None:
            key = f"{life}-{number}"
            number += 1
            if (position := ask(data, key)) is not None:
                if awake and not acknowledged:
                    end = time.monotonic() + luck.uniform(*AWAKE_SECONDS)
                acknowledged[position] = key
            else:
                time.sleep(0.01)
        assert process.poll() is None, (data.parent / "lines").read_text()[-2000:]
        process.kill()
    return acknowledged


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_at_fifty_random_moments_it_loses_nothing_and_starts_nothing_twice(
    tmp_path: Path,
) -> None:
    seed = int.from_bytes(os.urandom(4))
    luck = random.Random(seed)
    config, over = configuration(tmp_path)
    data = tmp_path / "data"
    acknowledged: dict[int, str] = {}
    for life in range(KILLS):
        acknowledged |= live_and_die(config, data, luck, life)
    with daemon(config, data) as process:
        left = (over - datetime.now(UTC)).total_seconds()
        time.sleep(max(left, 0) + 5)  # The last phase ends, and what it began.
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (tmp_path / "lines").read_text()[-2000:]
    store = SqliteStore(data / "log.sqlite")
    log = [record for page in checked_pages(store) for record in page]
    store.close()
    assert len(acknowledged) > KILLS, f"seed {seed}: there must be something to lose"
    check(log, acknowledged, (tmp_path / "starts").read_text().split())


def check(log: list[Record], acknowledged: dict[int, str], starts: list[str]) -> None:
    """What a log alone can prove, and that no process started twice."""
    assert [record.position for record in log] == list(range(1, len(log) + 1))
    facts = [record.fact for record in log]
    for position, key in acknowledged.items():
        request = facts[position - 1]
        assert isinstance(request, WorkRequested) and request.key == key
    due = Counter((fact.intent, fact.due_at) for fact in facts if isinstance(fact, OccurrenceDue))
    assert set(due.values()) == {1}
    verdicts = Counter(
        record.cause for record in log if isinstance(record.fact, WorkPlanned | OccurrenceSkipped)
    )
    for record in log:
        if isinstance(record.fact, OccurrenceDue | WorkRequested):
            assert verdicts[record.position] == 1, record
    planned = Counter(fact.work for fact in facts if isinstance(fact, WorkPlanned))
    ended = Counter(
        fact.work for fact in facts if isinstance(fact, WorkFinished | WorkDropped | WorkCancelled)
    )
    assert ended == planned, (planned - ended, ended - planned)
    begun = Counter(fact.run for fact in facts if isinstance(fact, RunStarting))
    closed = Counter(fact.run for fact in facts if isinstance(fact, RunClosed))
    assert set(begun.values()) == {1}
    assert closed == begun, (closed - begun, begun - closed)
    reserved = Counter(fact.run for fact in facts if isinstance(fact, FundsReserved))
    settled = Counter(fact.run for fact in facts if isinstance(fact, FundsSettled | FundsReturned))
    assert reserved == settled
    twice = [run for run, times in Counter(starts).items() if times > 1]
    assert twice == [] and set(starts) <= set(begun)
