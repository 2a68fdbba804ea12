"""The tables that say how the daemon goes about its work, whatever that work is."""

from typing import Annotated, Literal

from msgspec import Meta

from events.settings import (
    Bytes,
    Count,
    DstGap,
    DstOverlap,
    Hours,
    KeepAwake,
    Limit,
    Misfire,
    Name,
    Overlap,
    QuotaFrom,
    Seconds,
    Settings,
    UsdMicros,
)


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
    holds_ceilings: bool = False  # What runs may still cost counts as used; in a file true.


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
    tell_over: bool = True  # also what was over before anybody could be told; in a file false


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
