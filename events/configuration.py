"""What the daemon was told to do: the resolved settings, as they stand in the log.

The names of the fields are those of `config.toml`, but for their units: `timeout = "10m"` there
is `timeout_seconds = 600` here, `daily_usd = 5` is `daily_usd_micros = 5000000`, `weight = 1.5`
is `weight_millis = 1500`, and a table `input` is its JSON text `input_json`.
"""

from datetime import date, time
from typing import Annotated

from msgspec import Meta

from events.fact import Instant, Observation
from events.policies import (
    Alerts,
    Cleanup,
    Clock,
    Executor,
    Lines,
    Plan,
    Policies,
    Price,
    Provider,
    Storage,
)
from events.settings import (
    WEEKDAYS,
    AtPhaseEnd,
    Bytes,
    Count,
    CountedFrom,
    DstGap,
    DstOverlap,
    ExecutorKind,
    Hours,
    Limit,
    Method,
    Misfire,
    Name,
    Overlap,
    Permission,
    Priority,
    ProgramKind,
    RetryClass,
    Sandbox,
    Seconds,
    Settings,
    SweepPart,
    UsdMicros,
    Weekday,
    When,
    WithoutCeiling,
    Worktree,
)


class Day(Settings):
    """When a day begins, and where."""

    timezone: str = "UTC"  # IANA name
    starts_at: time = time(0)


class Phase(Settings):
    """A window of the day; with `end` at or before `start` it crosses midnight.

    Several windows may bear one name when their `days` differ. A phase belongs to the day in
    which it starts.
    """

    name: Name
    start: time
    end: time
    days: tuple[Weekday, ...] = WEEKDAYS


class Budget(Settings):
    """What a day may cost. Only critical work may touch the reserve."""

    daily_usd_micros: UsdMicros = 5_000_000
    reserve_usd_micros: UsdMicros = 500_000
    categories: dict[Name, UsdMicros] = {}  # A percentage is of the daily limit, rounded down.
    without_ceiling: WithoutCeiling = "estimate"  # of a program that spends; in a file the other


class Lane(Settings):
    """A working directory with a limit on how much runs in it at once."""

    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 1
    directory: str = ""  # "" is the folder of the work itself.
    worktree: Worktree = False  # A git worktree and a branch; of its own for each work, or run.


class Action(Settings):
    """One thing that can be run."""

    executor: ExecutorKind = "command"
    command: tuple[str, ...] = ()  # Program and arguments; no shell ever sees them.
    function: str = ""  # module:function, called with a dict, answering with a dict.
    description: str = ""
    category: Name = "general"
    lane: Name = "main"
    priority: Priority = "normal"
    estimate_usd_micros: UsdMicros = 0
    ceiling_usd_micros: UsdMicros | None = None  # None: as `Budget.without_ceiling` says.
    expected_seconds: Seconds = 60
    timeout_seconds: Annotated[int, Meta(ge=1, le=7 * 86_400)] = 600
    grace_seconds: Annotated[int, Meta(ge=0, le=600)] = 5  # Between TERM and KILL.
    attempts: Annotated[int, Meta(ge=1, le=100)] = 1
    backoff_seconds: Seconds = 30
    backoff_factor: Annotated[int, Meta(ge=1, le=10)] = 2
    backoff_max_seconds: Seconds = 3600
    backoff_jitter_millis: Annotated[int, Meta(ge=0, le=1_000)] = 0  # at most added; in a file 100
    safe_to_repeat: bool = False
    environment: dict[str, str] = {}
    pass_environment: tuple[str, ...] = ()
    input_json: str = "{}"
    at_phase_end: AtPhaseEnd = "next_phase"
    defer_limit: Count = 1
    only_if_idle: bool = False  # Waits until the machine is idle.
    memory_max_bytes: Bytes | None = None  # of each process
    cpu_max_seconds: Annotated[int, Meta(ge=1, le=30 * 86_400)] | None = None  # of each process
    processes_max: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    prompt: str = ""  # what an agent is asked, or what is sent by http; with {{variables}}
    context_files: tuple[str, ...] = ()  # read into the prompt
    model: str = ""  # "": that of the executor, or else the program's own
    permission: Permission = ""
    allowed_tools: tuple[str, ...] = ()
    max_turns: Limit | None = None
    fallback: tuple[ProgramKind, ...] = ()  # asked in this order when the executor cannot
    url: str = ""
    method: Method = "POST"
    headers: dict[str, str] = {}  # ${NAME} stands for a secret of that name.
    ok_statuses: tuple[Annotated[int, Meta(ge=100, le=599)], ...] = ()  # none: 200 to 299
    secrets: dict[str, str] = {}  # variable: "env:NAME" or "file:PATH", read when a run starts
    shell: bool = False  # The command is one line for /bin/sh.
    ready_command: tuple[str, ...] = ()  # Unless it ends with 0 nothing is started.
    success_command: tuple[str, ...] = ()  # Unless it ends with 0 the run failed.
    probe_command: tuple[str, ...] = ()  # Of an unknown run: 0 says succeeded, 1 failed.
    min_output: Count = 0  # characters of the answer
    empty_marker: str = ""  # An answer that holds it says that there was nothing to do.
    artifacts: tuple[str, ...] = ()  # that must be there at the end, in the work folder
    sandbox: Sandbox = "none"
    network: bool = False  # in a sandbox
    retry_on: tuple[RetryClass, ...] = ("failed", "timed_out", "not_ready")
    attempts_per_day: Limit | None = None
    sweeps: tuple[SweepPart, ...] = ()  # of a sweep, in this order; none: all there is to sweep


class Step(Settings):
    """An action of a template, and after what outcome of the step before it is run."""

    action: Name
    when: When = "success"


class Window(Settings):
    """When a template is welcome, and how much."""

    start: time
    end: time  # exclusive; at or before `start` it crosses midnight
    weight_millis: Annotated[int, Meta(ge=0, le=100_000)] = 1_000
    days: tuple[Weekday, ...] = WEEKDAYS


class Template(Settings):
    """A kind of work the planner may choose: actions in order, in one shared work folder."""

    steps: tuple[Step, ...]
    description: str = ""
    category: Name | None = None  # None: that of its first action.
    lane: Name | None = None
    priority: Priority | None = None
    windows: tuple[Window, ...] = ()  # None given: welcome at any time, with half the weight.
    phases: tuple[Name, ...] = ()  # None given: any phase.
    per_day: Count = 1
    per_phase: Count = 1
    at_phase_end: AtPhaseEnd = "next_phase"
    defer_limit: Count = 1
    only_if_idle: bool = False
    enabled: bool = True
    daily_usd_micros: UsdMicros | None = None  # what its work may cost in a day


class On(Settings):
    """What has to happen for an intent to be due: exactly one of these."""

    signal: Name | None = None
    succeeded: Name | None = None  # an intent whose work was completed
    failed: Name | None = None  # an intent whose work failed, was buried or is unknown
    ended: Name | None = None  # an intent whose work ended, however
    alert: Name | None = None
    spent: Name | None = None  # a category whose money ran out, or "day"


class Dates(Settings):
    """Days on the calendar, both ends among them."""

    first: date
    last: date | None = None  # None: that one day


class Intent(Settings):
    """A trigger with work: exactly one of `cron`, `every`, `at`, `now`, `on`, `after`.

    A policy that is None is the one of `[policies]`. Outside its conditions (phases, windows,
    excluded dates, start, end, number of runs) an intent is never due.
    """

    run: Name  # an action or a template
    cron: str | None = None  # five fields, or six with seconds first, in the zone of the intent
    every_seconds: Annotated[int, Meta(ge=1, le=366 * 86_400)] | None = None
    every_from: CountedFrom = "scheduled"
    at: Instant | None = None
    now: bool = False  # once, when it is first known
    on: On | None = None
    after: Name | None = None  # another intent, each time its work has ended
    after_when: When = "success"
    timezone: str = ""  # IANA name; "" is that of the day
    phases: tuple[Name, ...] = ()  # It is due only while one of them is in progress.
    windows: tuple[Hours, ...] = ()  # It is due only within one of them.
    exclude: tuple[Dates, ...] = ()  # It is never due on these.
    starts_at: Instant | None = None
    ends_at: Instant | None = None  # exclusive
    max_runs: Limit | None = None
    only_if_idle: bool = False
    phase: Name | None = None  # Wait for this phase; None: as soon as it is due.
    priority: Priority | None = None
    input_json: str = "{}"
    misfire: Misfire | None = None
    misfire_window_seconds: Seconds | None = None
    misfire_limit: Limit | None = None
    overlap: Overlap | None = None
    overlap_limit: Limit | None = None
    dst_gap: DstGap | None = None
    dst_overlap: DstOverlap | None = None
    jitter_seconds: Seconds | None = None
    start_deadline_seconds: Seconds | None = None
    user_facing: bool = False  # Of what is overdue, it goes first.
    self_restart: bool = False  # It restarts the daemon or the machine: never made up for.
    enabled: bool = True
    daily_usd_micros: UsdMicros | None = None  # what its work may cost in a day


class Configuration(Settings):
    """Every setting, resolved."""

    day: Day = Day()
    phases: tuple[Phase, ...] = ()
    budget: Budget = Budget()
    lanes: dict[Name, Lane] = {}
    actions: dict[Name, Action] = {}
    templates: dict[Name, Template] = {}
    intents: dict[Name, Intent] = {}
    policies: Policies = Policies()
    clock: Clock = Clock()
    plan: Plan = Plan()
    executor: Executor = Executor()
    executors: dict[ExecutorKind, Provider] = {}
    prices: dict[str, Price] = {}  # by model; a name that ends in * fits all that begin so
    alerts: Alerts = Alerts()
    cleanup: Cleanup = Cleanup()
    store: Storage = Storage()
    log: Lines = Lines()
    shadow: str = ""  # a second configuration, which only ever decides; "" is none

    def lane(self, name: str) -> Lane:
        """The lane of that name; one that nobody configured runs one thing at a time."""
        return self.lanes.get(name) or Lane()


class ConfigurationLoaded(Observation, tag="configuration-loaded"):
    """The settings in force from here on: whole when they changed, else by digest alone."""

    digest: str
    configuration: Configuration | None = None
    source: str = ""  # the path it was read from
    overrides: tuple[str, ...] = ()  # HORARIUM_* variables that changed something, by name
    tzdata: str = ""  # version of the time zone database


class ConfigurationRefused(Observation, tag="configuration-refused"):
    """The file changed and cannot be used: what was in force stays in force."""

    source: str
    faults: tuple[str, ...]  # the first ten, in words
