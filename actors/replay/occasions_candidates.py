"""What may have let an occurrence become work: another policy, another time, nothing in its way."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from actors.pauses import label
from actors.planner.subject import subject_of
from actors.replay.changes import Candidate, Change, Range, any_action, intent_with
from actors.replay.forking import Fork
from actors.replay.goals import Goal, Obstacle
from actors.replay.had import KEY, ended_before, had_been_there, resume
from actors.triggers import count_between, jitter_of, policy_of
from events.catalogue import AnyObservation
from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.intents import IntentRemoveRequested, IntentSwitchRequested, SignalReceived
from events.time import TimePassed

SECOND = timedelta(seconds=1)
LIMIT_MAX = 1_000
DEADLINE_MAX = 2 * 86_400  # seconds: so long an occurrence is waited for when it is decided again

OF_OCCURRENCES = (
    "skip",
    "miss",
    "policy",
    "coalesced",
    "supersede",
    "expire",
    "overlap",
    "silence",
)
CONDITIONS: Mapping[str, tuple[str, str, Any]] = {
    "outside_phases": ("it did not depend on phases", "phases", ()),
    "outside_windows": ("it had no windows", "windows", ()),
    "excluded": ("no dates were excluded", "exclude", ()),
    "not_begun": ("it had no start", "starts_at", None),
    "over": ("it had no end", "ends_at", None),
}


def of_occurrence(
    obstacle: Obstacle, fork: Fork, house: Configuration, goal: Goal
) -> Iterator[Candidate]:
    """What may take that obstacle away, judged by how things stand in this fork."""
    armed = fork.clock.intents.get(goal.name) or fork.clock.gone.get(goal.name)
    intent = fork.planner.intent(goal.name) or (armed.intent if armed else None)
    if intent is None:
        return
    match obstacle.within:
        case "skip":
            yield from _of_skip(obstacle.reason, fork, house, goal, intent)
        case "overlap":
            yield beside(goal.name)
            yield from _ends(fork, goal)
        case "miss":
            yield from had_been_there(obstacle.reason, goal)
        case "policy":
            yield from _of_policy(obstacle.reason, fork, house, goal, intent)
            yield from had_been_there(goal.subject, goal)
        case "coalesced":
            yield _each(goal.name)
            yield from had_been_there(obstacle.reason, goal)
        case "supersede":
            yield from _of_superseded(obstacle.reason, fork, goal)
        case "expire":
            yield Range(_age(fork, goal), DEADLINE_MAX, partial(_deadline, goal.name))
            yield beside(goal.name)
        case "silence":
            yield from _of_silence(goal, intent, fork)


def beside(name: str) -> Change:
    says = f"{name} might run beside its own work"
    return intent_with(name, says, "overlap", overlap="allow_all", overlap_limit=None)


def _of_skip(
    reason: str, fork: Fork, house: Configuration, goal: Goal, intent: Intent
) -> Iterator[Candidate]:
    name = goal.name
    match reason:
        case "still_running" | "buffer_full":
            yield from _of_overlap(reason, fork, house, goal, intent)
        case "paused":
            yield from _resumed(fork, house, intent)
        case "dst_gap":
            says = "it were shifted to the end of the gap"
            yield intent_with(name, says, "dst_gap", dst_gap="shift_forward")
        case "dst_overlap":
            yield intent_with(name, "it came both times", "dst_overlap", dst_overlap="both")
        case "intent_unknown":
            says = f"the intent {name} were configured"
            yield intent_with(name, says, like=intent, enabled=True)
        case "intent_disabled":
            yield _enabled(name)
        case "breaker_open":
            yield _switched(name)
        case "work_unknown":
            yield any_action(intent.run)
        case "phase_unknown":
            yield intent_with(name, "it waited for no phase", "phase", phase=None)


def _of_overlap(
    reason: str, fork: Fork, house: Configuration, goal: Goal, intent: Intent
) -> Iterator[Candidate]:
    name = goal.name
    if reason == "still_running":
        yield from _ends(fork, goal)
        yield intent_with(name, "one might wait for that", "overlap", overlap="buffer_one")
        yield beside(name)
        return
    if intent.overlap == "buffer_one":
        yield _overlapping(name, "buffer_all")
    else:
        low = policy_of(intent, house).overlap_limit + 1
        yield Range(low, LIMIT_MAX, lambda n: _waiting(name, n))
    yield beside(name)
    yield from _ends(fork, goal)


def _ends(fork: Fork, goal: Goal) -> Iterator[Change]:
    for former in fork.planner.occurring.get(goal.name, ())[-1:]:
        yield ended_before(former)


def _overlapping(name: str, overlap: str) -> Change:
    return intent_with(name, "more of them might wait", "overlap", overlap=overlap)


def _waiting(name: str, limit: int) -> Change:
    return intent_with(name, f"{limit} might wait", "overlap_limit", overlap_limit=limit)


def _resumed(fork: Fork, house: Configuration, intent: Intent) -> Iterator[Change]:
    subject = subject_of(house, intent.run)
    if subject is None:
        return
    for scope, what in (("all", ""), ("category", subject.category), ("lane", subject.lane)):
        if label(scope, what) in fork.planner.paused:  # type: ignore[arg-type]
            yield resume(scope, what, before=True)


def _age(fork: Fork, goal: Goal) -> int:
    """How long ago it was due, in whole seconds."""
    return -(((goal.moment or fork.at) - fork.at) // SECOND)


def _of_policy(
    reason: str, fork: Fork, house: Configuration, goal: Goal, intent: Intent
) -> Iterator[Candidate]:
    name, age = goal.name, _age(fork, goal)
    match reason:
        case "skip":
            says = "the latest that is missed were made up for"
            yield intent_with(name, says, "misfire", misfire="run_once_latest")
            yield _each(name)
        case "window":
            age -= jitter_of(name, intent, house) // SECOND
            yield _seconds(name, "misfire_window", age, "were made up for within {}")
            yield _each(name)
        case "limit":
            low = policy_of(intent, house).misfire_limit + 1
            since = fork.at - (age + 1) * SECOND  # It is one of them itself.
            high = min(LIMIT_MAX, max(low, count_between(intent, house, since, fork.at)))
            yield Range(low, high, lambda n: _making_up(name, n))
            if intent.max_runs is not None:
                yield _running_oftener(name, intent.max_runs)
        case "self_restart":
            says = "it were not said to restart anything"
            yield intent_with(name, says, "self_restart", self_restart=False)


def _each(name: str) -> Change:
    says = "each that is missed were made up for"
    return intent_with(name, says, "misfire", misfire="run_all")


def _making_up(name: str, limit: int) -> Change:
    says = f"{limit} of them were made up for"
    return intent_with(name, says, "misfire_limit", misfire_limit=limit)


def _seconds(name: str, field: str, seconds: int, says: str) -> Change:
    changed: dict[str, Any] = {f"{field}_seconds": seconds}
    made = intent_with(name, f"it {says.format(f'{seconds} s')}", **changed)
    return made._replace(setting=f"intents.{name}.{field}", value=f'"{seconds}s"')


def _deadline(name: str, seconds: int) -> Change:
    return _seconds(name, "start_deadline", seconds, "had {} to start")


def _of_superseded(reason: str, fork: Fork, goal: Goal) -> Iterator[Candidate]:
    if reason == "newer_occurrence":
        yield beside(goal.name)
        yield intent_with(goal.name, "all of them might wait", "overlap", overlap="buffer_all")
        yield from _ends(fork, goal)
    else:
        yield Change("nobody had changed that before it was due", instead=_unsaid)


def _unsaid(fact: AnyObservation) -> AnyObservation:
    asked = ConfigurationLoaded | IntentSwitchRequested | IntentRemoveRequested
    return TimePassed() if isinstance(fact, asked) else fact


def _of_silence(goal: Goal, intent: Intent, fork: Fork) -> Iterator[Candidate]:
    armed, name = fork.clock.intents.get(goal.name), goal.name
    if armed is not None and not armed.enabled:
        yield _enabled(name)
        yield _switched(name)
    if goal.subject in CONDITIONS:
        says, field, value = CONDITIONS[goal.subject]
        yield intent_with(name, says, field, **{field: value})
    if goal.subject == "max_runs" and armed is not None:
        yield Range(armed.runs + 1, LIMIT_MAX, _running(name))
    if goal.subject == "waits_for_event" and intent.on is not None and intent.on.signal:
        yield _signalled(intent.on.signal)


def _running_oftener(name: str, most: int) -> Candidate:
    if most < LIMIT_MAX:
        return Range(most + 1, LIMIT_MAX, _running(name))
    return intent_with(name, "it might run any number of times", "max_runs", max_runs=None)


def _running(name: str) -> Callable[[int], Change]:
    def make(times: int) -> Change:
        says = f"it might run {times} times"
        return intent_with(name, says, "max_runs", max_runs=times)

    return make


def _signalled(signal: str) -> Change:
    return Change(
        f"the signal {signal} had been sent",
        command=f"horarium signal {signal}",
        after=lambda fork, work: (SignalReceived(signal, f"{KEY}-{signal}"),),
    )


def _enabled(name: str) -> Change:
    return intent_with(name, f"the intent {name} were enabled", "enabled", enabled=True)


def _switched(name: str) -> Change:
    return Change(
        f"the intent {name} had been enabled by hand",
        command=f"horarium intent enable {name}",
        before=lambda fork, work: (IntentSwitchRequested(name, True, KEY),),
    )
