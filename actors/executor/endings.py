"""What is said of the end of a run."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from actors.executor.brief import RunBrief
from actors.executor.output import Output
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


def ended(brief: RunBrief, now: datetime, seen: Seen, output: Output, written: Path) -> RunEnded:
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
