"""The tables of runs, and of those who carry them out."""

from projections.row import Row


class Run(Row):
    """One attempt at one action; `position` is that of the record from which we know it."""

    TABLE = "runs"
    KEY = ("run",)
    INDEXES = (
        "(work)",
        "(action, at)",
        "(name, at)",
        "(at)",
        "(ended_at)",
        "(state, at) WHERE state <> 'succeeded'",
        "(day, at) WHERE summary <> ''",
    )

    position: int
    run: str
    work: str
    at: str  # when its money was reserved
    action: str = ""
    name: str = ""  # of the template, or of the action when no template stands behind it
    category: str = ""
    phase: str | None = None
    day: str = ""  # whose money it spends
    lane: str = ""
    executor: str = ""
    step: int = 1
    attempt: int = 1
    state: str = "starting"
    settled_by: str | None = None  # who said what became of it: person or probe
    settled_note: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    exit_code: int | None = None
    trouble: str | None = None
    reason: str = ""
    reserved_usd_micros: int = 0
    cost_usd_micros: int | None = None
    cost_source: str | None = None  # reported, priced or estimated
    own_limit: str = ""  # "template:NAME" or "intent:NAME", when that has a limit of its own
    duration_ms: int = 0
    cpu_ms: int = 0
    peak_bytes: int = 0
    output_bytes: int = 0
    output_cut: bool = False
    adopted: bool = False
    swept: bool = False  # its folder is gone
    model: str = ""  # that answered
    tokens: int | None = None
    input_tokens: int | None = None  # of these, those that were in no cache
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    turns: int = 0
    session: str = ""  # the program's own
    resets_at: str | None = None  # when it may work again, by its own word
    is_empty: bool = False  # It said that there was nothing to do.
    result_fault: str | None = None
    detail: str = ""
    summary: str = ""
    insights: str = "[]"  # JSON
    questions: str = "[]"  # JSON
    artifacts: str = "[]"  # JSON
    data: str | None = None  # JSON
    tail: str = ""


class RunTally(Row):
    """The runs of a day that are over, by all that a report may ask for."""

    TABLE = "run_tallies"
    KEY = ("day", "action", "category", "phase", "executor")

    day: str
    action: str
    category: str
    phase: str
    executor: str
    runs: int = 0
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    misconfigured: int = 0
    too_late: int = 0
    unknown: int = 0
    not_ready: int = 0
    rate_limited: int = 0
    quota_exhausted: int = 0
    duration_ms: int = 0
    cost_usd_micros: int = 0
    priced_usd_micros: int = 0  # of that, by tokens
    estimated_usd_micros: int = 0  # and by estimate; the rest is as reported


class Executor(Row):
    """How an executor is faring; one that never rested has no row."""

    TABLE = "executors"
    KEY = ("executor",)

    executor: str
    resting: bool = False
    reason: str = ""  # why it rests, or rested last
    since: str | None = None
    until: str | None = None
    rests: int = 0  # so far
