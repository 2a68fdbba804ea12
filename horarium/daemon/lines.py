"""The line for each fact that matters to a person who watches."""

from collections.abc import Callable, Sequence
from typing import Any

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CostCorrected,
    FundsOverrun,
    FundsRefused,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.cleanup import DiskSeen, SweepEnded
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted, DaemonStopped
from events.fact import Fact
from events.intents import (
    AlertCleared,
    AlertRaised,
    BreakerClosed,
    BreakerOpened,
    IntentAdded,
    IntentRemoved,
    IntentsConfigured,
    IntentSwitched,
    OccurrenceBuffered,
    SignalReceived,
    WorkOvertaken,
)
from events.plan import WITHDRAWALS, OccurrenceSkipped, PlanDrawn
from events.record import Record
from events.requests import Paused, RequestRefused, Resumed
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    KeeperFound,
    KeeperLost,
    ProbeStarting,
    RunAdopted,
    RunClosed,
    RunRetrying,
    RunSettled,
    RunStarting,
    RunWaiting,
    WorkBuried,
)
from events.time import (
    CalendarChanged,
    ClockStepped,
    DayStarted,
    HostSlept,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesReopened,
    OccurrencesSuperseded,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkPlanned,
    WorkReturned,
)

MICROS = 1_000_000
LINE_CHARACTERS = 500
NAMES_MAX = 8


def dollars(usd_micros: int) -> str:
    """$0.25; more digits only where they say something."""
    cents = f"{usd_micros / MICROS:.2f}"
    return f"${cents}" if float(cents) * MICROS == usd_micros else f"${usd_micros / MICROS:.6f}"


def _loaded(fact: ConfigurationLoaded) -> str:
    changed = "new" if fact.configuration is not None else "unchanged"
    return f"configuration {fact.digest[:12]} ({changed}) from {fact.source}"


def _started(fact: DaemonStarted) -> str:
    how = " in safe mode: doors closed" if fact.safe_mode else " paused" if fact.paused else ""
    return f"horarium {fact.version} started{how} (pid {fact.pid})"


def _planned(fact: WorkPlanned) -> str:
    where = f"for {fact.phase}" if fact.phase else "for now"
    source = fact.key if fact.source == "intent" else fact.source
    return f"{fact.work} planned {where}: {fact.name} ({source})"


def _closed(fact: RunClosed) -> str:
    cost = f", {dollars(fact.cost_usd_micros)}" if fact.cost_usd_micros else ""
    reason = fact.reason.removeprefix(f"{fact.outcome}: ")
    why = f": {reason}" if reason else ""
    return f"{fact.run} {fact.action} {fact.outcome}{cost}{why}"


def _swept(fact: SweepEnded) -> str:
    words = f"sweep {fact.sweep}: {fact.items} items, {fact.bytes} bytes"
    if fact.processes_count:
        words += f", {fact.processes_count} processes"
    if fact.sealed is not None:
        words += f", log sealed until {fact.sealed.until}"
    return words + (f", {len(fact.failed)} could not be taken away" if fact.failed else "")


def _held(fact: WorkHeld) -> str:
    until = f" until {fact.until:%Y-%m-%d %H:%M:%S} UTC" if fact.until else ""
    return f"{fact.work} waits: {fact.reason}{until}"


def _missed(fact: OccurrenceMissed) -> str:
    more = " at least" if fact.at_least else ""
    return f"{fact.intent} missed{more} {fact.count}: {fact.reason}"


def _coalesced(fact: OccurrencesCoalesced) -> str:
    return f"{fact.intent} makes up once for {fact.count} overdue: {fact.reason}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _stepped(fact: ClockStepped) -> str:
    way = "back" if fact.milliseconds < 0 else "forward"
    return f"the clock was set {way} by {abs(fact.milliseconds) / 1000:.1f} s"


def _configured(fact: IntentsConfigured) -> str:
    parts = ((what, getattr(fact, what)) for what in ("added", "changed", "removed", "name_taken"))
    told = (f"{what.replace('_', ' ')} {_names(names)}" for what, names in parts if names)
    return f"intents of the configuration: {'; '.join(told)}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return ", ".join(names[:NAMES_MAX]) + more


def _refused_funds(fact: FundsRefused) -> str:
    return (
        f"{fact.work} cannot be paid: {dollars(fact.usd_micros)} asked of {fact.category}, "
        f"{dollars(fact.left_usd_micros)} left ({fact.reason})"
    )


def _alert(fact: AlertRaised | AlertCleared) -> str:
    return f"{fact.alert} ({fact.subject})" if fact.subject else fact.alert


def _limited(fact: LimitChanged) -> str:
    amount = "as configured" if fact.usd_micros is None else dollars(fact.usd_micros)
    return f"limit of {fact.name or 'the day'}: {amount}{f' on {fact.day}' if fact.day else ''}"


def _keeper_lost(fact: KeeperLost) -> str:
    runs = "1 run" if fact.open_runs == 1 else f"{fact.open_runs} runs"
    return f"the keeper is gone, with {runs} open{f': {fact.detail}' if fact.detail else ''}"


def _scope(scope: str, name: str) -> str:
    return "everything" if scope == "all" else f"{scope} {name}"


_SETTLERS = {"person": "a person", "probe": "its probe"}
LINES: dict[type[Fact], Callable[[Any], str]] = {
    ConfigurationLoaded: _loaded,
    DaemonStarted: _started,
    DaemonStopped: lambda fact: f"stopped ({fact.reason})",
    DayStarted: lambda fact: f"day {fact.day} begins",
    PhaseStarted: lambda fact: f"phase {fact.phase} begins",
    PhaseEnded: lambda fact: f"phase {fact.phase} is over",
    PhaseMissed: lambda fact: f"phase {fact.phase} of {fact.day} was missed: {fact.reason}",
    OccurrenceMissed: _missed,
    OccurrencesCoalesced: _coalesced,
    OccurrencesSuperseded: lambda fact: (
        f"{fact.intent} is taken back {_times(fact.count)}: {fact.reason}"
    ),
    OccurrenceExpired: lambda fact: f"{fact.intent} expired: {fact.reason}",
    OccurrenceBuffered: lambda fact: f"{fact.intent} waits for its work before",
    OccurrencesReopened: lambda fact: (
        f"verdicts on what lies after {fact.after:%Y-%m-%d %H:%M} UTC are withdrawn"
    ),
    HostSlept: lambda fact: f"the machine slept for {fact.milliseconds / 1000:.0f} s",
    ClockStepped: _stepped,
    CalendarChanged: lambda fact: f"{fact.what} changed from {fact.before} to {fact.after}",
    ConfigurationRefused: lambda fact: (
        f"{fact.source} cannot be used, what was in force stays: {'; '.join(fact.faults)}"
    ),
    IntentsConfigured: _configured,
    IntentAdded: lambda fact: f"intent {fact.name} added ({fact.source})",
    IntentRemoved: lambda fact: f"intent {fact.name} removed: {fact.reason}",
    IntentSwitched: lambda fact: f"intent {fact.name} {'enabled' if fact.enabled else 'disabled'}",
    SignalReceived: lambda fact: f"signal {fact.name}",
    WorkOvertaken: lambda fact: f"{fact.work} gives way to a newer occurrence of {fact.intent}",
    BudgetExhausted: lambda fact: (
        f"nothing is left for {fact.category or 'any category'} on {fact.day}"
    ),
    AlertRaised: lambda fact: f"alert {_alert(fact)}: {fact.words}",
    AlertCleared: lambda fact: f"alert {_alert(fact)} is over",
    BreakerOpened: lambda fact: f"{fact.intent} is due no more: {fact.failures} failures in a row",
    BreakerClosed: lambda fact: f"{fact.intent} is due again",
    OccurrenceSkipped: lambda fact: f"{fact.intent} skipped: {fact.reason}",
    BudgetOpened: lambda fact: f"budget of {fact.day}: {dollars(fact.limit_usd_micros)}",
    PlanDrawn: lambda fact: (
        f"plan {fact.revision} of {fact.day} ({fact.because}): "
        f"{', '.join(fact.phases) or 'no phases'}"
    ),
    WorkPlanned: _planned,
    WorkHeld: _held,
    WorkReturned: lambda fact: f"{fact.work} given back before it began: {fact.reason}",
    WorkDeferred: lambda fact: f"{fact.work} deferred to {fact.phase} of {fact.day}",
    WorkDropped: lambda fact: f"{fact.work} dropped: {fact.reason}",
    WorkCancelled: lambda fact: f"{fact.work} cancelled",
    FundsRefused: _refused_funds,
    FundsOverrun: lambda fact: (
        f"{fact.run} overran its ceiling by {dollars(fact.over_usd_micros)}; "
        f"{fact.category} is closed"
    ),
    CostCorrected: lambda fact: (
        f"{fact.run} cost {dollars(fact.cost_usd_micros)}, not {dollars(fact.was_usd_micros)}"
    ),
    LimitChanged: _limited,
    QuotaSpent: lambda fact: (
        f"{fact.executor} has used up {fact.quota} until {fact.until:%Y-%m-%d %H:%M} UTC"
    ),
    QuotaReset: lambda fact: f"{fact.executor} has {fact.quota} again",
    RunStarting: lambda fact: f"{fact.run} {fact.action} starts ({fact.work})",
    RunAdopted: lambda fact: f"{fact.run} found alive (pid {fact.pid}) and watched",
    RunWaiting: lambda fact: f"{fact.run} waits for a place at {fact.executor} ({fact.work})",
    RunClosed: _closed,
    RunRetrying: lambda fact: (
        f"{fact.work} {fact.action} again at {fact.retry_at:%H:%M:%S} UTC (attempt {fact.attempt})"
    ),
    RunSettled: lambda fact: f"{fact.run} {fact.settled_as}, says {_SETTLERS[fact.by]}",
    ExecutorRested: lambda fact: (
        f"{fact.executor} rests until {fact.until:%Y-%m-%d %H:%M:%S} UTC: {fact.reason}"
    ),
    ExecutorRecovered: lambda fact: f"{fact.executor} is asked again",
    ProbeStarting: lambda fact: f"{fact.probe} looks what became of {fact.run}",
    KeeperLost: _keeper_lost,
    KeeperFound: lambda fact: "the runs are kept again",
    WorkBuried: lambda fact: f"{fact.work} buried after {fact.attempts} attempts at {fact.action}",
    WorkFinished: lambda fact: f"{fact.work} {fact.state}",
    SweepEnded: _swept,
    DiskSeen: lambda fact: f"{fact.free_bytes >> 20} MiB are free on the disk",
    Paused: lambda fact: f"paused: {_scope(fact.scope, fact.name)}",
    Resumed: lambda fact: f"resumed: {_scope(fact.scope, fact.name)}",
    RequestRefused: lambda fact: f"refused: {fact.subject}: {fact.reason}",
}

ALARMING: frozenset[type[Fact]] = frozenset(
    {
        FundsRefused,
        FundsOverrun,
        WorkBuried,
        WorkDropped,
        OccurrenceMissed,
        OccurrenceExpired,
        PhaseMissed,
        ClockStepped,
        ConfigurationRefused,
        BudgetExhausted,
        QuotaSpent,
        AlertRaised,
        BreakerOpened,
        ExecutorRested,
        KeeperLost,
    }
)


def level_of(fact: Fact) -> str:
    """WARNING where a person may have to look, else INFO."""
    if isinstance(fact, WorkDropped) and fact.reason in WITHDRAWALS:
        return "INFO"
    troubled = isinstance(fact, RunClosed) and fact.outcome not in ("succeeded", "cancelled")
    return "WARNING" if troubled or type(fact) in ALARMING else "INFO"


def line_of(record: Record) -> str | None:
    """One line without control characters, or None for a fact that needs none."""
    describe = LINES.get(type(record.fact))
    if describe is None:
        return None
    return one_line(describe(record.fact))


def one_line(text: str) -> str:
    """What of a text can stand on one line and steers no terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:LINE_CHARACTERS])
