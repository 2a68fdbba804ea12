"""What a piece of work comes to, once somebody has said what became of its unknown run."""

from msgspec.json import decode

from events.runs import RunSettled
from projections.rows import Tables


def settled_state(tables: Tables, fact: RunSettled) -> tuple[str, str] | None:
    """The state of the work and its reason; None where it stays what it is.

    It is complete when the latest attempt at each of its steps succeeded, and none was left.
    """
    work = tables.works.see(fact.work)
    if work is None or work.state != "unknown":
        return None
    latest: dict[int, str] = {}
    for run in tables.runs.select("WHERE work = ? ORDER BY position", fact.work):
        state = fact.settled_as if run.run == fact.run else run.state
        if state == "unknown":
            return None
        latest[run.step] = state
    said = f"settled by a {fact.by}"
    if any(state != "succeeded" for state in latest.values()):
        return "failed", said
    if max(latest, default=0) < len(decode(work.actions)):
        return "failed", f"{said}: it succeeded, and what was to follow never ran"
    return "completed", said
