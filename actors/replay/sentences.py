"""One plain sentence for each kind of fact."""

from collections.abc import Callable
from datetime import UTC, datetime

from actors.replay import reasons
from actors.replay.sentences_of_time import of_intents, of_occurrences, of_time
from events import budget, plan, requests, runs, work
from events.catalogue import AnyFact
from events.cleanup import DiskSeen, SweepEnded, SweepRequested, SweepStarting
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted, DaemonStopped

Clock = Callable[[datetime], str]


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def usd(micros: int) -> str:
    """Dollars; what is below a cent is shown as far as it goes."""
    sign, amount = "-" if micros < 0 else "", abs(micros)
    if amount % 10_000:
        return f"{sign}${amount // 1_000_000}.{amount % 1_000_000:06}".rstrip("0")
    return f"{sign}${amount // 1_000_000}.{amount % 1_000_000 // 10_000:02}"


def sentence(fact: AnyFact, clock: Clock = utc) -> str:
    """What happened, without where and when."""
    for of_subject in _SUBJECTS:
        if (said := of_subject(fact, clock)) is not None:
            return said
    return _of_house(fact)


def _of_plan(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case plan.PlanDrawn():
            aside = f", {usd(fact.set_aside_usd_micros)} set aside for what is due later"
            return (
                f"Plan {fact.revision} of {fact.day} was drawn, because "
                f"{reasons.PLANS[fact.because]}: {usd(fact.left_usd_micros)} to give out"
                f"{aside if fact.set_aside_count else ''}."
            )
        case plan.CandidatePassedOver(day, _, phase, template, reason):
            why = reasons.PASS_OVERS[reason]
            return f"The template {template} was passed over for {phase} of {day}: {why}."
        case plan.WorkWithdrawn(name, reason):
            return f"The plan took {name} back: {reasons.WITHDRAWALS[reason]}."
        case work.WorkPlanned():
            return f"{_planned(fact)}{_when(fact, clock)}."
    return None


def _planned(fact: work.WorkPlanned) -> str:
    price = f", about {usd(fact.estimate_usd_micros)}" if fact.estimate_usd_micros else ""
    score = f", score {fact.score.total_millis}" if fact.score else ""
    return f"{fact.work} was planned: {fact.name} ({fact.key}{price}{score})"


def _when(fact: work.WorkPlanned, clock: Clock) -> str:
    phase = f" for {fact.phase} of {fact.day}" if fact.phase else " for as soon as possible"
    return f"{phase}, not before {clock(fact.not_before)}" if fact.not_before else phase


def _of_work(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case work.WorkHeld(name, reason, until):
            when = f", until {clock(until)}" if until else ""
            return f"{name} was held: {reasons.HOLDS[reason]}{when}."
        case work.WorkReleased(name, run, action):
            tried = f", attempt {fact.attempt}" if fact.attempt > 1 else ""
            stepped = f", step {fact.step}" if fact.step > 1 else ""
            return f"{name} was released: {run} ({action}{stepped}{tried}) may go ahead."
        case work.StepReached(name, run, action, step):
            return f"{name} reached step {step}: {run} ({action}) may go ahead."
        case work.WorkReturned(name, run, _, _, reason):
            return f"{run} never began and {name} waits again: {reasons.RETURNS[reason]}."
        case work.WorkMoved(name, phase):
            return f"{name} was moved to {phase}."
        case work.WorkDeferred(name, phase, day, times):
            nth = "" if times == 1 else f", for the {times}. time"
            return f"{name} was put off to {phase} of {day}, for its phase had ended{nth}."
        case work.WorkDropped(name, reason):
            return f"{name} was dropped: {reasons.DROPS[reason]}."
        case work.WorkStopping(name, note):
            return f"What runs of {name} is being stopped{_note(note)}."
        case work.WorkCancelled(name, note):
            return f"{name} was cancelled while it waited{_note(note)}."
        case work.WorkFinished(name, state, reason):
            if state == "completed":
                return f"{name} is complete."
            return f"{name} ended {state}: {reason or reasons.STATES[state]}."
    return None


def holding(run: str) -> str:
    """That a run without a ceiling has set aside what others lack."""
    return f"; {run}, which has no ceiling, holds the rest until it ends" if run else ""


def _of_money(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case budget.BudgetOpened(day, limit):
            again = f" again, revision {fact.revision}" if fact.revision > 1 else ""
            return f"The purse of {day} was opened{again}: {usd(limit)}."
        case budget.FundsReserved(run, _, category, amount):
            return f"{usd(amount)} of {category} was set aside for {run}."
        case budget.FundsRefused(run, _, category, amount, left, reason, behind):
            short = f"it asks for {usd(amount)}, {usd(left)} is left{holding(behind)}"
            return f"{run} was refused money of {category}: {reasons.FUNDS[reason]}; {short}."
        case budget.FundsOffered(name, category):
            return f"There is money of {category} for {name} now."
        case budget.FundsSettled(run, _, _, _, reserved, cost, source):
            return f"{run} cost {usd(cost)} ({source}) of the {usd(reserved)} set aside."
        case budget.FundsReturned(run, _, category, _, amount):
            return f"The {usd(amount)} set aside for {run} went back to {category}."
        case budget.FundsOverrun(run, category, _, over):
            return f"{run} cost {usd(over)} more than was set aside: {category} is closed."
        case budget.CategoryReopened(category):
            return f"The category {category} was opened again."
        case budget.BudgetExhausted(day, category):
            whose = "that may be spent in it" if category == "day" else f"of {category}"
            return f"The money of {day} {whose} has run out."
        case budget.CostCorrected(run, _, _, _, was, cost):
            return f"{run} is known to have cost {usd(cost)}, and not {usd(was)} as charged."
    return None


def _of_limits(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case budget.LimitChanged() | requests.LimitRequested():
            return _limited(fact)
        case budget.QuotaSpent(executor, quota, until):
            return f"The quota {quota} of {executor} is spent until {clock(until)}."
        case budget.QuotaReset(executor, quota):
            return f"The quota {quota} of {executor} is there again."
    return None


def _limited(fact: budget.LimitChanged | requests.LimitRequested) -> str:
    what = "the day" if fact.scope == "day" else f"the {fact.scope} {fact.name}"
    how = "as configured" if fact.usd_micros is None else f"at {usd(fact.usd_micros)}"
    if isinstance(fact, requests.LimitRequested):
        when = "for good" if fact.for_good else "for today"
        return f"Somebody asked for the limit of {what} to be {how}, {when}{_note(fact.note)}."
    return f"The limit of {what} is {how} {f'on {fact.day}' if fact.day else 'from now on'}."


def _of_runs(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case runs.RunStarting(run, _, action, not_after=late):
            return f"{run} ({action}) is to be started, {clock(late)} at the latest."
        case runs.RunStarted(run, pid):
            return f"{run} began as process {pid}."
        case runs.RunAdopted(run, pid):
            return f"{run} was found alive as process {pid} after a restart."
        case runs.RunEnded():
            return _ended(fact)
        case runs.RunClosed(run, _, _, outcome, _, reason):
            why = "" if outcome == "succeeded" else f": {reason or reasons.OUTCOMES[outcome]}"
            return f"{run} counts as {outcome.replace('_', ' ')}{why}."
        case runs.RunRetrying(name, _, action, attempt, retry_at):
            return f"{name} tries {action} again, attempt {attempt}, from {clock(retry_at)} on."
        case runs.RunCancelling(run):
            return f"{run} is being told to stop."
        case runs.RunWaiting(run, _, executor):
            return f"{run} waits for a place: as many runs of {executor} are open as may be."
        case runs.WorkBuried(name, action, attempts):
            return f"{name} is buried: {action} failed {attempts} times."
    return _of_executors(fact, clock)


def _of_executors(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case runs.ExecutorRested(executor, reason, until):
            return f"Nothing is asked of {executor}, until {clock(until)}: {reasons.RESTS[reason]}."
        case runs.ExecutorRecovered(executor):
            return f"{executor} is asked again."
        case runs.ProbeStarting(probe, run):
            return f"{probe} is to find out what became of {run}."
        case runs.ProbeEnded(probe, code, detail):
            return f"{probe} {_PROBED.get(code, 'could not say')}{_note(detail)}."
        case runs.RunSettled(run, _, settled_as, by, cost, note=note):
            spent = "" if cost is None else f", and cost {usd(cost)}"
            return f"{run} counts as {settled_as}{spent}, says {_BY[by]}{_note(note)}."
        case runs.KeeperLost(open_runs, detail):
            return f"The process that keeps the runs is gone, with {open_runs} open{_note(detail)}."
        case runs.KeeperFound():
            return "The runs are kept again."
    return None


_PROBED: dict[int | None, str] = {0: "says that it succeeded", 1: "says that it failed"}
_BY = {"person": "a person", "probe": "its probe"}


def _ended(fact: runs.RunEnded) -> str:
    what = f"{fact.run} ended after {fact.duration_ms / 1000:g} s"
    if not fact.started:
        what = f"{fact.run} did not start"
    if fact.trouble is not None:
        what += f": {reasons.TROUBLES[fact.trouble]}"
    elif fact.exit_code:
        what += f" with exit code {fact.exit_code}"
    if fact.result_fault is not None:
        what += f", and {reasons.FAULTS[fact.result_fault]}"
    return f"{what}{f' ({fact.detail})' if fact.detail else ''}."


def _of_requests(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case requests.WorkRequested(subject, _, phase, at):
            where = f" in {phase}" if phase else ""
            when = f", not before {clock(at)}" if at else ""
            return f"Somebody asked for {subject}{where}{when}{_note(fact.note)}."
        case requests.ReplanRequested(note=note):
            return f"Somebody asked for a new plan{_note(note)}."
        case requests.SettleRequested(run, settled_as, note=note):
            return f"Somebody says that {run} {settled_as}{_note(note)}."
        case requests.ReviveRequested(name, note=note):
            return f"Somebody asked to revive {name}{_note(note)}."
        case requests.ReleaseRequested(name):
            return f"Somebody asked to run {name} now."
        case requests.MoveRequested(name, phase):
            return f"Somebody asked to move {name} to {phase}."
        case requests.CancelRequested(subject, note=note):
            return f"Somebody asked to end {subject}{_note(note)}."
        case requests.RequestRepeated(_, name):
            return f"That had been asked before{f' and became {name}' if name else ''}."
        case requests.RequestRefused(_, subject, reason):
            return f"Refused ({subject}): {reasons.REFUSALS[reason]}."
    return None


def _of_pauses(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case requests.PauseRequested(note=note):
            return f"Somebody asked to pause {_scope(fact)}{_note(note)}."
        case requests.ResumeRequested():
            return f"Somebody asked to go on with {_scope(fact)}."
        case requests.Paused(note=note):
            return f"{_scope(fact).capitalize()} was paused{_note(note)}."
        case requests.Resumed():
            return f"{_scope(fact).capitalize()} went on."
    return None


def _of_house(fact: AnyFact) -> str:
    match fact:
        case ConfigurationLoaded(configuration=None):
            return "The configuration was read; it had not changed."
        case ConfigurationLoaded():
            return f"A new configuration came into force{_note(fact.source)}."
        case DaemonStarted(paused=paused, safe_mode=safe):
            return f"The daemon started{' in safe mode' if safe else ' paused' if paused else ''}."
        case DaemonStopped(reason):
            return f"The daemon stopped ({reason})."
        case SweepStarting() | SweepEnded() | SweepRequested() | DiskSeen():
            return _of_sweeps(fact)
    raise TypeError(f"no sentence is known for {fact.kind}")


def _of_sweeps(fact: SweepStarting | SweepEnded | SweepRequested | DiskSeen) -> str:
    match fact:
        case SweepStarting(sweep, _, folders, occasion=occasion):
            why = {"disk_low": ", for the disk is nearly full", "asked": ", as was asked"}
            says = f"The sweep {sweep} is to take away {len(folders)} folders of runs"
            return f"{says}{why.get(occasion, '')}."
        case SweepEnded(sweep, items, processes_count=count, failed=failed):
            processes = f" and ended {count} processes" if count else ""
            but = f"; {len(failed)} would not go, first {failed[0]}" if failed else ""
            return f"The sweep {sweep} took away {items} things{processes}{but}."
        case SweepRequested(parts=parts):
            return f"A sweep was asked for{' of ' if parts else ''}{', '.join(parts)}."
        case DiskSeen(free, total):
            return f"Of the disk's {total >> 20} MiB {free >> 20} MiB were free."


def _scope(
    fact: requests.PauseRequested | requests.ResumeRequested | requests.Paused | requests.Resumed,
) -> str:
    return "everything" if fact.scope == "all" else f"the {fact.scope} {fact.name}"


def _note(note: str) -> str:
    return f" ({note})" if note else ""


_SUBJECTS = (
    of_time,
    of_occurrences,
    of_intents,
    _of_plan,
    _of_work,
    _of_money,
    _of_limits,
    _of_runs,
    _of_requests,
    _of_pauses,
)
