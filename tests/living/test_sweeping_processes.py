"""Which processes a sweep ends, and which survive every sweep: real ones, in a log of ours."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.executor import identity
from actors.executor.environment import token
from actors.executor.marks import mark_of, marking
from actors.executor.recovery import KEEPER
from events.catalogue import AnyFact
from events.cleanup import EndedProcess
from events.codec import GENESIS, entry, written
from events.fact import kind_of
from events.policies import Foreign
from events.runs import RunClosed, RunStarting
from events.sqlite import SqliteStore
from events.store import Row
from horarium.sweeping import ending, finding
from horarium.sweeping.finding import Place
from horarium.sweeping.neighbourhood import Neighbourhood
from tests.whole.daemon_story import wait_for

pytestmark = [
    pytest.mark.living,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfds and /proc"),
]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OVER, OPEN, LATER = "r1-1", "r2-1", "r3-1"
SLEEP = ("/bin/sleep", "300")
DEAF = ("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
FORKS = ("/bin/sh", "-c", "echo forks; for i in 1 2 3; do sleep 300 & done; wait")


@pytest.fixture
def here(tmp_path: Path) -> Place:
    """A log in which one run is over and another is open."""
    store = SqliteStore(tmp_path / "log.sqlite")
    facts: list[AnyFact] = [
        RunStarting(OVER, "w1-1", "read", 1, 1, "command", NOON),
        RunStarting(OPEN, "w2-1", "read", 1, 1, "command", NOON),
        RunClosed(OVER, "w1-1", "read", "unknown"),
        RunClosed("r9-1", "w9-1", "read", "failed", True, f'"run":"{OPEN}"'),
    ]
    before, rows = GENESIS, []
    for position, fact in enumerate(facts, 1):
        state, before = written(position, "executor", entry(fact, NOON), before)
        rows.append(Row(position, kind_of(type(fact)), state))
    store.commit(rows)
    store.close()
    return Place(tmp_path.resolve(), identity.boot_id(), 0)


class Zoo:
    """Processes that were begun here; none outlives the test."""

    def __init__(self, here: Place) -> None:
        self._here = here
        self.begun: list[subprocess.Popen[bytes]] = []

    def of(self, run: str, words: tuple[str, ...] = SLEEP, **more: str) -> int:
        """A process that bears the token of a run."""
        data = str(self._here.data)
        mine = {"HORARIUM_TOKEN": token(run, self._here.boot), "HORARIUM_DATA": data}
        return self.begin(words, {**mine, **more})

    def begin(self, words: tuple[str, ...], environment: Mapping[str, str], mark: int = 0) -> int:
        with marking(mark):
            made = subprocess.Popen(
                words, env=dict(environment), stdout=subprocess.PIPE, start_new_session=True
            )
        self.begun.append(made)
        wait_for(partial(identity.environment, made.pid), "its environment")
        assert made.stdout is not None
        if words[0].endswith("sh"):
            made.stdout.readline()
        return made.pid

    def lives(self, pid: int) -> bool:
        found = identity.stat(pid)
        return found is not None and found.lives

    def close(self) -> None:
        for made in self.begun:
            with suppress(ProcessLookupError):
                os.killpg(made.pid, signal.SIGKILL)
            made.kill()
            made.wait()
            assert made.stdout is not None
            made.stdout.close()


@pytest.fixture
def zoo(here: Place) -> Iterator[Zoo]:
    made = Zoo(here)
    yield made
    made.close()


def never() -> bool:
    return False


def swept(here: Place, *ended: str) -> list[tuple[int, str]]:
    done = Neighbourhood(here).end_orphans(ended, never)
    assert not done.failed
    return [(it.pid, it.run) for it in done.processes]


def test_orphans_of_runs_that_are_over_end_and_all_others_survive(here: Place, zoo: Zoo) -> None:
    orphan, deaf = zoo.of(OVER), zoo.of(OVER, DEAF)
    survivors = [
        zoo.of(OPEN),
        zoo.of(LATER),  # The log does not know it yet.
        zoo.of(OVER, HORARIUM_DATA="/somewhere/else"),
        zoo.of(OVER, HORARIUM_TOKEN=token(OVER, "another-boot")),
        zoo.of(OVER, HORARIUM_TOKEN=f"../{OVER}:{here.boot}"),
        zoo.of(OVER, SLEEP, **{KEEPER: str(here.data)}),
        zoo.begin(SLEEP, {}),  # A decoy of the same name and age.
        zoo.begin((*SLEEP[:1], "301"), {"NOTE": f"HORARIUM_TOKEN={token(OVER, here.boot)}"}),
    ]
    gone = swept(here)
    assert {(orphan, OVER), (deaf, OVER)} <= {*gone}
    assert not zoo.lives(orphan) and not zoo.lives(deaf)
    assert all(zoo.lives(pid) for pid in survivors)
    assert swept(here) == []


def test_one_that_cleared_its_environment_is_known_by_its_mark(here: Place, zoo: Zoo) -> None:
    def marked(run: str, data: Path, environment: Mapping[str, str]) -> int:
        return zoo.begin(SLEEP, environment, mark_of(token(run, here.boot), data))

    bare = marked(OVER, here.data, {})
    other, live = marked(OVER, Path("/somewhere/else"), {}), marked(OPEN, here.data, {})
    name = {"HORARIUM_TOKEN": token(OVER, here.boot), "HORARIUM_DATA": str(here.data)}
    two = marked(OPEN, here.data, name)  # Of an open run, whatever its environment says.
    assert swept(here, OVER, OPEN) == [(bare, OVER)]
    assert all(zoo.lives(pid) for pid in (other, live, two))


def test_what_forks_while_it_is_ended_leaves_nothing(here: Place, zoo: Zoo) -> None:
    leader = zoo.of(OVER, FORKS)
    gone = swept(here)
    assert (leader, OVER) in gone and len(gone) <= 4
    assert finding.orphans(here, ()) == []


def test_a_number_that_was_given_to_another_reaches_nobody(here: Place, zoo: Zoo) -> None:
    pid = zoo.of(OVER)
    (found,) = finding.orphans(here, ())
    reused = replace(found, start_ticks=found.start_ticks - 1)  # Begun earlier: it was another.
    assert ending.end([reused], lambda it: True, never).processes == []
    assert ending.end([found], lambda it: False, never).processes == []  # It is ours no more.
    assert zoo.lives(pid)


def test_where_the_log_cannot_be_read_nothing_is_over(here: Place, zoo: Zoo) -> None:
    pid = zoo.of(OVER)
    here.log.write_bytes(b"not a log")
    assert swept(here, OVER) == []
    assert zoo.lives(pid)


def test_looking_ends_nothing(here: Place, zoo: Zoo) -> None:
    pid = zoo.of(OVER)
    looked = Neighbourhood(here, looks=True)
    (found,) = looked.end_orphans((), never).processes
    assert (found.pid, found.name, found.run, found.memory_bytes > 0) == (pid, "sleep", OVER, True)
    assert looked.end_foreign([found], never).processes == [found]
    assert zoo.lives(pid)


# Processes that no run began


def copied(tmp_path: Path, name: str) -> str:
    """A program of that name, which sleeps."""
    path = tmp_path / name
    path.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    path.chmod(0o700)
    return str(path)


AGENT = Foreign(program="agent-x", words=("4711",), older_seconds=600)
YOUNG = replace(AGENT, older_seconds=0)


def test_only_the_old_of_that_very_name_and_words_are_found(
    here: Place, zoo: Zoo, tmp_path: Path
) -> None:
    agent, other = copied(tmp_path, "agent-x"), copied(tmp_path, "agent-xy")
    wanted = zoo.begin((agent, "4711"), {})
    zoo.begin((other, "4711"), {})
    zoo.begin((agent, "4712"), {})
    zoo.of(OPEN, (agent, "4711"))
    marked = zoo.begin((agent, "4711"), {}, mark_of("another", here.data))
    around = Neighbourhood(here)
    assert around.foreign({"agents": AGENT}) == []  # Too young.
    (found,) = around.foreign({"agents": YOUNG})
    assert (found.pid, found.pattern, found.name) == (wanted, "agents", "agent-x")
    assert [it.pid for it in around.end_foreign([found], never).processes] == [wanted]
    assert zoo.lives(marked)


def test_we_and_our_ancestors_are_never_found(here: Place) -> None:
    """Whatever a pattern says, also that of the process that asks."""
    any_of_us = {"us": replace(YOUNG, program=Path(sys.executable).resolve().name, words=())}
    line = {pid for pid in _line(os.getpid()) if pid > 1}
    assert len(line) > 1
    assert not line & {it.pid for it in finding.foreign(here, any_of_us)}


def test_a_daemon_of_another_data_folder_is_never_found(here: Place, zoo: Zoo) -> None:
    waits = (sys.executable, "-c", "import time; print(flush=True); time.sleep(300)")
    other, theirs = zoo.begin((*waits, "/opt/bin/horarium"), {}), zoo.begin(waits, {})
    any_of_them = {"any": replace(YOUNG, program=Path(sys.executable).resolve().name, words=())}
    found = {it.pid for it in finding.foreign(here, any_of_them)}
    assert theirs in found and other not in found


def _line(pid: int) -> Iterator[int]:
    while pid > 0 and (seen := identity.stat(pid)) is not None:
        yield pid
        pid = seen.parent


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can begin a process of another user")
def test_another_users_process_survives(here: Place, zoo: Zoo, tmp_path: Path) -> None:
    mine = {"HORARIUM_TOKEN": token(OVER, here.boot), "HORARIUM_DATA": str(here.data)}
    made = subprocess.Popen(SLEEP, env=mine, user=12345, stdout=subprocess.PIPE)
    zoo.begun.append(made)
    wait_for(lambda: identity.owner(made.pid) == 12345, "another user")
    assert swept(here) == []
    fits_all = {"all": replace(YOUNG, program="sleep", words=("300",))}
    assert made.pid not in {it.pid for it in finding.foreign(here, fits_all)}
    owned = EndedProcess(made.pid, getattr(identity.stat(made.pid), "ticks", 0), "sleep")
    assert Neighbourhood(here).end_foreign([owned], never).processes == []
