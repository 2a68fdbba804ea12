"""Work that is out of attempts is buried, and planned anew when a person asks for it."""

from collections.abc import Iterator

from actors.planner.state import Buried, OpenWork, Planner
from actors.planner.subject import Subject, subject_of, subject_of_action
from events.catalogue import AnyDecision
from events.record import Record
from events.requests import RequestRefused, RequestRepeated, ReviveRequested

BURIED_MAX = 1_000


def upon_request(
    planner: Planner, asked: ReviveRequested, record: Record, *, is_full: bool
) -> Iterator[AnyDecision]:
    """`is_full`: as much is planned and not ended as may be."""
    former, buried = planner.answer_to(asked.key), planner.buried.get(asked.work)
    if former is not None:
        yield RequestRepeated(asked.key, former)
    elif buried is None:
        yield RequestRefused(asked.key, asked.work, "not_buried")
    elif (subject := _subject(planner, buried)) is None:
        yield RequestRefused(asked.key, buried.name, "unknown_subject")
    elif is_full:
        yield RequestRefused(asked.key, asked.work, "too_many_waiting")
    else:
        first, _, times = buried.lineage.rpartition("#")
        yield subject.planned(
            f"w{record.position}-1",
            "revival",
            f"{first or asked.work}#{int(times or 0) + 1}",
            input_json=buried.input_json,
            note=asked.note,
            own_limit=planner.own_limit(buried.name, buried.intent),
            action=buried.action,
        )


def learn_request(planner: Planner, asked: ReviveRequested) -> None:
    planner.revived = asked.key, asked.work


def learn_buried(planner: Planner, name: str, work: OpenWork) -> None:
    planner.buried[name] = Buried(
        work.name, work.input_json, work.intent, work.action, work.lineage
    )
    if len(planner.buried) > BURIED_MAX:
        del planner.buried[next(iter(planner.buried))]


def _subject(planner: Planner, buried: Buried) -> Subject | None:
    """As it is configured now: what was wrong with it may have been that."""
    if buried.action is not None:
        return subject_of_action(buried.name, buried.action)
    house = planner.configuration
    return None if house is None else subject_of(house, buried.name)
