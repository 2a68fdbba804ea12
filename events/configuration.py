"""What the daemon was told to do: the resolved settings, as they stand in the log.

The names of the fields are those of `config.toml`, but for their units: `timeout = "10m"` there
is `timeout_seconds = 600` here, `daily_usd = 5` is `daily_usd_micros = 5000000`, `weight = 1.5`
is `weight_millis = 1500`, and a table `input` is its JSON text `input_json`.
"""

from datetime import date, time
from typing import Annotated, Literal, dataclass_transform, get_args

from msgspec import Meta, Struct

from events.fact import Instant, Observation

Priority = Literal["critical", "high", "normal", "low", "idle"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ProgramKind = Literal[
    "claude", "codex", "gemini", "kimi", "kimi-code", "opencode", "aider", "ollama"
]
ExecutorKind = Literal["command", "python", "noop", "sweep", "http"] | ProgramKind
Permission = Literal["", "plan", "ask", "edit", "all"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Sandbox = Literal["none", "bwrap"]
RetryClass = Literal["failed", "timed_out", "not_ready", "rate_limited", "quota_exhausted"]
QuotaFrom = Literal["first_use", "day", "week"]
AtPhaseEnd = Literal["next_phase", "next_day", "drop"]
When = Literal["success", "failure", "always"]
CountedFrom = Literal["scheduled", "completion"]
Misfire = Literal["skip", "run_once_latest", "run_once_earliest", "run_all", "within"]
Overlap = Literal[
    "skip",
    "buffer_one",
    "buffer_all",
    "keep_latest",
    "cancel_other",
    "terminate_other",
    "allow_all",
]
DstGap = Literal["shift_forward", "skip"]
DstOverlap = Literal["first", "last", "both"]
KeepAwake = Literal["never", "while_running", "phases"]

SweepPart = Literal["processes", "foreign", "sockets", "runs", "temp", "archives", "log"]

PRIORITIES: tuple[Priority, ...] = ("critical", "high", "normal", "low", "idle")
PROGRAMS: tuple[ProgramKind, ...] = get_args(ProgramKind)
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,79}$")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Seconds = Annotated[int, Meta(ge=0, le=366 * 86_400)]
UsdMicros = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
Bytes = Annotated[int, Meta(ge=0, le=1 << 50)]
Limit = Annotated[int, Meta(ge=1, le=1_000)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the configuration."""


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


class Lane(Settings):
    """A working directory with a limit on how much runs in it at once."""

    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 1
    directory: str = ""  # "" is the folder of the work itself.
    worktree: bool = False  # Each run gets a git worktree and a branch of its own.


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
    ceiling_usd_micros: UsdMicros | None = None  # None: the estimate.
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


class Hours(Settings):
    """A window on the clock; with `end` at or before `start` it crosses midnight."""

    start: time
    end: time  # exclusive
    days: tuple[Weekday, ...] = WEEKDAYS  # on which it starts


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


class Policies(Settings):
    """What holds for every intent that does not say otherwise."""

    misfire: Misfire = "run_once_latest"
    misfire_window_seconds: Seconds | None = None  # None: for run_once_latest, half the period
    # and 2 hours at most; for the others any age.
    misfire_limit: Limit = 10  # of run_all and within
    overlap: Overlap = "skip"
    overlap_limit: Limit = 10  # of buffer_all
    dst_gap: DstGap = "shift_forward"
    dst_overlap: DstOverlap = "first"
    jitter_seconds: Seconds = 0
    start_deadline_seconds: Seconds | None = None


class Clock(Settings):
    """How the clock deals with time that was lost, and with the machine it runs on."""

    misfire_grace_seconds: Seconds = 60  # Later than this, an occurrence is overdue.
    catch_up_limit: Limit = 10  # overdue occurrences a minute, of the whole daemon
    keep_awake: KeepAwake = "never"
    keep_awake_phases: tuple[Name, ...] = ()  # of keep_awake = "phases"; () is all of them
    idle_command: tuple[str, ...] = ()  # Exit code 0 says idle; () looks at load and terminals.
    idle_timeout_seconds: Annotated[int, Meta(ge=1, le=300)] = 10
    idle_retry_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 60
    idle_load_millis: Annotated[int, Meta(ge=0, le=100_000)] = 500  # of each core
    idle_quiet_seconds: Seconds = 300  # since the last key at a terminal
    reload: bool = True  # Load the configuration again when its file changes.


class Plan(Settings):
    """How the planner weighs what it may choose; weights are relative, in thousandths."""

    enabled: bool = True
    per_phase_max: Count = 8
    window_weight_millis: Count = 400
    balance_weight_millis: Count = 200
    variety_weight_millis: Count = 200
    priority_weight_millis: Count = 200
    recent_works: Count = 10  # How many past works variety looks back upon.


class Executor(Settings):
    """What holds for every run."""

    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 16
    start_within_seconds: Seconds = 300  # A run that could not start by then is too late.
    stop_within_seconds: Seconds = 10  # What runs may still end by itself when the daemon stops.
    output_max_bytes: Bytes = 16 * 1024 * 1024
    environment: tuple[str, ...] = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME")
    leave_running: bool = False  # Runs go on when the daemon stops in order, too.


class Quota(Settings):
    """What a provider lets an executor have in a window of time; None is not limited."""

    window_seconds: Annotated[int, Meta(ge=60, le=366 * 86_400)]
    counted_from: QuotaFrom = "first_use"  # day and week begin as those of the calendar
    requests: Count | None = None  # runs that were started
    tokens: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    usd_micros: UsdMicros | None = None


class Provider(Settings):
    """What holds for all runs of one kind of executor."""

    command: tuple[str, ...] = ()  # in place of the program's own name
    model: str = ""
    concurrency: Limit | None = None
    rest_after_failures: Limit = 2  # in a row
    rest_seconds: Seconds = 1800
    quotas: dict[Name, Quota] = {}


class Price(Settings):
    """What a million tokens of a model cost. Cached ones cost like input where nothing is said."""

    input_usd_micros: UsdMicros
    output_usd_micros: UsdMicros
    cache_read_usd_micros: UsdMicros | None = None
    cache_write_usd_micros: UsdMicros | None = None


class Alerts(Settings):
    """What people are told, when, and by which ways.

    The defaults here are those of logs that were written before there were alerts: nothing. What
    is not in a file is filled in when that is read.
    """

    ways: tuple[Name, ...] = ()  # actions, each tried when the one before could not deliver
    quiet: tuple[Hours, ...] = ()  # Nothing is delivered then.
    repeat_seconds: Seconds = 6 * 3600
    budget_percents: tuple[Annotated[int, Meta(ge=1, le=1_000)], ...] = ()  # in a file 50, 80, 100
    pace: bool = False  # when the pace will empty a category before the day ends; in a file true
    failures_per_hour: Limit | None = None  # more than these; in a file 3
    breaker_failures: Limit | None = None  # in a row: the intent is paused; in a file 5


class Foreign(Settings):
    """Processes of our user that no run began, and that a sweep may end all the same."""

    program: Annotated[str, Meta(min_length=1, max_length=200)]  # the name of its file, whole
    words: tuple[str, ...] = ()  # that all stand in its command line
    older_seconds: Annotated[int, Meta(ge=600, le=366 * 86_400)] = 86_400
    really: bool = False  # False: they are only shown.


class Cleanup(Settings):
    """What a sweep may take away, always within our own folders.

    The defaults here are those of logs that were written before there was a setting. What is not
    in a file is filled in when that is read.
    """

    runs_keep_seconds: Seconds = 14 * 86_400
    runs_keep_count: Count = 2_000
    temp_keep_seconds: Seconds = 86_400
    archives_keep_seconds: Seconds = 90 * 86_400
    archives_keep_count: Count = 14
    items_max: Count = 5_000  # of one sweep
    failed_keep_seconds: Seconds | None = None  # of failed work; None: like all others
    failed_keep_count: Count | None = None
    unknown_keep_seconds: Seconds | None = None  # of work of which nobody knows how it ended
    archives_max_bytes: Bytes | None = None
    sockets_keep_seconds: Seconds | None = None  # None: they stay
    processes: bool = False
    foreign: dict[Name, Foreign] = {}
    within_seconds: Seconds = 0  # that a sweep may take; 0 is no limit
    disk_low_bytes: Bytes = 0  # free; 0: nobody looks
    seal_every_records: Annotated[int, Meta(ge=1_000, le=10_000_000)] | None = None


class Storage(Settings):
    """How the log is kept."""

    synchronous: Literal["full", "normal"] = "full"
    wal_max_bytes: Bytes = 64 * 1024 * 1024
    busy_seconds: Annotated[int, Meta(ge=1, le=60)] = 5
    snapshot_every_records: Annotated[int, Meta(ge=100, le=1_000_000)] = 10_000
    backlog_max_records: Annotated[int, Meta(ge=1_000, le=10_000_000)] = 200_000


class Lines(Settings):
    """The lines a person reads while the daemon runs, and the file they may be kept in."""

    file: str = ""  # "" keeps none; relative to the data folder
    rotation_bytes: Bytes = 10 * 1024 * 1024
    retention_count: Count = 5
    json: bool = False
    per_second_max: Annotated[int, Meta(ge=1, le=100_000)] = 50


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
