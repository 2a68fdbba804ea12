"""Listening to one run: what all readers have in common, in bounded memory."""

from collections import deque
from datetime import datetime
from typing import NamedTuple

from actors.executor.programs.lines import Event, shown, text_of, understood
from actors.executor.programs.program import (
    DETAIL_CHARACTERS_MAX,
    MODELS_MAX,
    PROGRESS_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Ask,
    Limit,
    Said,
    Spent,
    Tokens,
    plus,
)
from actors.executor.programs.resets import Reset, reset_in, to_come, waiting
from actors.executor.programs.troubles import trouble_in
from events.runs import Trouble

REMEMBERED_LINES = 20


class Answer:
    """A text of which the beginning is kept and all is counted."""

    def __init__(self) -> None:
        self.text = ""
        self.characters = 0

    def add(self, more: str) -> None:
        """More of the same answer."""
        self.characters += len(more)
        self.text += more[: TEXT_CHARACTERS_MAX - len(self.text)]

    def become(self, text: str) -> None:
        """Another answer instead."""
        self.text, self.characters = "", 0
        self.add(text)


class Verdict(NamedTuple):
    """What came of a run, and the words for it."""

    trouble: Trouble | None = None
    detail: str = ""


class Reading:
    """Takes lines, remembers little, and says at the end what came of the run.

    A reader of one program adds `event` and `said`, and sets what it learns there.
    """

    objects = True  # a line may be one; otherwise all is text

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.model = ask.model
        self.spent = Spent()
        self.session = ""
        self.answer = Answer()
        self.finished = False  # the program says that it is done
        self.error = ""  # the last one that it has not got over
        self.status = 0  # of HTTP, with that error
        self.limit: Limit = ""
        self.reset_at: datetime | None = None
        self.retry_after: int | None = None
        self.refused = False
        self._lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._skipped = 0

    def feed(self, line: bytes) -> str | None:
        """Take one line; a line for a person, if there is one."""
        found = understood(line) if self.objects else text_of(line)
        if found is None:
            self.skip()
            return None
        return self.taken(found)

    def taken(self, found: list[Event] | str) -> str | None:
        """Take what a line was understood to be."""
        if isinstance(found, str):
            return self._brief(self.said(found))
        return self._brief([self.event(one) for one in found][-1])

    def skip(self) -> None:
        """There was something that is not to be read."""
        self._skipped += 1

    def event(self, event: Event) -> str | None:
        """Take an object that was printed."""
        return None

    def said(self, line: str) -> str | None:
        """Take a line that is no object."""
        self.remember(line)
        return None

    def remember(self, line: str) -> None:
        """Keep a line for the case that it tells why the run failed."""
        if line.strip():
            self._lines.append(line.strip()[:DETAIL_CHARACTERS_MAX])

    def mishap(self, words: str, status: int = 0) -> str:
        """An error that the program told of; its words."""
        self.error, self.status = shown(words.strip(), DETAIL_CHARACTERS_MAX) or "an error", status
        return self.error

    def overcome(self) -> None:
        """The program went on: what went wrong before did not end it."""
        self.error, self.status = "", 0

    def used(self, tokens: Tokens, model: str = "") -> None:
        """More tokens were used."""
        self.spent.tokens = plus(self.spent.tokens, tokens)
        if model:
            self.of_model(model, plus(self.spent.by_model.get(model, Tokens()), tokens))

    def of_model(self, model: str, tokens: Tokens) -> None:
        """The tokens of one model. Beyond MODELS_MAX of them nothing is certain any more."""
        if model in self.spent.by_model or len(self.spent.by_model) < MODELS_MAX:
            self.spent.by_model[model] = tokens
        else:
            self.spent.doubtful = True

    def end(self, exit_code: int | None, at: datetime | None = None) -> Said:
        """Say what came of it."""
        verdict = self.verdict(exit_code)
        reset = self._reset(verdict, at)
        cost = self._cost()
        return Said(
            trouble=verdict.trouble,
            text=shown(self.answer.text, TEXT_CHARACTERS_MAX),
            text_characters=self.answer.characters,
            cost_usd_micros=cost,
            tokens=self.spent.tokens,
            tokens_by_model=dict(self.spent.by_model),
            tokens_doubtful=self.spent.doubtful,
            model=self.model,
            turns=self.spent.turns,
            session=self.session,
            limit=self.limit,
            resets_at=reset.at,
            retry_after_seconds=reset.after_seconds,
            skipped_lines=self._skipped,
            detail=shown(verdict.detail, DETAIL_CHARACTERS_MAX),
        )

    def verdict(self, exit_code: int | None) -> Verdict:
        """What came of it. Success is an answer that the program stands by, not exit code 0."""
        if self.limit:
            return Verdict("said_failed", self.error or f"it stopped at its limit of {self.limit}")
        if self.refused:
            return Verdict("refused", self.error or "the model declined to answer")
        if self.error:
            return Verdict(trouble_in(self.error, self.status), self.error)
        if not self.finished:
            return self.unfinished(exit_code)
        if not self.answer.text.strip():
            return Verdict("said_failed", "it ended well, but without an answer")
        return Verdict(None, f"exit code {exit_code} after its answer" if exit_code else "")

    def unfinished(self, exit_code: int | None) -> Verdict:
        """It ended without saying that it was done: its last lines may tell why."""
        if exit_code is None or exit_code < 0:
            return Verdict("said_failed", "it was ended before it was done")
        words = self.last_words()
        if exit_code == 0 and not words:
            return Verdict("said_failed", "it ended without saying that it was done")
        if exit_code == 2 and trouble_in(words) == "said_failed":
            return Verdict("misconfigured", words or "exit code 2")
        return Verdict(trouble_in(words), words or f"exit code {exit_code}")

    def last_words(self) -> str:
        """The last lines that were no objects, the last of them whole."""
        return " ".join(self._lines)[-DETAIL_CHARACTERS_MAX:]

    def _reset(self, verdict: Verdict, at: datetime | None) -> Reset:
        if verdict.trouble not in ("rate_limited", "quota_exhausted", "not_ready"):
            return Reset()
        return self.reset(verdict.detail, at)

    def reset(self, words: str, at: datetime | None) -> Reset:
        """When the trouble will be over, by a field of its own or else by the words."""
        from_fields = self._from_fields(at)
        return from_fields if from_fields != Reset() else reset_in(words, at)

    def _from_fields(self, at: datetime | None) -> Reset:
        if self.reset_at is not None:
            return to_come(self.reset_at, at)
        return waiting(self.retry_after, at)

    def _cost(self) -> int | None:
        if self.spent.cost_usd_micros == 0 and self.spent.tokens.total:
            return None
        return self.spent.cost_usd_micros

    def _brief(self, line: str | None) -> str | None:
        first = shown(line or "", 2 * PROGRESS_CHARACTERS_MAX).strip().partition("\n")[0]
        return shown(first, PROGRESS_CHARACTERS_MAX) or None
