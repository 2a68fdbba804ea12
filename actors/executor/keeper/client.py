"""The door of a daemon whose runs are kept by a process of their own."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Condition, Thread
from traceback import print_exc

from msgspec import Struct, structs

from actors.executor.brief import RunBrief
from actors.executor.door import Now, Tell
from actors.executor.endings import not_started
from actors.executor.environment import allowed
from actors.executor.folders import make_roots
from actors.executor.keeper.line import ENDING_SECONDS, Line
from actors.executor.keeper.silence import heeded, last_words
from actors.executor.keeper.words import (
    Bye,
    Hello,
    Order,
    Probe,
    Recover,
    Report,
    Start,
    Stop,
    Told,
    Unbegun,
    hello,
)
from actors.executor.noop import nothing
from actors.executor.secrets import variables
from actors.executor.spawning import NotStarted
from events.catalogue import AnyObservation
from events.runs import (
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    RunAdopted,
    RunEnded,
    RunStarted,
    Trouble,
)

SLACK_SECONDS = 10.0  # beyond a run's grace, until its keeper is not waited for any more
OF_ITSELF = 0  # what answers no decision
DETAIL_CHARACTERS = 500
TRIES = 3  # to find a keeper that hears us
REST_SECONDS, REST_SECONDS_MAX = 1.0, 30.0  # before it is tried again, longer each time


class Open(Struct):
    """A run that has not ended, with all that another keeper would have to know of it."""

    order: Start | Recover
    started: RunStarted | None = None
    is_heard: bool = False  # by a keeper that answered
    stop: Stop | None = None

    def again(self) -> list[Order]:
        """What is said of it to a keeper that does not know it yet, or not from us."""
        order = self.order
        paused = isinstance(order, Recover) and order.paused and self.started is None
        same_boot = not isinstance(order, Recover) or order.same_boot
        told = Recover(
            order.brief,
            order.answers,
            order.environment,
            order.umask,
            self.started,
            same_boot,
            paused,
        )
        return [told] if self.stop is None else [told, self.stop]


class Kept:
    """Hands runs to the keeper of its data folder and tells what that reports of them.

    `ours` is the environment of which a run sees the part that its brief allows; `umask` is for
    the files that it makes, -1 for ours. While `leaves` says so, an orderly stop lets runs go on.
    `warn` is told in words what is wrong with the keeper.
    """

    def __init__(
        self,
        data: Path,
        tell: Tell,
        now: Now,
        ours: Mapping[str, str] = os.environ,
        umask: int = -1,
        leaves: Callable[[], bool] = lambda: False,
        warn: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._data, self._tell, self._now, self._leaves = data.resolve(), tell, now, leaves
        self._warn, self._failures, self._why = warn, 0, ""
        self._ours, self._umask = dict(ours), _own_umask() if umask < 0 else umask
        self._open: dict[str, Open] = {}
        self._probes: dict[str, Probe] = {}  # that have not ended
        self._telling = 0
        self._changed = Condition()
        self._closing = self._closed = self._is_silent = self._is_lost = False
        make_roots(self._data)
        self._line: Line | None = None
        self._find_keeper(anew=False)
        self._thread = Thread(target=self._listen, name="keeper", daemon=True)
        self._thread.start()

    def start(self, brief: RunBrief, answers: int) -> None:
        """See `Door.start`."""
        if brief.action.executor != "noop":
            self._begin(Start(self._placed(brief), answers, self._environment(brief), self._umask))
        elif not self._closing:
            self._tell(answers, [nothing(brief, self._now())])

    def rouse(self) -> None:
        """See `Door.rouse`."""
        with self._changed:
            if self._line is not None:
                self._line.say([hello()])

    def refuse(self, brief: RunBrief, answers: int, trouble: Trouble) -> None:
        """See `Door.refuse`."""
        if not self._closing:
            self._tell(answers, [self._unstarted(brief, trouble, "")])

    def recover(
        self,
        brief: RunBrief,
        answers: int,
        started: RunStarted | None,
        same_boot: bool,
        paused: bool = False,
    ) -> None:
        """See `Door.recover`."""
        if brief.action.executor != "noop":
            environment = self._environment(brief)
            told = self._placed(brief), answers, environment, self._umask
            self._begin(Recover(*told, started, same_boot, paused))
        elif paused:
            self.refuse(brief, answers, "paused")
        else:
            self.start(brief, answers)

    def stop(self, run: str, at_once: bool = False) -> None:
        """See `Door.stop`."""
        with self._changed:
            self._stop(Stop(run, "cancelled on request", "cancelled", at_once))

    def probe(self, brief: RunBrief, probe: str, answers: int) -> None:
        """See `Door.probe`."""
        order = Probe(probe, self._placed(brief), answers, self._environment(brief), self._umask)
        with self._changed:
            if probe not in self._probes and not self._closing:
                self._probes[probe] = order
                if self._line is not None:
                    self._line.say([order])

    def close(self, wait_seconds: float) -> None:
        """See `Door.close`. Another thread may call it again: then what still lives is killed."""
        with self._changed:
            again, self._closing = self._closing, True
            if not self._leaves():
                self._end_all(wait_seconds, again)
            was_closed, self._closed = self._closed, True
            self._changed.notify_all()
            line = self._line
        if line is not None and not was_closed:
            line.end(*(() if self._open else (Bye(),)))
            self._thread.join(ENDING_SECONDS)
            line.cut()
        self._thread.join()

    def _end_all(self, wait_seconds: float, at_once: bool) -> None:
        if self._changed.wait_for(self._is_idle, wait_seconds):
            return
        for run in self._open:
            self._stop(Stop(run, "", "daemon_stopped", at_once))
        graces = [kept.order.brief.action.grace_seconds for kept in self._open.values()]
        self._changed.wait_for(self._is_idle, max(graces, default=0) + SLACK_SECONDS)

    def _is_idle(self) -> bool:
        return not self._open and not self._telling

    def _begin(self, order: Start | Recover) -> None:
        """Let it begin. One that is open already, or comes while we close, is left be."""
        run = order.brief.run
        with self._changed:
            if run in self._open or self._closing:
                return
            started = order.started if isinstance(order, Recover) else None
            is_heard = self._line is not None and self._line.is_greeted
            self._open[run] = Open(order, started, is_heard)
            why = self._handed_over(order)
            if why is not None:
                del self._open[run]
        if why is not None:
            self._tell(order.answers, [why])

    def _handed_over(self, order: Start | Recover) -> RunEnded | None:
        """Why it cannot be, or None. As long as a keeper may be found it waits for one, and what
        was begun before also longer."""
        if self._line is None:
            hopeless = self._failures >= TRIES and isinstance(order, Start)
            return self._without_keeper(order) if hopeless else None
        try:
            self._line.say([order])
        except UnicodeEncodeError as error:
            return self._unstarted(order.brief, "bad_input", f"cannot be passed on: {error}")
        return None

    def _without_keeper(self, order: Start | Recover) -> RunEnded:
        return self._unstarted(order.brief, "spawn_failed", f"there is no keeper: {self._why}")

    def _stop(self, stop: Stop) -> None:
        kept = self._open.get(stop.run)
        if kept is None:
            return
        if kept.stop is not None:
            stop = structs.replace(kept.stop, at_once=kept.stop.at_once or stop.at_once)
        kept.stop = stop
        if self._line is not None:
            self._line.say([stop])

    def _placed(self, brief: RunBrief) -> RunBrief:
        """The keeper stands elsewhere: a relative directory is one of ours."""
        if not brief.lane_directory:
            return brief
        return structs.replace(brief, lane_directory=str(Path(brief.lane_directory).absolute()))

    def _environment(self, brief: RunBrief) -> dict[bytes, bytes]:
        seen = allowed((*brief.environment, *brief.action.pass_environment), self._ours)
        secret = {
            name: self._ours[name] for name in variables(brief.action.secrets) if name in self._ours
        }
        return {os.fsencode(name): os.fsencode(it) for name, it in {**seen, **secret}.items()}

    def _unstarted(self, brief: RunBrief, trouble: Trouble, detail: str) -> RunEnded:
        return not_started(brief, self._now(), NotStarted(trouble, detail))

    def _listen(self) -> None:
        """Hear the keeper; when it is gone, hand what is open to another."""
        while True:
            line = self._line
            if line is not None:
                for report in line.reports(self._silent):
                    self._hear(report)
                self._gone(line, line.hang_up())
            if not self._another(line):
                return

    def _another(self, last: Line | None) -> bool:
        """Find a keeper after that one, if there is one; False when we are closed."""
        with self._changed:
            self._failures = 0 if last is not None and last.has_served else self._failures + 1
            self._line = None
            if self._closed:
                return False
            anew = last is not None and (last.is_strange or self._failures == TRIES - 1)
            if self._failures < TRIES:
                self._find_keeper(anew)
                return True
        self._give_up()
        rest = min(REST_SECONDS * 2 ** min(self._failures - TRIES, 10), REST_SECONDS_MAX)
        with self._changed:
            self._changed.wait_for(lambda: self._closed, rest)
            self._find_keeper(anew)
        return True

    def _gone(self, line: Line, code: int | None) -> None:
        """Say so, if that was not to be expected."""
        if self._closing:
            return
        if line.is_strange:
            self._warn("a keeper of another version finishes what it keeps; another is begun")
        elif line.is_greeted:
            self._warn("the keeper is gone; another is begun")
            self._lose()
        elif code is not None:
            self._why = f"it ended at once with exit code {code}: {last_words(self._data)}"

    def _silent(self) -> None:
        """It should have answered: while something is asked of it that is not all right."""
        with self._changed:
            is_needed, was_silent = bool(self._open), self._is_silent
            self._is_silent = is_needed
        if is_needed:
            words = heeded(self._data)
            if not was_silent:
                self._warn(words)
                self._lose(words)

    def _find_keeper(self, anew: bool) -> None:
        """A line to a keeper, with all that is open said to it again; or none."""
        self._line = None
        if self._closed:
            return
        try:
            self._line = Line(self._data, anew)
        except OSError as error:
            self._why = str(error)
        else:
            again = [order for kept in self._open.values() for order in kept.again()]
            self._line.say([*again, *self._probes.values()])

    def _give_up(self) -> None:
        """What no keeper ever heard of was not started. The rest waits for one."""
        if self._failures == TRIES:
            self._warn(f"no keeper can be begun, it is tried again and again: {self._why}")
            self._lose(f"none can be begun: {self._why}")
        with self._changed:
            unheard = [kept.order for kept in self._open.values() if not kept.is_heard]
        for order in unheard:
            if isinstance(order, Start):
                ended = self._without_keeper(order)
                self._told(order.answers, ended, ended.run)

    def _hear(self, report: Report) -> None:
        match report:
            case Told(answers=answers, fact=RunEnded(run=run) as ended):
                self._told(answers, ended, run)
            case Told(answers=answers, fact=ProbeEnded() as ended):
                with self._changed:
                    known = self._probes.pop(ended.probe, None)
                if known is not None:
                    self._say(answers, ended)
            case Told(answers=answers, fact=RunStarted() | RunAdopted() as fact):
                with self._changed:
                    kept = self._open.get(fact.run)
                    if kept is not None and isinstance(fact, RunStarted):
                        kept.started = fact
                if kept is not None:
                    self._say(answers, fact)
            case Unbegun(run=run):
                self._forget(run)
            case Hello():
                with self._changed:
                    self._is_silent = False
                    was_lost, self._is_lost = self._is_lost, False
                    for kept in self._open.values():
                        kept.is_heard = True
                if was_lost:
                    self._say(OF_ITSELF, KeeperFound())

    def _lose(self, why: str = "") -> None:
        """Say that the runs are not kept, once until they are again."""
        with self._changed:
            runs, was_lost, self._is_lost = len(self._open), self._is_lost, True
        if not was_lost and not self._closing:
            self._say(OF_ITSELF, KeeperLost(runs, why[:DETAIL_CHARACTERS]))

    def _told(self, answers: int, ended: RunEnded, run: str) -> None:
        """Tell an end, once; whoever closes waits until it is told."""
        with self._changed:
            if self._open.pop(run, None) is None:
                return
            self._telling += 1
        try:
            self._say(answers, ended)
        finally:
            with self._changed:
                self._telling -= 1
                self._changed.notify_all()

    def _say(self, answers: int, fact: AnyObservation) -> None:
        try:
            self._tell(answers, [fact])
        except Exception:  # Whoever hears it; the others must not suffer from it.
            print_exc(file=sys.stderr)

    def _forget(self, run: str) -> None:
        with self._changed:
            self._open.pop(run, None)
            self._changed.notify_all()


def _own_umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
