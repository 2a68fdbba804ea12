"""A daemon of our own, for the stories of a whole process: real files, real jobs, real signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner, Result
from msgspec.json import encode

from actors.executor import identity
from events import codec
from events.catalogue import ARequest
from events.fact import Fact
from events.record import Record
from events.requests import WorkRequested
from events.runs import RunClosed, RunStarted
from events.sqlite import SqliteStore
from events.store import checked_pages
from events.work import WorkFinished
from horarium import client, reading
from horarium.cli import horarium
from horarium.places import Places, places

PATIENCE_SECONDS = 45.0
LOOK_SECONDS = 0.01
PROGRAM = ("-m", "horarium")
NO_LOG = (reading.NoLog, codec.UnreadableRecord)  # yet, or any more

F = TypeVar("F", bound=Fact)
Condition = Callable[[], object]


class TookTooLong(AssertionError):
    """What a test waited for did not come."""


def wait_for(condition: Condition, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """The first value of the condition that is not empty."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise TookTooLong(what)
        time.sleep(LOOK_SECONDS)
    return found


def sh(script: str) -> str:
    """A command of the configuration: this script, run by a shell."""
    return f"command = {json.dumps(['/bin/sh', '-c', script])}"


def py(script: str) -> str:
    """Likewise, run by Python."""
    return f"command = {json.dumps([sys.executable, '-c', script])}"


def house(folder: Path, text: str = "", *, data: Path | None = None) -> Places:
    """A configuration in the folder, and where its data will be."""
    config = folder / "config.toml"
    config.write_text(text)
    return places(str(config), str(data or folder / "data"))


def phases_from_now(*seconds: int) -> str:
    """Phases p0, p1 ... of so many seconds, one after the other from now on, in a zone in which
    it is about noon."""
    begins = datetime.now(UTC).replace(microsecond=0)
    offset = 12 - begins.hour
    start = begins + timedelta(hours=offset)
    text = f'[day]\ntimezone = "Etc/GMT{-offset:+d}"\n'
    for number, length in enumerate(seconds):
        end = start + timedelta(seconds=length)
        text += f'[[phases]]\nname = "p{number}"\nstart = "{start:%T}"\nend = "{end:%T}"\n'
        start = end
    return text


class Daemon:
    """A life of a daemon, as an operator sees it."""

    def __init__(
        self,
        here: Places,
        *words: str,
        before: Sequence[str] = (),
        program: Sequence[str] = PROGRAM,
        **how: Any,
    ) -> None:
        """`before` are words of another program that runs ours."""
        here.config.parent.mkdir(exist_ok=True)
        self.here, self.lines_file = here, here.config.parent / "lines"
        command = [*before, sys.executable, *program, "--config", str(here.config)]
        environment = {name: it for name, it in os.environ.items() if name[:9] != "HORARIUM_"}
        how = {"env": environment | how.pop("more", {}), **how}
        with self.lines_file.open("ab") as lines:
            self.process = subprocess.Popen(
                [*command, "--data", str(here.data), "run", *words],
                **{"stdout": lines, "stderr": lines, "stdin": subprocess.DEVNULL, **how},
            )
        self._known: list[Record] = []

    @property
    def lines(self) -> str:
        """Everything it has printed, and those of before it in this folder."""
        return self.lines_file.read_text(errors="replace")

    def status(self) -> dict[str, Any]:
        """What it says of itself; nothing when it does not answer."""
        with suppress(client.NotRunning, client.NotAnswering, client.GaveUp):
            reply = client.get(self.here, "/v1/status", 2)
            return {**reply.body, "http": reply.status}
        return {}

    def answers(self) -> "Daemon":
        """Wait until it can be asked."""
        wait_for(lambda: self.status() or self._is_over(), "an answer")
        assert self.process.poll() is None, self.lines
        return self

    def _is_over(self) -> bool:
        return self.process.poll() is not None

    def log(self) -> list[Record]:
        """All records so far."""
        with suppress(*NO_LOG), reading.opened(self.here) as connection:
            after = self._known[-1].position if self._known else 0
            for position, _, state in reading.rows(connection, after):
                self._known.append(codec.read(position, state))
        return self._known

    def facts(self, kind: type[F], **fields: Any) -> list[F]:
        """The facts of a kind whose fields are these, in order."""
        found = (record.fact for record in self.log())
        return [fact for fact in found if isinstance(fact, kind) and _fits(fact, fields)]

    def until(self, kind: type[F], seconds: float = PATIENCE_SECONDS, **fields: Any) -> F:
        """Wait for such a fact; the first one."""
        try:
            found: list[F] = wait_for(lambda: self.facts(kind, **fields), "a fact", seconds)
        except TookTooLong:
            raise TookTooLong(f"no {kind.__name__} {fields}\n{self.lines[-3000:]}") from None
        return found[0]

    def ask(self, request: ARequest) -> client.Reply:
        return client.post(self.here, "/v1/requests", encode(request))

    def request(self, subject: str, key: str = "", **more: Any) -> str:
        """Ask for an action or a template; the work it became."""
        key = key or f"{subject}-{time.monotonic_ns()}"
        reply = self.ask(WorkRequested(subject, key, **more))
        assert reply.status == 200, reply
        return str(reply.body["answer"]["fact"]["work"])

    def finished(self, *works: str) -> list[str]:
        """The states in which these works finished."""
        states: dict[str, str] = {}

        def are_all_known() -> bool:
            states.update({fact.work: fact.state for fact in self.facts(WorkFinished)})
            return {*works} <= {*states}

        try:
            wait_for(are_all_known, "an end")
        except TookTooLong:
            open_still = [work for work in works if work not in states]
            raise TookTooLong(f"{open_still} did not finish\n{self.lines[-3000:]}") from None
        return [states[work] for work in works]

    def closed(self, work: str) -> list[RunClosed]:
        """The verdicts on the runs of a work that has finished."""
        self.until(WorkFinished, work=work)
        return self.facts(RunClosed, work=work)

    def command(self, *words: str) -> Result:
        """A command of ours, for this data folder."""
        return call(self.here, *words)

    def told(self, *words: str) -> Any:
        """What a command says as JSON."""
        result = self.command(*words, "--json")
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)

    def projected(self) -> "Daemon":
        """Wait until the projections know what the log holds."""
        head = len(self.log())
        wait_for(lambda: self.told("status")["position"] >= head, "the projections")
        return self

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it in order; the exit code. What it said is shown when that is a bad one."""
        self.send(number)
        code = self.process.wait(PATIENCE_SECONDS)
        if code:
            sys.stderr.write(self.lines[-5000:])
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def memory_bytes(self) -> int:
        """What it holds of memory now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def clear_away(self) -> None:
        """Leave no process behind, also none of its jobs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for started in self.facts(RunStarted):
            if identity.is_alive(started.pid, started.start_ticks):
                with suppress(ProcessLookupError):
                    os.killpg(started.pid, signal.SIGKILL)


def _fits(fact: Fact, fields: dict[str, Any]) -> bool:
    return all(getattr(fact, name) == value for name, value in fields.items())


def call(here: Places, *words: str) -> Result:
    """A command of ours, in this process."""
    given = ["--config", str(here.config), "--data", str(here.data), *words]
    return CliRunner().invoke(horarium, given)


@contextmanager
def living(here: Places, *words: str, **how: Any) -> Iterator[Daemon]:
    """A daemon that answers; afterwards it is gone, with all it started."""
    daemon = Daemon(here, *words, **how)
    try:
        yield daemon.answers()
    finally:
        daemon.clear_away()


def refused(here: Places, **how: Any) -> tuple[int, str]:
    """A daemon that does not start: its exit code and all that it says."""
    return refusals([here], **how)[0]


def refusals(houses: Iterable[Places], **how: Any) -> list[tuple[int, str]]:
    """Several such daemons, all at once."""
    daemons = [Daemon(here, **how) for here in houses]
    try:
        return [(daemon.process.wait(PATIENCE_SECONDS), daemon.lines) for daemon in daemons]
    finally:
        for daemon in daemons:
            daemon.clear_away()


def whole_log(here: Places) -> list[Record]:
    """The log of a daemon that is down, with its chain checked from the first record on."""
    store = SqliteStore(here.log)
    try:
        return [record for page in checked_pages(store) for record in page]
    finally:
        store.close()
