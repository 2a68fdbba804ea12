"""The steps of a replay as a person reads them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, json, to_builtins

from actors.replay.stepping import Change, Considered, Step
from events.record import Record
from horarium import times
from horarium.tables import plain

VALUE_CHARACTERS = 200  # of a value before or after
LINE_CHARACTERS = 500


class ActorStep(Struct, frozen=True):
    """A record to one actor. `knew` is the digest of its state before."""

    actor: str
    knew: str
    decided: list[dict[str, Any]]
    changed: list[Change]


class StepDocument(Struct, frozen=True):
    """A step for programs."""

    position: int
    at: datetime
    by: str
    cause: int | None
    kind: str
    fact: dict[str, Any]
    considered: list[ActorStep]


def document(step: Step) -> StepDocument:
    record = step.record
    considered = [
        ActorStep(each.actor, each.knew, [_said(one) for one in each.decided], each.changed)
        for each in step.considered
    ]
    fact, kind = _fact(record), record.fact.kind
    return StepDocument(record.position, record.at, record.by, record.cause, kind, fact, considered)


def lines(step: Step, now: datetime, *, silent: bool = False) -> Iterator[str]:
    """The record, then for each actor what it knew, decided and became; `silent` also those to
    whom it made no difference."""
    record = step.record
    at = times.clock(record.at, now, seconds=True)
    cause = f" <{record.cause}" if record.cause is not None else ""
    yield _line(f"{record.position}{cause}  {at}  {record.by}  {_words(record)}")
    for each in step.considered:
        if each.decided or each.changed:
            yield from _actor(each)
        elif silent:
            yield f"    {each.actor} knew {each.knew}, and goes on as it was"


def _actor(each: Considered) -> Iterator[str]:
    yield f"    {each.actor} knew {each.knew}{'' if each.decided else ', decided nothing'}"
    for record in each.decided:
        yield _line(f"        decided {record.position} {_words(record)}")
    for change in each.changed:
        yield _line(f"        {change.path}: {_value(change.before)} -> {_value(change.after)}")


def _words(record: Record) -> str:
    pairs = (
        f"{name}={value if isinstance(value, str) else _compact(value)}"
        for name, value in _fact(record).items()
        if value not in ("", None, [], {})
    )
    return " ".join((record.fact.kind, *pairs))


def _said(record: Record) -> dict[str, Any]:
    return {"position": record.position, "kind": record.fact.kind, "fact": _fact(record)}


def _fact(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = to_builtins(record.fact)
    return {name: value for name, value in found.items() if name != "kind"}


def _value(value: Any) -> str:
    if value is UNSET:
        return "-"
    said = value if isinstance(value, str) and value else _compact(value)
    return said if len(said) <= VALUE_CHARACTERS else f"{said[: VALUE_CHARACTERS - 1]}…"


def _compact(value: Any) -> str:
    return json.encode(value, enc_hook=str).decode()


def _line(text: str) -> str:
    said = plain(text)
    return said if len(said) <= LINE_CHARACTERS else f"{said[: LINE_CHARACTERS - 1]}…"
