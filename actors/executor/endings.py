"""What is said of the end of a run."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from actors.executor.brief import RunBrief
from actors.executor.result import Reported
from actors.executor.spawning import NotStarted
from events.runs import RunEnded, Trouble


def too_late(brief: RunBrief, now: datetime) -> RunEnded:
    """It should have begun by `not_after`."""
    late = (now - brief.not_after).total_seconds()
    return not_started(brief, now, NotStarted("too_late", f"{late:.1f} s after not_after"))


def not_started(brief: RunBrief, now: datetime, why: NotStarted) -> RunEnded:
    """It never began; but one that had begun in another life is lost, not unstarted."""
    return RunEnded(brief.run, why.trouble == "lost", now, None, why.trouble, why.detail)


class Seen(NamedTuple):
    """What the watch saw of a process that has ended."""

    trouble: Trouble | None = None
    detail: str = ""
    exit_code: int | None = None
    duration_ms: int = 0
    cpu_ms: int = 0
    peak_bytes: int = 0
    processes: int = 0


class Printed(Protocol):
    """What a run has printed."""

    @property
    def bytes(self) -> int:
        """How much."""

    @property
    def cut(self) -> bool:
        """Whether not all of it was kept."""

    def tail(self) -> str:
        """The last lines."""

    def reported(self, result: Path) -> Reported:
        """What it says of itself there, or on the last line."""


def ended(brief: RunBrief, now: datetime, seen: Seen, output: Printed, written: Path) -> RunEnded:
    """It lived; `output` holds what it printed, `written` may hold what it says of itself."""
    result, fault = output.reported(written)
    return RunEnded(
        brief.run,
        started=True,
        ended_at=now,
        exit_code=seen.exit_code,
        trouble=seen.trouble,
        detail=seen.detail,
        duration_ms=seen.duration_ms,
        cpu_ms=seen.cpu_ms,
        peak_bytes=seen.peak_bytes,
        processes_most=seen.processes,
        output_bytes=output.bytes,
        output_cut=output.cut,
        tail=output.tail(),
        result=result,
        result_fault=fault,
    )
