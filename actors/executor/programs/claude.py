"""Claude Code: `claude -p` with `--output-format json` or `stream-json`."""

from collections import OrderedDict

from actors.executor.programs import fields
from actors.executor.programs.asking import dollars, faults_of, insist, option, options
from actors.executor.programs.lines import Event
from actors.executor.programs.program import Ask, Can, Reader, Tokens, less, or_more, sum_of
from actors.executor.programs.reading import Reading, Verdict
from actors.executor.programs.troubles import trouble_in

MESSAGES_REMEMBERED = 64
SYNTHETIC = "<synthetic>"  # what the program writes itself in a model's name
_MODES = {
    "plan": "plan",
    "ask": "default",
    "edit": "acceptEdits",
    "all": "bypassPermissions",
}
_USAGE = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
_MODEL_USAGE = (
    "inputTokens",
    "outputTokens",
    "cacheReadInputTokens",
    "cacheCreationInputTokens",
)


class Claude:
    """Claude Code. It knows limits on money and turns, and reports what it cost."""

    name = "claude"
    can = Can(
        limits_money=True,
        limits_turns=True,
        tools=True,
        reports_cost=True,
        metered="calls",
        permissions=("", "plan", "ask", "edit", "all"),
    )

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        return faults_of(self.name, self.can, ask)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`claude -p`, the prompt by stdin."""
        insist(self.faults(ask))
        budget = ask.max_budget_usd_micros
        stream = ("--output-format", "stream-json", "--verbose")
        return (
            *(ask.executable or ("claude",)),
            "-p",
            *(stream if ask.output == "stream" else ("--output-format", "json")),
            *option("--model", ask.model),
            *option("--permission-mode", _MODES.get(ask.permission)),
            *options("--allowedTools", ask.allowed_tools),
            *option("--max-turns", ask.max_turns),
            *option("--max-budget-usd", budget and dollars(budget)),
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return ClaudeReader(ask)


class ClaudeReader(Reading):
    """Understands messages, limits and the result.

    A message is printed once for each of its parts, with the usage of the whole: it is counted
    once, by its id. What a message says of its output may be too little; the result says it all.
    """

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._messages: OrderedDict[str, Tokens] = OrderedDict()

    def event(self, event: Event) -> str | None:
        """Take one message."""
        match event.get("type"):
            case "system":
                return self._system(event)
            case "assistant":
                return self._assistant(event)
            case "rate_limit_event":
                return self._rate_limit(fields.mapping(event.get("rate_limit_info")))
            case "result":
                return self._result(event)
        return None

    def _system(self, event: Event) -> str | None:
        if event.get("subtype") == "init":
            self.session = fields.word(event.get("session_id"))
            self.model = fields.word(event.get("model")) or self.model
            return f"began with {self.model}"
        if event.get("subtype") == "api_retry":
            return f"asks the model again: {fields.text(event.get('error'))}"
        return None

    def _assistant(self, event: Event) -> str | None:
        message = fields.mapping(event.get("message"))
        model = fields.word(message.get("model"))
        if model and event.get("parent_tool_use_id") is None:
            self.model = model
        if message.get("model") != SYNTHETIC:
            self._meter(message, model)
        if message.get("stop_reason") == "refusal":
            self.refused = True
        parts = [_part(part) for part in fields.mappings(message.get("content"))]
        return next(filter(None, parts), None)

    def _meter(self, message: Event, model: str) -> None:
        known = fields.text(message.get("id"))[:100]
        try:
            tokens = fields.tokens(fields.mapping(message.get("usage")), *_USAGE)
        except fields.AbsurdError:
            self.spent.doubtful = True
            return
        before = self._messages.pop(known, None)
        self._messages[known] = now = or_more(tokens, before or Tokens())
        self.used(less(now, before or Tokens()), model)
        if before is None:
            self.spent.turns += 1
        if len(self._messages) > MESSAGES_REMEMBERED:
            self._messages.popitem(last=False)

    def _rate_limit(self, info: Event) -> str | None:
        if info.get("status") != "rejected":
            self.reset_at = None
            return None
        self.reset_at = fields.instant(info.get("resetsAt"))
        return f"limit reached: {fields.text(info.get('rateLimitType'))}"

    def _result(self, event: Event) -> str | None:
        self.finished = True
        self.session = fields.word(event.get("session_id")) or self.session
        self.spent.turns = fields.turns(event.get("num_turns")) or self.spent.turns
        self._bill(event)
        self.answer.become(_answer(event))
        self._judge(event, self.answer.text)
        return f"done: {self.answer.text}" if not self.error else f"ended: {self.error}"

    def _judge(self, event: Event, result: str) -> None:
        subtype = fields.text(event.get("subtype"))
        self.overcome()
        self.refused = self.refused or event.get("stop_reason") == "refusal"
        if subtype == "error_max_turns":
            self.limit = "turns"
        elif subtype == "error_max_budget_usd":
            self.limit = "money"
        if event.get("is_error") is True or subtype.startswith("error"):
            errors = event.get("errors")
            told = [one for one in errors if isinstance(one, str)] if type(errors) is list else []
            status = fields.turns(event.get("api_error_status"))
            self.mishap(result or "; ".join(told[:5]) or subtype, status)
        elif _is_limit(result) and not self.spent.tokens.output:
            self.mishap(result)

    def _bill(self, event: Event) -> None:
        """The result knows more than the messages, but must not know less."""
        try:
            cost = fields.micros(event.get("total_cost_usd"))
            self._settle(event)
        except fields.AbsurdError:
            self.spent.doubtful = True
        else:
            before = self.spent.cost_usd_micros
            self.spent.cost_usd_micros = max(before or 0, cost) if cost is not None else before

    def _settle(self, event: Event) -> None:
        whole = fields.tokens(fields.mapping(event.get("usage")), *_USAGE)
        by_model = fields.mapping(event.get("modelUsage"))
        if by_model:
            self.spent.by_model = {}
        for name, usage in by_model.items():
            self.of_model(
                fields.word(name) or "?", fields.tokens(fields.mapping(usage), *_MODEL_USAGE)
            )
        together = sum_of(self.spent.by_model.values())
        self.spent.tokens = or_more(or_more(self.spent.tokens, whole), together)

    def verdict(self, exit_code: int | None) -> Verdict:
        """A limit that was reached is a quota, whatever status says so."""
        found = super().verdict(exit_code)
        if found.trouble == "rate_limited" and self.reset_at is not None:
            return Verdict("quota_exhausted", found.detail)
        return found


def _answer(event: Event) -> str:
    result = fields.text(event.get("result"))
    structured = event.get("structured_output")
    return result or (fields.as_json(structured) if structured is not None else "")


def _part(part: Event) -> str:
    if part.get("type") == "tool_use":
        return fields.call(part.get("name"), part.get("input"))
    return fields.text(part.get("text"))


def _is_limit(result: str) -> bool:
    """Older versions print a limit that was reached as if it were an answer."""
    told = len(result) < 200 and ("|" in result or "reset" in result)
    return told and trouble_in(result) == "quota_exhausted"
