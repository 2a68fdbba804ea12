"""Where a chain of decisions takes breath: it goes on when an alarm rings, which starts afresh.

Decisions upon decisions are honest work when many things follow from one, and a loop of rules
when they never end. The bus stops the daemon at a depth of 32; who could go on for as long as
there is work sets an alarm for the present moment instead, well before that.
"""

from events.record import Record

DEEP = 16


def is_deep(record: Record) -> bool:
    """Whether what follows from a record should wait for an alarm."""
    return record.depth >= DEEP
