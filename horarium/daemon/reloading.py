"""The configuration file, read again when it has changed: all of it, or nothing."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Literal

from events.catalogue import AnyObservation
from events.configuration import Configuration, ConfigurationLoaded, ConfigurationRefused
from events.store import StoreError
from horarium.configuration import Fault, Loaded, render
from horarium.configuration.loading import Reading, read, settled
from horarium.daemon.filewatch import FileWatch
from horarium.daemon.printing import say

POLL_SECONDS = 1.0
SOON_SECONDS = 0.25  # while it is being changed
RETRY_SECONDS = 10.0
COMMIT_SECONDS = 30.0
FAULTS_TOLD = 10
FAULT_CHARACTERS = 500
EMPTY = "holds no setting any more"
AT_A_START = ("store", "log", "shadow")  # tables and settings that are only read then

Tell = Callable[[AnyObservation], "Future[list[int]]"]


class Reloading:
    """Follows the file of the settings in force. `tell` appends; `loaded` hears what came in force,
    and `failed` of a mistake of ours.

    `ask` may be called from a signal's handler.
    """

    def __init__(
        self,
        in_force: Loaded,
        environ: Mapping[str, str],
        tzdata: str,
        tell: Tell,
        loaded: Callable[[Loaded], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._in_force, self._environ, self._tzdata = in_force, environ, tzdata
        self._tell, self._loaded, self._failed = tell, loaded, failed
        self._path = Path(in_force.source)
        self._watch = FileWatch(self._path)
        self._refused: tuple[str, tuple[str, ...]] | None = None  # a text, and its faults
        self._retry_at = 0.0
        self._asked: SimpleQueue[Literal["now", "end"]] = SimpleQueue()
        self._thread = Thread(target=self._follow, name="configuration", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self) -> None:
        """Read it now, whatever it says of reloading, and say what came of it."""
        self._asked.put("now")

    def close(self) -> None:
        self._asked.put("end")
        self._thread.join()

    def look(self, now: float) -> None:
        """Read it if it has changed and come to rest. `now` is in monotonic seconds."""
        if self._follows and now >= self._retry_at and self._watch.has_come_to_rest(now):
            self._read(now, is_asked=False)

    def read(self, now: float) -> None:
        """Read it, changed or not."""
        self._watch.look()
        self._read(now, is_asked=True)

    def _follow(self) -> None:
        try:
            self._look_until_the_end()
        except BaseException as error:
            self._failed(error)

    def _look_until_the_end(self) -> None:
        while (asked := self._next()) != "end":
            if asked == "now":
                self.read(monotonic())
            else:
                self.look(monotonic())

    def _next(self) -> Literal["now", "end", "look"]:
        seconds = SOON_SECONDS if self._watch.is_restless else POLL_SECONDS
        try:
            return self._asked.get(timeout=seconds if self._follows else None)
        except Empty:
            return "look"

    @property
    def _follows(self) -> bool:
        return self._in_force.configuration.clock.reload

    def _read(self, now: float, is_asked: bool) -> None:
        reading = read(self._path, self._environ)
        if not is_asked and not self._watch.is_as_seen():
            return  # It changed while it was read.
        try:
            self._take(reading, is_asked)
        except (StoreError, FutureTimeout) as error:
            say("WARNING", f"the configuration could not be recorded: {error}")
            self._retry_at = now + RETRY_SECONDS
        else:
            self._watch.accept()

    def _take(self, reading: Reading, is_asked: bool) -> None:
        faults = self._faults(reading)
        if faults and (reading.text, faults) == self._refused:
            if is_asked:
                say("WARNING", f"the configuration is refused still: {faults[0]}")
        elif faults:
            self._append(ConfigurationRefused(self._in_force.source, faults))
            self._refused = (reading.text, faults)
        else:
            self._load(settled(reading, self._path), is_asked)

    def _faults(self, reading: Reading) -> tuple[str, ...]:
        """What speaks against it, in words."""
        found = [fault for fault in reading.faults.found if fault.severity == "error"]
        if not found and _is_empty(reading.text) and not _is_empty(self._in_force.text):
            found = [Fault("", None, EMPTY, file=str(self._path))]
        lines = render(found).splitlines()[:FAULTS_TOLD]
        return tuple(line[:FAULT_CHARACTERS] for line in lines)

    def _load(self, found: Loaded, is_asked: bool) -> None:
        before = self._in_force
        is_other = found.digest != before.digest
        if is_other or self._refused:
            self._append(loading(found, is_other, self._tzdata))
        elif is_asked:
            say("INFO", "the configuration is what is in force already")
        self._in_force, self._refused = found, None
        if is_other:
            self._loaded(found)
            _tell_of_restart(before.configuration, found.configuration)

    def _append(self, fact: AnyObservation) -> None:
        self._tell(fact).result(COMMIT_SECONDS)


def loading(found: Loaded, is_other: bool, tzdata: str) -> ConfigurationLoaded:
    """The fact that these settings are in force; whole when they are others than before."""
    whole = found.configuration if is_other else None
    return ConfigurationLoaded(found.digest, whole, found.source, found.overrides, tzdata)


def _is_empty(text: str) -> bool:
    return all(not line or line.startswith("#") for line in map(str.strip, text.splitlines()))


def _tell_of_restart(before: Configuration, after: Configuration) -> None:
    changed = [name for name in AT_A_START if getattr(before, name) != getattr(after, name)]
    if changed:
        say("WARNING", f"what changed in {', '.join(changed)} is used from the next start on")
