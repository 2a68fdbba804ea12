"""The tables of the projections, but for those of runs and intents: a class is a table, a field

Times are RFC 3339 text in UTC, days are ISO dates, amounts are whole millionths of a dollar.
A column that holds JSON says so. Where all but the key has a default, the key comes first: such
a row can be made from its key alone.
"""

from projections.alert_tables import Alert
from projections.intent_tables import Buffered, Expectation, Intent, Verdict
from projections.row import Row
from projections.run_tables import Executor, Run, RunTally


class Work(Row):
    """A piece of work; `position` is that of the record that planned it, so it tells the age."""

    TABLE = "works"
    KEY = ("work",)
    INDEXES = (
        "(day, position)",
        "(rank, position, reason) WHERE waiting_since IS NOT NULL",
        "(ended_at) WHERE state IN ('failed', 'unknown', 'dropped', 'cancelled', 'buried')",
    )

    position: int
    work: str
    name: str
    source: str
    key: str
    category: str
    lane: str
    priority: str
    rank: int  # of the priority: 0 goes first
    planned_at: str
    day: str | None  # its own, or the one that was open when it was planned
    phase: str | None
    actions: str = "[]"  # JSON, in order
    state: str = "planned"
    reason: str = ""  # why it waits, or why it ended as it did
    waiting_since: str | None = None  # for this reason; None when it does not wait
    until: str | None = None
    not_before: str | None = None
    estimate_usd_micros: int = 0
    expected_seconds: int = 0
    score: str | None = None  # JSON
    revision: int = 0
    deferrals: int = 0
    run: str | None = None  # the newest
    action: str | None = None
    step: int = 0
    attempt: int = 0
    cost_usd_micros: int = 0
    started_at: str | None = None
    ended_at: str | None = None
    note: str = ""
    input_json: str = "{}"
    revived_as: str | None = None  # the work that a person had planned anew, of what is buried
    trail: str = ""  # positions of the records that speak of it, each behind a blank
    own_limit: str = ""  # "template:NAME" or "intent:NAME", when that has a limit of its own


class Plan(Row):
    """One revision of the plan of a day."""

    TABLE = "plans"
    KEY = ("day", "revision")

    day: str
    revision: int
    because: str
    drawn_at: str
    phases: str  # JSON
    left_usd_micros: int
    set_aside_usd_micros: int
    set_aside_count: int


class PassedOver(Row):
    """A template that could have been planned and was not."""

    TABLE = "passed_over"
    KEY = ("position",)
    INDEXES = ("(day, revision)",)

    position: int
    day: str
    revision: int
    phase: str
    template: str
    reason: str
    score: str  # JSON


class Tally(Row):
    """How the pieces of work of a phase ended, or with phase "" those of the whole day."""

    TABLE = "tallies"
    KEY = ("day", "phase")

    day: str
    phase: str
    planned: int = 0
    completed: int = 0
    failed: int = 0
    unknown: int = 0
    dropped: int = 0
    cancelled: int = 0
    buried: int = 0
    deferred: int = 0  # went elsewhere, and are not among the planned any more


class Day(Row):
    """A day that the clock has opened, or that somebody already plans for."""

    TABLE = "days"
    KEY = ("day",)

    day: str
    starts_at: str | None = None
    ends_at: str | None = None


class Phase(Row):
    """A phase of a day. `window_*` are local times as configured, until the clock has spoken."""

    TABLE = "phases"
    KEY = ("day", "phase")
    INDEXES = ("(state) WHERE state = 'in_progress'",)

    day: str
    phase: str
    state: str = "pending"  # in_progress, completed, missed; withdrawn: no longer configured
    reason: str = ""
    minute: int = 1440  # after the start of its day; 1440 while nobody knows
    window_start: str | None = None
    window_end: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None


class Purse(Row):
    """The money of a day as a whole."""

    TABLE = "purses"
    KEY = ("day",)

    day: str
    limit_usd_micros: int = 0
    reserve_usd_micros: int = 0
    revision: int = 0
    opened_at: str | None = None
    categories: str = "[]"  # JSON, those that have a limit
    changed: str = ""  # by hand: "day", or "good" when it is for good


class Category(Row):
    """What a category may cost on a day, and what became of it."""

    TABLE = "categories"
    KEY = ("day", "category")

    day: str
    category: str
    limit_usd_micros: int = 0
    reserved_usd_micros: int = 0
    settled_usd_micros: int = 0
    overrun_usd_micros: int = 0
    refused: int = 0  # how often
    closed: bool = False
    priced_usd_micros: int = 0  # of what is settled, by tokens
    estimated_usd_micros: int = 0  # and by estimate; the rest is as reported
    changed: str = ""  # by hand: "day", or "good" when it is for good


class Limit(Row):
    """A limit as somebody set it. `period` is "configured", "good" for one that was changed by
    hand for good, or the day for which it was changed alone."""

    TABLE = "limits"
    KEY = ("name", "period")
    INDEXES = ("(period)",)

    name: str  # "day", "category:NAME", "template:NAME" or "intent:NAME"
    period: str
    usd_micros: int | None = None


class OwnLimit(Row):
    """What a template or an intent may cost on a day, and what became of it."""

    TABLE = "own_limits"
    KEY = ("day", "name")

    day: str
    name: str  # "template:NAME" or "intent:NAME"
    limit_usd_micros: int | None = None
    reserved_usd_micros: int = 0
    settled_usd_micros: int = 0
    refused: int = 0  # how often
    changed: str = ""  # by hand: "day", or "good" when it is for good


class Quota(Row):
    """What a provider allows in a window, and what is gone of it."""

    TABLE = "quotas"
    KEY = ("executor", "quota")

    executor: str
    quota: str
    is_configured: bool = True
    window_seconds: int = 0
    counted_from: str = "first_use"
    requests_max: int | None = None
    tokens_max: int | None = None
    usd_micros_max: int | None = None
    holds_ceilings: bool = False  # What runs may still cost counts as used.
    since: str | None = None  # the window that is open, or the last to be
    until: str | None = None
    requests: int = 0
    tokens: int = 0
    usd_micros: int = 0
    spent_until: str | None = None


class Movement(Row):
    """One line of the ledger."""

    TABLE = "movements"
    KEY = ("position",)
    INDEXES = ("(day)",)

    position: int
    at: str
    movement: str  # opened, reserved, settled, returned, refused, offered, overrun, reopened,
    # corrected or limited
    day: str | None
    category: str
    usd_micros: int = 0
    run: str | None = None
    work: str | None = None
    reason: str = ""  # of a refusal; of a settlement or a correction how true it is
    reserved_usd_micros: int = 0  # what had been set aside for what is settled now, or charged
    # for what is corrected
    own_limit: str = ""  # "template:NAME" or "intent:NAME", when that has a limit of its own


class Request(Row):
    """What somebody asked for, and the answer; "" while there is none."""

    TABLE = "requests"
    KEY = ("position",)
    INDEXES = ("(key)",)

    position: int
    key: str
    kind: str
    at: str
    subject: str
    note: str = ""
    answer: str = ""
    work: str | None = None
    reason: str = ""
    answered_at: str | None = None


class Pause(Row):
    """A scope of which nothing more is started, or was not until it was resumed."""

    TABLE = "pauses"
    KEY = ("scope", "name")

    scope: str
    name: str
    paused: bool = False
    since: str | None = None
    note: str = ""
    resumed_at: str | None = None


class Life(Row):
    """From one start of the daemon to its end."""

    TABLE = "lives"
    KEY = ("position",)

    position: int
    started_at: str
    version: str
    pid: int
    boot: str
    paused: bool = False
    safe_mode: bool = False
    ended_at: str | None = None  # when the next one began, if it vanished
    ending: str = ""  # asked, signal, failed; vanished: it never said goodbye


class Latest(Row):
    """What the fold must know of the past and no other table says."""

    TABLE = "latest"
    KEY = ("name",)

    name: str
    value: str = ""


TABLES: tuple[type[Row], ...] = (
    Work,
    Run,
    RunTally,
    Executor,
    Plan,
    PassedOver,
    Tally,
    Day,
    Phase,
    Purse,
    Category,
    Limit,
    OwnLimit,
    Quota,
    Movement,
    Intent,
    Expectation,
    Buffered,
    Verdict,
    Request,
    Pause,
    Life,
    Alert,
    Latest,
)
