"""What went wrong elsewhere with processes and with what was swept must not come to pass here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL
from typing import Any, NamedTuple

import pytest
from msgspec import json
from msgspec.structs import replace

from actors.cleanup.files import FileSweeper
from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.environment import token
from actors.executor.folders import make_roots
from actors.executor.marks import mark_of, marking
from actors.executor.outcomes import verdict
from events.catalogue import AnyFact
from events.cleanup import SweepEnded, SweepStarting
from events.codec import GENESIS, entry, written
from events.fact import kind_of
from events.policies import Foreign
from events.runs import Outcome, RunClosed, RunEnded, RunStarted, RunStarting, Trouble
from events.sqlite import SqliteStore
from events.store import Row
from horarium.sweeping import ending, finding
from horarium.sweeping.finding import Place
from horarium.sweeping.neighbourhood import Neighbourhood
from tests.living.agent_story import agent, made_gate
from tests.living.keeper_story import Doors, until
from tests.living.process_story import (
    ANSWERS,
    PATIENCE_SECONDS,
    Told,
    brief_of,
    command,
    now,
    shell,
)
from tests.living.zoo_story import argv_of, end_survivors, survivors

pytestmark = [
    pytest.mark.living,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfds and /proc"),
]
OURS = f"701.{os.getpid()}"  # seconds to sleep, by which what is begun here is known


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return (tmp_path / "data").resolve()


@pytest.fixture
def door(data: Path, told: Told) -> Iterator[Doors]:
    doors = Doors(data, told)
    yield doors
    doors.close()
    end_survivors(OURS, seconds=5)


# Each way in which a job goes wrong


class Way(NamedTuple):
    """How a job goes, and what must be said of it."""

    name: str
    asked: RunBrief
    outcome: Outcome
    trouble: Trouble | None = None
    is_empty: bool = False


def job(script: str, **settings: Any) -> RunBrief:
    return brief_of(shell(script, **{"timeout_seconds": 30, **settings}))


def function(body: str) -> RunBrief:
    """A job that is written in Python and answers so."""
    made = f"import sys; sys.argv[1:] = ['job:run']; {body}"
    return brief_of(command(sys.executable, "-c", made))


DEAF = f"trap '' TERM INT HUP; sleep {OURS} & wait; wait; sleep {OURS}"
ANSWER = "from horarium.jobs import call; sys.exit(0 if call.called(lambda _: {}, {{}}) else 0)"
WAYS = (
    Way("hangs", job(f"exec sleep {OURS}", timeout_seconds=1), "timed_out", "timed_out"),
    Way("hangs and is deaf", job(DEAF, timeout_seconds=1), "timed_out", "timed_out"),
    Way("is deaf to being cancelled", job(f"echo; {DEAF}"), "cancelled", "cancelled"),
    Way("leaves children", job(f"(setsid sleep {OURS} &); sleep {OURS} & exit 0"), "succeeded"),
    Way("returns failure", job("exit 3"), "failed"),
    Way("answers with junk", job("""echo '{"summary": 5}' > $HORARIUM_RESULT"""), "failed"),
    Way("answers with no object", job("echo '[1]' > $HORARIUM_RESULT"), "failed"),
    Way(
        "prints an error and ends with 0",
        job("echo 'Error: too busy'", success_command=("test", "-s", "essay")),
        "failed",
        "not_successful",
    ),
    Way(
        "is an agent that prints an error and ends with 0",
        agent("claude", "--exit", "0", file="rate.jsonl"),
        "rate_limited",
        "rate_limited",
    ),
    Way(
        "is an agent that says nothing and ends with 0",
        agent("claude", "--exit", "0", file="empty.jsonl"),
        "failed",
        "said_failed",
    ),
    Way("says too little", job("echo done", min_output=20), "failed", "too_little"),
    Way(
        "says that there was nothing to do",
        job("echo NOTHING TO DO", min_output=20, empty_marker="NOTHING TO DO"),
        "succeeded",
        is_empty=True,
    ),
)


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunEnded]]:
    """All of them at once, under one keeper."""
    heard = Told()
    doors = Doors(tmp_path_factory.mktemp("ways"), heard)
    house, found = doors(), dict[str, RunEnded]()
    runs = {f"r{number}-1": way for number, way in enumerate(WAYS, 1)}
    try:
        for run, way in runs.items():
            house.start(replace(way.asked, run=run, work=f"w{run[1:]}"), ANSWERS)
        while len(found) < len(runs):
            _, fact = heard.get(PATIENCE_SECONDS)
            name = runs[fact.run].name  # type: ignore[union-attr]
            if isinstance(fact, RunEnded):
                found[name] = fact
            elif isinstance(fact, RunStarted) and name == "is deaf to being cancelled":
                house.stop(fact.run, at_once=False)
        yield found
    finally:
        doors.close()
        end_survivors(OURS, seconds=5)


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_however_a_job_goes_wrong_its_outcome_says_so(way: Way, ends: dict[str, RunEnded]) -> None:
    ended = ends[way.name]
    assert (verdict(ended)[0], ended.trouble) == (way.outcome, way.trouble)
    assert ended.is_empty == way.is_empty


def test_nothing_of_what_went_wrong_works_on(ends: dict[str, RunEnded]) -> None:
    assert survivors(OURS) == []


def test_the_words_of_an_error_are_no_answer(ends: dict[str, RunEnded]) -> None:
    ended = ends["is an agent that prints an error and ends with 0"]
    assert ended.detail
    assert ended.result is None or (ended.result.summary, ended.result.data_json) == ("", "")


def test_what_a_run_leaves_running_is_not_ended_without_a_word(ends: dict[str, RunEnded]) -> None:
    """Whoever thinks that it goes on in the background must be able to see that it does not."""
    assert ends["leaves children"].detail == "what it had left running was ended with it"
    assert ends["says that there was nothing to do"].detail == ""
    assert ends["hangs and is deaf"].detail == "stopped after 1 s"


def test_a_keeper_keeps_nobody_from_what_others_import() -> None:
    """What knows prices needs more than a keeper does: without it each agent was lost."""
    words = "import sys, actors.executor.keeper.__main__; sys.exit(None in sys.modules.values())"
    place = Path(__file__).parents[2]
    assert subprocess.run((sys.executable, "-c", words), cwd=place, check=False).returncode == 0


# What was there before


def test_what_an_earlier_run_said_is_not_taken_for_what_this_one_says(
    door: Doors, told: Told
) -> None:
    says = shell('echo \'{"insights": ["old"]}\' > $HORARIUM_RESULT; echo > essay')
    silent = shell("exit 0")
    house = door()
    house.start(brief_of(says, "r1-1"), ANSWERS)
    assert getattr(told.ended().result, "insights", ()) == ("old",)
    house.start(brief_of(silent, "r2-1"), ANSWERS)
    assert told.ended().result is None
    wanted = replace(silent, artifacts=("essay",))
    house.start(brief_of(wanted, "r3-1", work="w3-1"), ANSWERS)
    assert told.ended().trouble == "artifact_missing"


def test_nothing_that_a_run_out_of_time_has_left_escapes_every_sweep(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    gate = made_gate(tmp_path)
    brief = agent("claude", "--gate", str(gate), action={"timeout_seconds": 1})
    door().start(brief, ANSWERS)
    assert told.ended().trouble == "timed_out"
    assert (data / "runs/r1-1/prompt").exists()
    done = FileSweeper(data, now).sweep(sweep("runs", runs=("r1-1",), works=("w1-1",)))
    assert (done.items, done.failed) == (2, ()) and done.bytes > 0
    left = [path for path in data.rglob("*") if path.is_file() and "keeper" not in path.parts]
    assert [path.name for path in left] == [".since"]  # from when on ends are kept there


# What is ended, and what is not


def sweep(*parts: Any, **more: Any) -> SweepStarting:
    at = now()
    starting = SweepStarting("s1-1", "", (), at, at, 0, 100, at + timedelta(minutes=5))
    return replace(starting, parts=parts, **more)


@pytest.fixture
def here(data: Path) -> Place:
    """A log in which one run is over, and another has but begun."""
    make_roots(data)
    facts: list[AnyFact] = [
        RunStarting("r1-1", "w1-1", "read", 1, 1, "command", now()),
        RunStarting("r2-1", "w2-1", "read", 1, 1, "command", now()),
        RunClosed("r1-1", "w1-1", "read", "unknown"),
    ]
    store, before, rows = SqliteStore(data / "log.sqlite"), GENESIS, []
    for position, fact in enumerate(facts, 1):
        state, before = written(position, "executor", entry(fact, now()), before)
        rows.append(Row(position, kind_of(type(fact)), state))
    store.commit(rows)
    store.close()
    return Place(data, identity.boot_id(), 0)


class Begun:
    """Processes that look alike; none outlives the test."""

    def __init__(self, here: Place) -> None:
        self.here, self._all = here, list[subprocess.Popen[bytes]]()

    def __call__(self, run: str = "", program: str = "/bin/sleep", mark: int = 0) -> int:
        named = {"HORARIUM_TOKEN": token(run, self.here.boot), "HORARIUM_DATA": str(self.here.data)}
        with marking(mark):
            made = subprocess.Popen(
                (program, OURS), env=named if run else {}, start_new_session=True
            )
        self._all.append(made)
        until(lambda: OURS.encode() in argv_of(made.pid))
        return made.pid

    def living(self, *pids: int) -> list[bool]:
        found = [identity.stat(pid) for pid in pids]
        return [at is not None and at.lives for at in found]

    def close(self) -> None:
        for made in self._all:
            with suppress(ProcessLookupError):
                os.kill(made.pid, SIGKILL)
            made.wait()


@pytest.fixture
def begun(here: Place) -> Iterator[Begun]:
    made = Begun(here)
    yield made
    made.close()


def taken(done: SweepEnded) -> tuple[set[int], set[int], set[str]]:
    """Which processes were ended and which were shown, and what was taken away."""
    ended, shown = ({it.pid for it in some} for some in (done.processes, done.shown))
    return ended, shown, {f"{it.area}/{it.name}" for it in done.swept}


def test_a_sweep_shows_first_what_it_takes_and_spares_look_alikes_and_what_is_not_ours(
    tmp_path: Path, here: Place, begun: Begun
) -> None:
    stranger = tmp_path / "agent-x"
    stranger.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    stranger.chmod(0o700)
    orphan, foreign = begun("r1-1"), begun(program=str(stranger))
    spared = [begun(), begun("r2-1"), begun(mark=mark_of(token("r1-1", "another"), here.data))]
    (here.data / "runs/r1-1").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis").write_text("all of it")
    (here.data / "runs/r1-1/link").symlink_to(tmp_path / "mine")
    (here.data / "runs/r3-1").symlink_to(tmp_path / "mine")
    patterns = {
        "agents": Foreign(program="agent-x", words=(OURS,), older_seconds=0, really=True),
        "seen": Foreign(program="sleep", words=(OURS,), older_seconds=0),
    }
    wanted = sweep("processes", "foreign", "runs", foreign=patterns, runs=("r1-1", "r3-1"))

    def swept(*, looks: bool) -> tuple[set[int], set[int], set[str]]:
        around = Neighbourhood(here, looks=looks)
        return taken(FileSweeper(here.data, now, around, looks=looks).sweep(wanted))

    shown = swept(looks=True)
    assert shown == ({orphan, foreign}, {*spared[:1]}, {"runs/r1-1"})
    assert all(begun.living(orphan, foreign, *spared)) and (here.data / "runs/r1-1/link").exists()
    assert swept(looks=False) == shown
    assert begun.living(orphan, foreign, *spared) == [False, False, True, True, True]
    assert (tmp_path / "mine/thesis").read_text() == "all of it"
    assert not (here.data / "runs/r1-1").exists() and (here.data / "runs/r3-1").is_symlink()


SWEEPS = """
import json, sys
from pathlib import Path
from actors.executor import identity
from events.policies import Foreign
from horarium.sweeping.finding import Place
from horarium.sweeping.neighbourhood import Neighbourhood

around = Neighbourhood(Place(Path(sys.argv[1]), identity.boot_id(), 0))
names = {Path(sys.executable).resolve().name, *sys.argv[3:]}
wanted = {
    name: Foreign(program=name, words=(sys.argv[2],), older_seconds=0, really=True)
    for name in names
}
done = around.end_foreign(around.foreign(wanted), lambda: False)
print(json.dumps([it.pid for it in done.processes]))
"""


def test_no_sweep_ends_itself_or_those_who_began_it_whatever_it_is_told_to_end(
    here: Place, begun: Begun
) -> None:
    """A shell begins a program that sweeps for all shells and programs like these two."""
    alike, shell_ = begun(), Path("/bin/sh").resolve().name
    words = (sys.executable, "-c", SWEEPS, str(here.data), OURS, "sleep", "sh", shell_)
    done = subprocess.run(
        ("/bin/sh", "-c", '"$@"; exit $?', "sh", *words),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.returncode, json.decode(done.stdout or b"null")) == (0, [alike]), done.stderr
    assert begun.living(alike) == [False]


def test_nobody_is_ended_for_the_number_of_another(here: Place, begun: Begun) -> None:
    pid = begun("r1-1")
    (found,) = finding.orphans(here, ())
    before = replace(found, start_ticks=found.start_ticks - 1)
    assert ending.end([before], lambda _: True, lambda: False).processes == []
    assert begun.living(pid) == [True]


def test_what_would_not_end_is_not_counted_as_ended(
    here: Place, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = begun("r1-1")
    monkeypatch.setattr(ending, "send", lambda *_: None)
    monkeypatch.setattr(ending, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(ending, "KILLED_SECONDS", 0.05)
    done = Neighbourhood(here).end_orphans((), lambda: False)
    assert (done.processes, done.failed) == ([], [f"{pid} would not end"])
    assert begun.living(pid) == [True]


def test_where_it_cannot_be_seen_whose_children_we_are_nobody_is_ended(
    here: Place, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, above, seen = begun("r1-1"), os.getppid(), identity.stat
    patterns = {"all": Foreign(program="sleep", words=(OURS,), older_seconds=0)}
    assert [it.pid for it in finding.orphans(here, ())] == [pid]
    monkeypatch.setattr(identity, "stat", lambda it: None if it == above else seen(it))
    assert finding.orphans(here, ()) == []
    begun()
    assert finding.foreign(here, patterns) == []


def test_looking_at_processes_starts_none(
    here: Place, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question to another program for each of hundreds holds up everybody for seconds."""
    pid = begun("r1-1")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    for name in ("fork", "forkpty", "posix_spawn"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    done = Neighbourhood(here).end_orphans((), lambda: False)
    assert [it.pid for it in done.processes] == [pid]
