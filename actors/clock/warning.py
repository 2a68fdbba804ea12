"""What of time and settings a person should know of."""

from collections.abc import Iterator

from actors.clock.listening import upon_alert
from actors.clock.state import Clock
from events.catalogue import AnyDecision
from events.configuration import ConfigurationRefused
from events.intents import ALERTS, AlertCleared, AlertRaised
from events.record import Record
from events.time import ClockStepped

REFUSED, STEPPED = OURS = ALERTS[:2]
STEP_MILLISECONDS = 3_600_000  # Less than this is not worth a word.
WORDS_MAX = 2_000


def upon_refusal(
    state: Clock, refused: ConfigurationRefused, record: Record
) -> Iterator[AnyDecision]:
    yield from _raise(state, REFUSED, "; ".join(refused.faults), record)


def upon_configuration(state: Clock) -> Iterator[AnyDecision]:
    if REFUSED in state.alerts:
        yield AlertCleared(REFUSED)


def upon_time(state: Clock, record: Record, new_day: bool) -> Iterator[AnyDecision]:
    """A step of more than an hour is told of, until a day begins."""
    fact, at = record.fact, record.at
    stepped = isinstance(fact, ClockStepped) and abs(fact.milliseconds) > STEP_MILLISECONDS
    if new_day and not stepped and STEPPED in state.alerts:
        yield AlertCleared(STEPPED)
    if stepped and isinstance(fact, ClockStepped):
        words = f"the clock was set from {fact.before:%Y-%m-%d %H:%M:%S} to {at:%Y-%m-%d %H:%M:%S}"
        yield from _raise(state, STEPPED, f"{words} UTC", record)


def learn(state: Clock, alert: AlertRaised) -> None:
    if alert.alert in OURS and alert.alert not in state.alerts:
        state.alerts.append(alert.alert)


def forget(state: Clock, alert: AlertCleared) -> None:
    if alert.alert in state.alerts:
        state.alerts.remove(alert.alert)


def _raise(state: Clock, alert: str, words: str, record: Record) -> Iterator[AnyDecision]:
    if alert not in state.alerts:
        raised = AlertRaised(alert, words[:WORDS_MAX])
        yield raised
        yield from upon_alert(state, raised, record)
