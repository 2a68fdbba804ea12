"""The real side of what cleanup reaches beside its folders."""

import json
import subprocess
import sys
from collections.abc import Sequence
from errno import EIO

from actors.cleanup.door import Ended, IsTime
from actors.executor.environment import token
from actors.executor.marks import mark_of
from events.cleanup import EndedProcess, Seal, Sealed
from events.policies import Foreign
from horarium.sweeping import ending, finding
from horarium.sweeping.finding import Place

PASSES = 3  # What is being ended may have forked.
SEALING_SECONDS = 25.0
WORDS_MAX = 150


class Neighbourhood:
    """The processes of this machine and the log of a data folder. One that only `looks` ends
    nothing and writes nothing."""

    def __init__(self, place: Place, *, looks: bool = False) -> None:
        self._place, self._looks = place, looks

    def end_orphans(self, ended: Sequence[str], is_time: IsTime) -> Ended:
        """See `Neighbours.end_orphans`."""
        if self._looks:
            return Ended(finding.orphans(self._place, ended))
        marks = {mark_of(token(run, self._place.boot), self._place.data): run for run in ended}
        gone: list[EndedProcess] = []
        failed: Sequence[str] = ()
        for _ in range(PASSES):
            found = finding.orphans(self._place, ended)
            if not found:
                break
            done = ending.end(
                found, lambda it: finding.run_of(self._place, it.pid, marks) == it.run, is_time
            )
            gone.extend(done.processes)
            failed = done.failed
        return Ended(gone, failed)

    def foreign(self, patterns: dict[str, Foreign]) -> Sequence[EndedProcess]:
        """See `Neighbours.foreign`."""
        return finding.foreign(self._place, patterns)

    def end_foreign(self, found: Sequence[EndedProcess], is_time: IsTime) -> Ended:
        """See `Neighbours.end_foreign`."""
        if self._looks:
            return Ended(found)
        return ending.end(found, lambda it: finding.is_of_our_user(it.pid), is_time)

    def seal(self, stretch: Seal) -> Sealed:
        """See `Neighbours.seal`. In a process of its own: nobody waits for it but the sweep."""
        data, span = str(self._place.data), (str(stretch.after), str(stretch.until))
        if self._looks:
            return Sealed(stretch.after, stretch.until, "", "", 0)
        words = (sys.executable, "-P", "-m", "horarium.sweeping.sealing", data, *span)
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=SEALING_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise OSError(EIO, f"not done in {SEALING_SECONDS:.0f} s") from None
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise OSError(EIO, (lines or ["it said nothing"])[-1][:WORDS_MAX])
        return Sealed(**json.loads(done.stdout))
