"""A request by http: `python -m horarium.jobs.http FILE`, a job of ours that says what came back.

What the other side says stands in the job's lines as text within an object of ours, so that no
answer can pass for a word of the job itself.
"""

import sys
from typing import Any

from msgspec import json

from actors.executor.brief import RunBrief
from actors.executor.programs import fields
from actors.executor.programs.lines import Event
from actors.executor.programs.program import Ask, Can, Reader
from actors.executor.programs.reading import Reading, Verdict
from events.runs import Trouble

_STATUSES: dict[int, Trouble] = {
    401: "misconfigured",
    402: "quota_exhausted",
    403: "misconfigured",
    407: "misconfigured",
    408: "not_ready",
    425: "not_ready",
    429: "rate_limited",
    502: "not_ready",
    503: "not_ready",
    504: "not_ready",
}
_FAULTS: dict[str, Trouble] = {"not_ready": "not_ready", "misconfigured": "misconfigured"}


class Http:
    """One request and its answer."""

    name = "http"
    can = Can(models=False)

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Its request is all that is asked of it."""
        return ()

    def command(self, ask: Ask) -> tuple[str, ...]:
        """The job; what it sends comes by stdin."""
        job = ("-P", "-m", "horarium.jobs.http")
        return (*(ask.executable or (sys.executable, *job)), ask.request_file)

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return HttpReader(ask)


class HttpReader(Reading):
    """Understands pieces of the answer, and at the end how it was."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._verdict: Verdict | None = None

    def event(self, event: Event) -> str | None:
        """Take one event."""
        match event.get("horarium"):
            case "sent":
                return fields.text(event.get("words"))
            case "piece":
                self.answer.add(fields.text(event.get("text")))
            case "answered":
                self._answered(event)
                return fields.text(event.get("words"))
            case "fault":
                self.finished = True
                trouble = _FAULTS.get(fields.text(event.get("kind")), "said_failed")
                self._verdict = Verdict(trouble, fields.text(event.get("words")))
        return None

    def _answered(self, event: Event) -> None:
        self.finished = True
        self.spent.turns = 1
        words = fields.text(event.get("words"))
        self.retry_after = fields.seconds(event.get("retry_after_seconds"))
        trouble = _STATUSES.get(fields.turns(event.get("status")), "said_failed")
        is_ok = event.get("is_ok") is True
        self._verdict = Verdict() if is_ok else Verdict(trouble, words)

    def verdict(self, exit_code: int | None) -> Verdict:
        """What the job says; an answer may be empty."""
        return self._verdict or self.unfinished(exit_code)


def request_of(brief: RunBrief) -> bytes:
    """What the job reads: all but the body and the secrets, which are named only."""
    action = brief.action
    request: dict[str, Any] = {
        "url": action.url,
        "method": action.method,
        "headers": action.headers,
        "ok_statuses": action.ok_statuses,
        "secrets": sorted(action.secrets),
        "type": "text/plain; charset=utf-8" if brief.prompt else "application/json",
        "answer_max_bytes": brief.output_max_bytes,
        "timeout_seconds": action.timeout_seconds,
    }
    return json.encode(request)
