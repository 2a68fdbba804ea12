"""Intents that are made, removed and switched by hand: each request gets exactly one answer."""

import re
from collections.abc import Iterator

from actors.planner import breaker
from actors.planner.occurrences import displace
from actors.planner.state import Planner
from actors.planner.subject import subject_of
from actors.triggers import check
from events.catalogue import AnyDecision
from events.configuration import Configuration, Intent
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentSource,
    IntentSwitched,
    IntentSwitchRequested,
)
from events.record import Record
from events.requests import Refusal, RequestRefused, RequestRepeated

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
BY_HAND_MAX = 100_000  # above it, none is added


def upon_add(planner: Planner, asked: IntentAddRequested, record: Record) -> Iterator[AnyDecision]:
    if f"add/{asked.key}" in planner.granted:
        yield RequestRepeated(asked.key, "")
        return
    name, intent, house = asked.name, asked.intent, planner.configuration or Configuration()
    refusal = _refusal(planner, name, intent, house)
    if refusal is not None:
        subject = intent.run if refusal == "unknown_subject" else name
        yield RequestRefused(asked.key, subject, refusal)
        return
    # Only the configuration itself makes what comes from the configuration.
    source: IntentSource = "request" if asked.source == "configuration" else asked.source
    yield IntentAdded(name, intent, source, asked.key)


def upon_remove(
    planner: Planner, asked: IntentRemoveRequested, record: Record
) -> Iterator[AnyDecision]:
    name, key = asked.name, asked.key
    if f"remove/{key}" in planner.granted:
        yield RequestRepeated(key, "")
    elif name in planner.by_hand:
        yield IntentRemoved(name, "asked", key)
        yield from displace(planner, name, "removed")
        yield from breaker.close(planner, name)
    elif planner.intent(name) is not None:
        yield RequestRefused(key, name, "not_made_by_hand")
    else:
        yield RequestRefused(key, name, "unknown_intent")


def upon_switch(
    planner: Planner, asked: IntentSwitchRequested, record: Record
) -> Iterator[AnyDecision]:
    name, key, intent = asked.name, asked.key, planner.intent(asked.name)
    if f"switch/{key}" in planner.granted:
        yield RequestRepeated(key, "")
    elif intent is None:
        yield RequestRefused(key, name, "unknown_intent")
    elif planner.is_enabled(name, intent) == asked.enabled and not (
        asked.enabled and name in planner.broken
    ):
        yield RequestRefused(key, name, "nothing_to_do")
    else:
        yield IntentSwitched(name, asked.enabled, key)
        if asked.enabled:
            yield from breaker.close(planner, name)
        else:
            yield from displace(planner, name, "disabled")


def _refusal(planner: Planner, name: str, intent: Intent, house: Configuration) -> Refusal | None:
    if subject_of(house, intent.run) is None:
        return "unknown_subject"
    if planner.intent(name) is not None:
        return "name_taken"
    if intent.phase is not None and all(intent.phase != phase.name for phase in house.phases):
        return "unknown_phase"
    if not NAME.fullmatch(name) or check(intent, house) is not None:
        return "invalid_intent"
    return "too_many_waiting" if len(planner.by_hand) >= BY_HAND_MAX else None
