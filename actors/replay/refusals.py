"""What may have let a request be granted, the smallest first."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec.structs import replace

from actors.planner.prompted import MAIN
from actors.replay.changes import Candidate, Change, any_action, intent_with
from actors.replay.forking import Fork
from actors.replay.goals import Goal
from actors.replay.had import KEY, ended_before, opened_before
from events.catalogue import AnyObservation
from events.configuration import Configuration
from events.intents import (
    IntentAddRequested,
    IntentRemoveRequested,
    IntentSwitchRequested,
    SignalReceived,
)
from events.requests import WorkRequested

OF_INTENTS = IntentAddRequested | IntentRemoveRequested | IntentSwitchRequested
UNCONDITIONAL: dict[str, Any] = {
    "phases": (),
    "windows": (),
    "exclude": (),
    "starts_at": None,
    "ends_at": None,
    "max_runs": None,
}


def of_refusal(reason: str, fork: Fork, house: Configuration, goal: Goal) -> Iterator[Candidate]:
    match reason:
        case "unknown_subject" if goal.name:
            for near in get_close_matches(goal.name, [*house.actions, *house.templates], 3, 0.5):
                yield _asked(f"{near} had been asked for", subject=near)
            yield any_action(goal.name)
        case "unknown_subject" if goal.subject:
            yield any_action(goal.subject)
        case "unknown_phase" if goal.name:
            for near in get_close_matches(goal.phase, [it.name for it in house.phases], 2, 0.5):
                yield _asked(f"the phase {near} had been asked for", phase=near)
            yield _asked("no phase had been asked for", phase=None)
        case "unknown_lane":
            lanes = get_close_matches(goal.lane, house.lanes, 2, 0.5)
            for lane in (*lanes, MAIN):
                yield _in_lane(lane)
        case "no_day_open":
            yield opened_before()
        case "too_many_waiting":
            waiting = next((it for it in fork.queue.works.values() if not it.released), None)
            if waiting is not None:
                yield ended_before(waiting.name)
        case _:
            yield from _of_intents(reason, fork, goal)


def _of_intents(reason: str, fork: Fork, goal: Goal) -> Iterator[Candidate]:
    known = [*fork.clock.intents]
    match reason:
        case "unknown_intent":
            for near in get_close_matches(goal.subject, known, 3, 0.5):
                yield _meant(f"{near} had been named", near)
        case "name_taken":
            free = next(f"{goal.subject}-{n}" for n in range(2, 1_000_000)
                        if f"{goal.subject}-{n}" not in known)  # fmt: skip
            yield _meant(f"another name, as {free}, had been given", free)
        case "nobody_listens":
            for near in get_close_matches(goal.subject, _signals(fork), 3, 0.5):
                yield _meant(f"the signal {near} had been sent", near)
        case "intent_disabled":
            for name in _listening(fork, goal.subject):
                yield _enabled_before(name)
        case "nothing_to_do":
            for name in _listening(fork, goal.subject):
                says = f"{name} had no conditions"
                intent = fork.clock.intents[name].intent
                yield intent_with(name, says, like=intent, **UNCONDITIONAL)


def _signals(fork: Fork) -> Sequence[str]:
    keys = (key.partition("/") for key in fork.clock.listeners)
    return [name for kind, _, name in keys if kind == "signal"]


def _listening(fork: Fork, signal: str) -> Sequence[str]:
    return fork.clock.listeners.get(f"signal/{signal}", ())


def _enabled_before(name: str) -> Change:
    return Change(
        f"the intent {name} had been enabled",
        command=f"horarium intent enable {name}",
        before=lambda fork, work: (IntentSwitchRequested(name, True, KEY),),
    )


def _asked(says: str, **changed: Any) -> Change:
    def instead(fact: AnyObservation) -> AnyObservation:
        return replace(fact, **changed) if isinstance(fact, WorkRequested) else fact

    return Change(says, instead=instead)


def _in_lane(lane: str) -> Change:
    def instead(fact: AnyObservation) -> AnyObservation:
        if not isinstance(fact, WorkRequested) or fact.action is None:
            return fact
        return replace(fact, action=replace(fact.action, lane=lane))

    return Change(f"the lane {lane} had been asked for", instead=instead)


def _meant(says: str, name: str) -> Change:
    def instead(fact: AnyObservation) -> AnyObservation:
        named = isinstance(fact, OF_INTENTS | SignalReceived)
        return replace(fact, name=name) if named else fact

    return Change(says, instead=instead)
