"""What a sweep has done so far, counted, and how its run looks to the executor."""

from datetime import datetime

from msgspec import Struct, field

from events.cleanup import Area, SweepEnded, SweepStarting, Swept
from events.runs import RunEnded, RunResult

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
    failed: list[str] = field(default_factory=list)
    missing: int = 0
    left: int = 0
    gone: dict[Area, list[str]] = field(default_factory=dict)

    def took(self, area: Area, name: str, size: int) -> None:
        self.items += 1
        self.bytes += size
        if len(self.swept) < NAMED_MAX:
            self.swept.append(Swept(area, name, size))
        self.gone.setdefault(area, []).append(name)

    def missed(self, area: Area, name: str) -> None:
        self.missing += 1
        self.gone.setdefault(area, []).append(name)

    def failing(self, name: str, why: str) -> None:
        if len(self.failed) < FAILED_MAX:
            self.failed.append(f"{name}: {why}"[:FAILED_CHARACTERS_MAX])

    def ended(self) -> SweepEnded:
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
        )


def run_ended(
    starting: SweepStarting, done: SweepEnded, ended_at: datetime, duration_ms: int
) -> RunEnded:
    """The end of the run that asked for a sweep: failed when something would not go."""
    if done.failed == (TOO_LATE,):
        return RunEnded(starting.run, started=False, ended_at=ended_at, trouble="too_late")
    words = f"took away {done.items} things, {done.bytes} bytes"
    words += f"; {done.left} more are left for the next sweep" if done.left else ""
    return RunEnded(
        starting.run,
        started=True,
        ended_at=ended_at,
        exit_code=1 if done.failed else 0,
        detail=f"would not go: {'; '.join(done.failed[:3])}" if done.failed else "",
        duration_ms=duration_ms,
        result=RunResult(summary=words),
    )
