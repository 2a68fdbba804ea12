"""Which requests were answered: one that comes again under its key is not carried out again."""

from actors.phase_queue.state import Queue
from events.requests import (
    CancelRequested,
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ResumeRequested,
)

Request = ReleaseRequested | MoveRequested | CancelRequested | PauseRequested | ResumeRequested
ANSWERED_MAX = 1_000


def ask(queue: Queue, request: Request) -> None:
    """It will be answered now, if it was not before."""
    queue.asked = f"{request.kind}/{request.key}"
    queue.repeated = queue.asked in queue.answered
    if not queue.repeated:
        queue.answered[queue.asked] = _work_of(queue, request)
        if len(queue.answered) > ANSWERED_MAX:
            del queue.answered[next(iter(queue.answered))]


def refuse(queue: Queue) -> None:
    """A refusal is no answer that stands: asked again, the request is looked at anew."""
    queue.answered.pop(queue.asked, None)


def _work_of(queue: Queue, request: Request) -> str:
    match request:
        case ReleaseRequested(work=work) | MoveRequested(work=work):
            return work
        case CancelRequested(subject=subject):
            return queue.runs.get(subject, subject)
        case _:
            return ""
