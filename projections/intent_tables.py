"""The tables of intents: what they are, what is expected of them, and what became of it."""

from projections.row import Row


class Intent(Row):
    """An intent, also one that is gone, and what became of its occurrences."""

    TABLE = "intents"
    KEY = ("intent",)
    INDEXES = ("(last_due_at)",)

    intent: str
    source: str = ""  # configuration, request, signal, model, import; "" while nobody told
    run: str = ""
    trigger: str = ""  # in a few words
    definition: str = "{}"  # JSON
    enabled: bool = True
    switched_at: str | None = None  # by hand, since it last changed
    state: str = "unknown"  # in_force, removed
    since: str | None = None  # when it was added, or last changed
    removed_at: str | None = None
    removed_reason: str = ""
    broken_at: str | None = None  # It failed too often in a row, and is due no more since then.
    name_taken: bool = False  # One of the configuration has the same name and is passed over.
    due: int = 0
    planned: int = 0
    skipped: int = 0
    missed: int = 0
    coalesced: int = 0
    superseded: int = 0
    expired: int = 0
    buffered: int = 0  # that still wait
    last_due_at: str | None = None
    last_verdict: str = ""  # "due" while there is none
    last_reason: str = ""
    last_work: str | None = None
    open_days: str = ""  # days of which something is open, between blanks


class Expectation(Row):
    """What a day was expected to bring of one intent; it has nothing for what nobody foresaw.

    expected = coming + waiting + planned + skipped + missed + coalesced + superseded + expired.
    """

    TABLE = "expectations"
    KEY = ("day", "intent")
    INDEXES = ("(coming_last, day) WHERE coming > 0",)

    day: str
    intent: str
    expected: int = 0
    first_due_at: str = ""
    last_due_at: str = ""
    coming: int = 0  # neither due nor closed yet
    coming_first: str = ""  # a range in which they lie
    coming_after: str = ""  # They are later than this, too.
    coming_last: str = ""
    due: int = 0
    waiting: int = 0  # of those that were due, without a verdict
    planned: int = 0
    skipped: int = 0
    missed: int = 0
    coalesced: int = 0
    superseded: int = 0
    expired: int = 0


class Buffered(Row):
    """An occurrence that waited, or waits, for the end of the one before it."""

    TABLE = "buffered"
    KEY = ("intent", "due_at")
    INDEXES = ("(due_at) WHERE closed_at IS NULL",)

    intent: str
    due_at: str
    since: str = ""
    closed_at: str | None = None


class Verdict(Row):
    """One verdict, on an occurrence or on `count` of them together."""

    TABLE = "verdicts"
    KEY = ("position",)
    INDEXES = (
        "(intent, position)",
        "(at) WHERE verdict <> 'planned'",
        "(due_at)",
        "(last_due_at) WHERE verdict <> 'planned'",
    )

    position: int
    at: str
    intent: str
    verdict: str  # planned, skipped, missed, coalesced, superseded, expired
    due_at: str
    last_due_at: str
    count: int = 1
    at_least: bool = False
    reason: str = ""
    policy: str = ""
    into_due_at: str | None = None  # the one that stands for them
    work: str | None = None
    was_due: bool = False  # It had become due before; otherwise the clock itself closed it.
    reopened_after: str | None = None  # What of it lies behind this is withdrawn.
