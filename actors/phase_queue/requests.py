"""What people ask of the queue, and what it answers: each request gets exactly one answer."""

from collections.abc import Iterator

from actors.pauses import label
from actors.phase_queue.answered import Request
from actors.phase_queue.release import Turn, end, look_again, place
from actors.phase_queue.state import IN_LINE, Queue, Work
from events.catalogue import AnyDecision
from events.requests import (
    CancelRequested,
    MoveRequested,
    Paused,
    PauseRequested,
    Refusal,
    ReleaseRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    Scope,
)
from events.work import WorkCancelled, WorkMoved, WorkStopping

ROOM_OR_REST = (*IN_LINE, "not_idle")  # what those lack whom nothing else holds


def answer(queue: Queue, request: Request, turn: Turn) -> Iterator[AnyDecision]:
    if queue.repeated:
        yield RequestRepeated(request.key, queue.answered[queue.asked])
        return
    match request:
        case ReleaseRequested(name, key):
            yield from _release(queue, name, key, turn)
        case MoveRequested(name, phase, key):
            yield from _move(queue, name, phase, key, turn)
        case CancelRequested(subject, key, note):
            yield from _cancel(queue, subject, key, note)
        case PauseRequested(scope, key, name, note):
            yield from _pause(queue, turn, scope, key, name, note)
        case ResumeRequested(scope, key, name):
            yield from _resume(queue, turn, scope, key, name)


def pause(
    queue: Queue, turn: Turn, scope: Scope, name: str = "", note: str = ""
) -> Iterator[AnyDecision]:
    yield Paused(scope, name, note)
    yield from look_again(queue, turn, lambda work: work.reason in ROOM_OR_REST)


def _release(queue: Queue, name: str, key: str, turn: Turn) -> Iterator[AnyDecision]:
    work = queue.works.get(name)
    if work is None or work.released:
        yield RequestRefused(key, name, _gone(queue, name) if work is None else "already_running")
    else:  # That it need not wait for its time any more was learned from the request.
        yield from place(queue, work, turn, aloud=True)


def _move(queue: Queue, name: str, phase: str, key: str, turn: Turn) -> Iterator[AnyDecision]:
    work = queue.works.get(name)
    if work is None:
        yield RequestRefused(key, name, _gone(queue, name))
    elif work.released or work.started:
        yield RequestRefused(key, name, "already_running")
    elif all(phase != configured.name for configured in queue.house.phases):
        yield RequestRefused(key, phase, "unknown_phase")
    else:
        yield WorkMoved(name, phase)
        yield from place(queue, work, turn)


def _cancel(queue: Queue, subject: str, key: str, note: str) -> Iterator[AnyDecision]:
    work = queue.works.get(queue.runs.get(subject, subject))
    if work is None:
        yield RequestRefused(key, subject, _gone(queue, subject))
    elif not work.released:
        yield from end(work, WorkCancelled(work.name, note))
    elif work.stopping:
        yield RequestRefused(key, subject, "nothing_to_do")
    else:
        yield WorkStopping(work.name, note)


def _pause(
    queue: Queue, turn: Turn, scope: Scope, key: str, name: str, note: str
) -> Iterator[AnyDecision]:
    name = "" if scope == "all" else name
    if label(scope, name) in queue.paused:
        yield RequestRefused(key, name or scope, "already_paused")
    elif not _is_known(queue, scope, name):
        yield RequestRefused(key, name or scope, "unknown_subject")
    else:
        yield from pause(queue, turn, scope, name, note)


def _resume(queue: Queue, turn: Turn, scope: Scope, key: str, name: str) -> Iterator[AnyDecision]:
    """A category that the budget has closed counts as paused: the budget opens it again."""
    name = "" if scope == "all" else name
    closed = scope == "category" and name in queue.closed
    if label(scope, name) in queue.paused or closed:
        yield Resumed(scope, name)
        yield from look_again(queue, turn, lambda work: work.reason == "paused")
    else:
        yield RequestRefused(key, name or scope, "not_paused")


def _gone(queue: Queue, subject: str) -> Refusal:
    return "already_ended" if subject in queue.ended else "unknown_subject"


def _is_known(queue: Queue, scope: Scope, name: str) -> bool:
    return label(scope, name) in queue.known or any(
        name == _of(work, scope) for work in queue.works.values()
    )


def _of(work: Work, scope: Scope) -> str:
    return work.lane if scope == "lane" else work.category
