"""Gemini CLI: `gemini` with `--output-format json` or `stream-json`."""

from actors.executor.programs import fields
from actors.executor.programs.asking import faults_of, insist, option, options
from actors.executor.programs.lines import LINE_BYTES_MAX, Event, understood
from actors.executor.programs.program import Ask, Can, Reader, Tokens, sum_of
from actors.executor.programs.reading import Reading, Verdict

_MODES = {"plan": "plan", "ask": "default", "edit": "auto_edit", "all": "yolo"}
_EXITS = {
    41: Verdict("misconfigured", "not authenticated"),
    42: Verdict("misconfigured", "it did not accept its arguments"),
    52: Verdict("misconfigured", "its configuration is wrong"),
}
TURNS_EXCEEDED = 53


class Gemini:
    """Gemini CLI. It tells its tokens at the end; a limit on turns is in its own settings only."""

    name = "gemini"
    can = Can(tools=True, metered="end", permissions=("", "plan", "ask", "edit", "all"))

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        return faults_of(self.name, self.can, ask)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`gemini` without a terminal, the prompt by stdin."""
        insist(self.faults(ask))
        return (
            *(ask.executable or ("gemini",)),
            "--output-format",
            "stream-json" if ask.output == "stream" else "json",
            *option("--model", ask.model),
            *option("--approval-mode", _MODES.get(ask.permission)),
            *options("--allowed-tools", ask.allowed_tools),
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return GeminiReader(ask)


class GeminiReader(Reading):
    """Understands both formats. The one that is not a stream is an object over many lines.

    Input includes what was read from a cache. What the total has more than input and output is
    thought, and paid for as output.
    """

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self._open = bytearray()  # the lines of the object so far
        self._new_message = False

    def feed(self, line: bytes) -> str | None:
        """Take one line, perhaps of the object; what is printed between its lines is not its."""
        line = line.rstrip()
        if line == b"{":
            self._open[:] = line
        elif self._open and line[:2] in (b"  ", b"}"):
            self._collect(line)
            return self._whole() if line == b"}" else None
        else:
            return super().feed(line)
        return None

    def _collect(self, line: bytes) -> None:
        self._open += b"\n" + line
        if len(self._open) > LINE_BYTES_MAX:
            self._open.clear()
            self.skip()

    def _whole(self) -> str | None:
        found = understood(bytes(self._open))
        self._open.clear()
        return None if found is None else self.taken(found)

    def event(self, event: Event) -> str | None:
        """Take one event, or the one object."""
        match event.get("type"):
            case "init":
                self.session = fields.word(event.get("session_id"))
                self.model = fields.word(event.get("model")) or self.model
                return f"began with {self.model}"
            case "message" if event.get("role") == "assistant":
                return self._message(event)
            case "tool_use":
                self._new_message = True
                return fields.call(event.get("tool_name"), event.get("parameters"))
            case "error" if "message" in event:
                return self._warning(event)
            case "result":
                return self._result(event)
            case None if "response" in event or "error" in event or "stats" in event:
                return self._object(event)
        return None

    def _message(self, event: Event) -> str | None:
        content = fields.text(event.get("content"))
        if self._new_message or event.get("delta") is not True:
            self.answer.become("")
            self._new_message = False
        self.answer.add(content)
        return content

    def _warning(self, event: Event) -> str:
        words = fields.text(event.get("message"))
        if event.get("severity") == "error":
            return self.mishap(words)
        self.remember(words)
        return f"warning: {words}"

    def _result(self, event: Event) -> str | None:
        self._stats(fields.mapping(event.get("stats")))
        return self._ended(event, event.get("status") == "success")

    def _object(self, event: Event) -> str | None:
        models = fields.mapping(fields.mapping(event.get("stats")).get("models"))
        self._by_model(models)
        self.session = fields.word(event.get("session_id")) or self.session
        self.answer.become(fields.text(event.get("response")))
        return self._ended(event, "error" not in event)

    def _ended(self, event: Event, well: bool) -> str:
        self.finished = well
        if well:
            self.overcome()
            return f"done: {self.answer.text}"
        error = fields.mapping(event.get("error"))
        code = error.get("code")
        words = f"{fields.text(error.get('type'))} {fields.text(error.get('message'))}"
        status = fields.turns(code) if isinstance(code, int) and code in range(400, 600) else 0
        if error.get("type") == "FatalTurnLimitedError" or code == TURNS_EXCEEDED:
            self.limit = "turns"
        return self.mishap(words, status)

    def _stats(self, stats: Event) -> None:
        """Those of a stream: all models together, newer versions each of them too."""
        keys = ("input_tokens", "output_tokens", "cached", "total_tokens")
        try:
            for name, each in fields.mapping(stats.get("models")).items():
                self.of_model(fields.word(name) or "?", _tokens(fields.mapping(each), *keys))
            self.spent.tokens = _tokens(stats, *keys)
        except fields.AbsurdError:
            self.spent.doubtful = True

    def _by_model(self, models: Event) -> None:
        """Those of the one object."""
        keys = ("prompt", "candidates", "cached", "total")
        try:
            for name, each in models.items():
                counted = fields.mapping(fields.mapping(each).get("tokens"))
                self.of_model(fields.word(name) or "?", _tokens(counted, *keys))
        except fields.AbsurdError:
            self.spent.doubtful = True
        known = self.spent.by_model
        self.spent.tokens = sum_of(known.values())
        self.model = max(known, key=lambda name: known[name].total, default=self.model)

    def unfinished(self, exit_code: int | None) -> Verdict:
        """Its exit codes have meanings."""
        if exit_code == TURNS_EXCEEDED:
            self.limit = "turns"
            return Verdict("said_failed", self.last_words() or "it stopped at its limit of turns")
        known = _EXITS.get(exit_code or 0)
        if known:
            return Verdict(known.trouble, self.last_words() or known.detail)
        return super().unfinished(exit_code)

    def verdict(self, exit_code: int | None) -> Verdict:
        """What is not text is told by exit codes also when words were found."""
        found = super().verdict(exit_code)
        known = _EXITS.get(exit_code or 0)
        return Verdict(known.trouble, found.detail) if known and found.trouble else found


def _tokens(said: Event, prompt: str, output: str, cached: str, total: str) -> Tokens:
    before = fields.tokens(said, prompt, output, cached)
    whole = fields.count(said.get(total))
    return Tokens(
        max(0, before.input - before.cache_read),
        max(before.output, whole - before.input),
        before.cache_read,
    )
