"""The run that does nothing: no thread, no folder, no process."""

from datetime import datetime

from actors.executor.brief import RunBrief
from actors.executor.endings import too_late
from events.runs import RunEnded


def nothing(brief: RunBrief, now: datetime) -> RunEnded:
    """The end of it. Repeating it harms nobody, so it recovers by being done again."""
    if now > brief.not_after:
        return too_late(brief, now)
    return RunEnded(brief.run, started=True, ended_at=now, exit_code=0)
