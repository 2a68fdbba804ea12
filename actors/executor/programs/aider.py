"""Aider: `aider --message-file`, which prints text for people."""

import re
from decimal import Decimal

from actors.executor.programs import fields
from actors.executor.programs.asking import faults_of, insist, option
from actors.executor.programs.program import Ask, Can, Reader, Tokens, or_more
from actors.executor.programs.reading import Reading, Verdict

_AMOUNT = r"(\d{1,9}(?:\.\d{1,3})?k?)"
_TOKENS = re.compile(
    rf"Tokens: {_AMOUNT} sent(?:, {_AMOUNT} cache write)?(?:, {_AMOUNT} cache hit)?"
    rf", {_AMOUNT} received"
)
_COST = re.compile(r"Cost: \$\d{1,9}(?:\.\d{1,20})? message, \$(\d{1,9}(?:\.\d{1,20})?) session")
_MODEL = re.compile(r"(?:Main model|Model): (\S{1,200}) with ")
_BANNER = re.compile(
    r"(?:Aider v\d|Main model: |Model: |Weak model: |Editor model: |Git repo: |Repo-map: "
    r"|Added \S+ to the chat|Use /help|Tokens: |Cost: |Retrying in |Applied edit to "
    r"|Commit [0-9a-f]{7}|https://aider\.chat|\s*$)"
)
_ERROR = re.compile(
    r"(?:litellm\.\w+(?:Error|Timeout)\b|The API provider |\S+Error: |Unable to |Model \S+ is not)"
)
_DONE = re.compile(r"(?:Applied edit to |Commit [0-9a-f]{7})")


class Aider:
    """Aider. It knows no limits; its cost is its own reckoning, its tokens are rounded.

    It asks before it runs a command, and the answer is no; it edits files unasked.
    """

    name = "aider"
    can = Can(
        prompt="file",
        reports_cost=True,
        metered="calls",
        permissions=("", "plan", "edit"),
    )

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        missing = () if ask.prompt_file else ("prompt_file: it reads its prompt from a file",)
        return (*faults_of(self.name, self.can, ask), *missing)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`aider --message-file`, without anything for the eye."""
        insist(self.faults(ask))
        return (
            *(ask.executable or ("aider",)),
            *("--message-file", ask.prompt_file),
            *("--yes-always", "--no-suggest-shell-commands", "--no-pretty"),
            *("--no-check-update", "--no-show-release-notes", "--no-show-model-warnings"),
            *(("--no-stream",) if ask.output == "final" else ()),
            *(("--chat-mode", "ask") if ask.permission == "plan" else ()),
            *option("--model", ask.model),
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return AiderReader(ask)


class AiderReader(Reading):
    """Understands reports and errors; all other lines are its answer.

    Reports add up by themselves: the last one counts. An error after the last report ended it,
    though its exit code is 0.
    """

    objects = False

    def said(self, line: str) -> str | None:
        """Take a line."""
        report = self._report(line)
        if report:
            return line
        if _ERROR.match(line):
            return self.mishap(self.error + " " + line if self.error else line)
        if not _BANNER.match(line):
            self.remember(line)
            self.answer.add(line + "\n")
            return None
        if not self.error:
            self.remember(line)
        return line if _DONE.match(line) else None

    def _report(self, line: str) -> bool:
        model, tokens, cost = _MODEL.match(line), _TOKENS.match(line), _COST.search(line)
        if model:
            self.model = fields.word(model[1]) or self.model
        if tokens:
            self.overcome()
            self.finished = True
            self.spent.turns += 1
            sent, written, read, received = (_amount(one) for one in tokens.groups())
            now = Tokens(max(0, sent - written - read), received, read, written)
            self.spent.tokens = or_more(self.spent.tokens, now)
        if cost:
            known = fields.rounded_up(Decimal(cost[1]) * 1_000_000)
            self.spent.cost_usd_micros = max(self.spent.cost_usd_micros or 0, known)
        return bool(tokens or cost)

    def verdict(self, exit_code: int | None) -> Verdict:
        """It says that it is done by a report and by its exit code."""
        self.finished = self.finished and exit_code == 0
        return super().verdict(exit_code)


def _amount(words: str | None) -> int:
    """As it is printed: 950, 1.2k, 12k."""
    if not words:
        return 0
    return int(Decimal(words.rstrip("k")) * (1_000 if words.endswith("k") else 1))
