"""What a sweep has done so far, counted, and how its run looks to the executor."""

from datetime import datetime

from msgspec import Struct, field

from actors.cleanup.door import Ended
from events.cleanup import Area, EndedProcess, Sealed, SweepEnded, SweepStarting, Swept
from events.runs import RunEnded, RunResult
from events.settings import SweepPart

NAMED_MAX = 100
FAILED_MAX = 20
FAILED_CHARACTERS_MAX = 200
TOO_LATE = "too late"


class Evidence(Struct):
    """Counts everything, names the first."""

    sweep: str
    items: int = 0
    bytes: int = 0
    swept: list[Swept] = field(default_factory=list)
    failures: int = 0
    failed: list[str] = field(default_factory=list)
    missing: int = 0
    left: int = 0
    gone: dict[Area, list[str]] = field(default_factory=dict)
    parts: dict[SweepPart, bool] = field(default_factory=dict)  # whether nothing failed
    processes: list[EndedProcess] = field(default_factory=list)
    shown: list[EndedProcess] = field(default_factory=list)
    sealed: Sealed | None = None

    def took(self, area: Area, name: str, size: int) -> None:
        self.items += 1
        self.bytes += size
        if len(self.swept) < NAMED_MAX:
            self.swept.append(Swept(area, name, size))
        self.gone.setdefault(area, []).append(name)

    def missed(self, area: Area, name: str) -> None:
        self.missing += 1
        self.gone.setdefault(area, []).append(name)

    def ended_processes(self, ended: Ended) -> None:
        self.processes.extend(ended.processes)
        for why in ended.failed:
            self.failing("processes", why)

    def failing(self, name: str, why: str) -> None:
        self.failures += 1
        if len(self.failed) < FAILED_MAX:
            self.failed.append(f"{name}: {why}"[:FAILED_CHARACTERS_MAX])

    def went_through(self, part: SweepPart, before: tuple[int, int]) -> None:
        """A part is over, that began with so many failures and so many things left."""
        failures, left = before
        if self.failures > failures or self.left == left:
            self.parts[part] = self.failures == failures

    def ended(self, free_bytes: int | None = None, took_ms: int = 0) -> SweepEnded:
        return SweepEnded(
            self.sweep,
            self.items,
            self.bytes,
            tuple(self.swept),
            tuple(self.failed),
            self.missing,
            tuple(self.gone.get("runs", ())),
            self.left,
            tuple(self.gone.get("works", ())),
            tuple(part for part, is_clean in self.parts.items() if not is_clean),
            tuple(part for part, is_clean in self.parts.items() if is_clean),
            tuple(self.processes[:NAMED_MAX]),
            len(self.processes),
            sum(it.memory_bytes for it in self.processes),
            tuple(self.shown[:NAMED_MAX]),
            self.sealed,
            free_bytes,
            took_ms,
        )


def run_ended(
    starting: SweepStarting, done: SweepEnded, ended_at: datetime, duration_ms: int
) -> RunEnded:
    """The end of the run that asked for a sweep: failed when something would not go."""
    if done.failed == (TOO_LATE,):
        return RunEnded(starting.run, started=False, ended_at=ended_at, trouble="too_late")
    return RunEnded(
        starting.run,
        started=True,
        ended_at=ended_at,
        exit_code=1 if done.failed else 0,
        detail=f"would not go: {'; '.join(done.failed[:3])}" if done.failed else "",
        duration_ms=duration_ms,
        result=RunResult(summary=in_words(done)),
    )


def in_words(done: SweepEnded) -> str:
    """What a sweep did, in a line."""
    words = f"took away {done.items} things, {done.bytes} bytes"
    if done.processes_count:
        words += f"; ended {done.processes_count} processes with {done.memory_bytes} bytes"
    if done.shown:
        words += f"; {len(done.shown)} processes that are not ours were only looked at"
    if done.sealed is not None:
        words += f"; sealed the log until record {done.sealed.until}"
    return words + (f"; {done.left} more are left for the next sweep" if done.left else "")
