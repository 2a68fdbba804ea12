"""Listening to a program: what it prints is read as it comes, shown as progress, and metered.

All that it prints is kept as it is in a file of its own, within the limit of the output: from it
a later keeper learns what an earlier one had heard. Imported only where a program runs.
"""

from datetime import datetime
from pathlib import Path

from msgspec import json, structs

from actors.executor.asked_for import Answer, is_asked
from actors.executor.brief import RunBrief
from actors.executor.door import Now
from actors.executor.folders import Folders
from actors.executor.metering import Meter
from actors.executor.output import Output, read_result
from actors.executor.programs.lines import Lines
from actors.executor.programs.prices import cost_of
from actors.executor.programs.program import Program, Reader, Said
from actors.executor.result import NOTHING, Reported, printed
from actors.executor.talk import asked_of
from actors.executor.wish import Wish
from events.runs import RunEnded, RunResult, Trouble

SUMMARY_CHARACTERS = 200
ANSWER_CHARACTERS = 6_000  # of the answer, in the log


class Listening:
    """Takes the place of the output of a run; `finish` says what came of it."""

    def __init__(
        self, brief: RunBrief, folders: Folders, program: Program, wish: Wish, now: Now
    ) -> None:
        ask = asked_of(brief.action, brief.executor, brief.model)
        self._brief, self._written, self._now = brief, folders.result, now
        self._reader: Reader = program.reader(ask)
        self._raw = Output(folders.printed, brief.output_max_bytes)
        self._shown = Output(folders.output, brief.output_max_bytes)
        self._lines = Lines()
        self._meter = Meter(brief, program.can, self._reader, wish, now)
        self.answered = Answer("", 0)  # when it has ended

    def resume(self) -> None:
        """Hear again what an earlier life has written down."""
        self._shown.resume()
        self._raw.resume()
        if self._raw.bytes >= self._brief.output_max_bytes:
            self._reader.spent.doubtful = True
        for piece in self._raw.pieces():
            for line in self._lines.feed(piece):
                self._understand(line)
        self._meter.look()

    def take(self, chunk: bytes) -> None:
        """Read what was printed."""
        self._raw.take(chunk)
        for line in self._lines.feed(chunk):
            self._hear(line)

    def remark(self, *lines: str) -> None:
        """Lines of our own among those that are shown."""
        self._shown.remark(*lines)

    def _hear(self, line: bytes) -> None:
        shown = self._understand(line)
        if shown is not None:
            self.remark(shown)
        self._meter.look()

    def _understand(self, line: bytes) -> str | None:
        """What a person reads of it. A mistake of ours must not cost the run."""
        try:
            return self._reader.feed(line)
        except Exception as mistake:
            self._reader.spent.doubtful = True
            return f"a line was not understood: {mistake!r}"

    def finish(self, ended: RunEnded) -> RunEnded:
        """Its end, as it was seen, with what it said of itself."""
        for line in self._lines.rest():
            self._hear(line)
        said = self._reader.end(ended.exit_code, ended.ended_at.astimezone())
        self.answered = Answer(said.text, said.text_characters)
        if said.text:
            self._shown.take(b"\n" + said.text.encode(errors="replace") + b"\n")
        trouble, detail = self._judged(ended, said)
        is_error = ended.trouble is None and said.trouble is not None
        result = self._reported(said, is_error)
        reported = None if result is None else result.cost_usd_micros
        return structs.replace(
            ended,
            trouble=trouble,
            detail=detail,
            output_bytes=self._raw.bytes,
            output_cut=self._shown.cut,
            tail=self._shown.tail(),
            result=result,
            model=said.model,
            usage=said.tokens if said.tokens.total else None,
            priced_usd_micros=self._priced(said, ended.ended_at) if reported is None else None,
            turns=said.turns,
            session=said.session,
            resets_at=said.resets_at,
            is_done=trouble is None,
        )

    def _judged(self, ended: RunEnded, said: Said) -> tuple[Trouble | None, str]:
        """Its own word counts, unless we ended it; and if it had spoken its last, also then."""
        if ended.trouble is None:
            why = "; ".join(filter(None, (ended.detail, said.detail)))
            return ("at_ceiling" if said.limit == "money" else said.trouble), why
        if self._reader.finished and self._counts(ended.trouble, said):
            return said.trouble, f"{ended.detail}, after its answer"
        return ended.trouble, ended.detail

    def _counts(self, trouble: Trouble, said: Said) -> bool:
        """Whether its last word outweighs how it ended. Where nobody saw it end, what else was
        asked for can be tested no more."""
        if trouble == "lost":
            return said.trouble is not None or not is_asked(self._brief.action)
        return trouble == "timed_out" and said.trouble is None

    def _reported(self, said: Said, is_error: bool) -> RunResult | None:
        """What it wrote down for us, else the last line of its answer, else the answer, which an
        error is not. What it cost is not for its model to say, and no slip of its pen undoes the
        answer."""
        filed = read_result(self._written) or NOTHING
        if filed.fault is not None:
            self.remark(f"its result file is of no use: {filed.fault}")
        last = printed(said.text.rstrip().rpartition("\n")[2].encode(errors="replace"))
        answer = None if is_error else _answer(said.text)
        result = filed.result or last.result or answer
        cost, tokens = said.cost_usd_micros, said.tokens.total or None
        if result is None and cost is None and tokens is None:
            return None
        return structs.replace(result or RunResult(), cost_usd_micros=cost, tokens=tokens)

    def _priced(self, said: Said, at: datetime) -> int | None:
        return cost_of(said, said.model, self._brief.prices, at)

    def close(self) -> None:
        """Let go of its files."""
        self._raw.close()
        self._shown.close()

    @property
    def bytes(self) -> int:
        """So many were printed."""
        return self._raw.bytes

    @property
    def cut(self) -> bool:
        """Whether not all of it is shown."""
        return self._shown.cut

    def tail(self) -> str:
        """The last lines that are shown."""
        return self._shown.tail()

    def reported(self, result: Path) -> Reported:
        """What it says of itself is known when it has finished."""
        return NOTHING


def _answer(text: str) -> RunResult | None:
    if not text.strip():
        return None
    summary = text.strip().partition("\n")[0][:SUMMARY_CHARACTERS]
    data = json.encode({"answer": text[:ANSWER_CHARACTERS]}).decode()
    return RunResult(summary=summary, data_json=data)
