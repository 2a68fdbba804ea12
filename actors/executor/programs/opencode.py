"""OpenCode: `opencode run --format json`."""

from actors.executor.programs import fields
from actors.executor.programs.asking import faults_of, insist, option
from actors.executor.programs.lines import Event
from actors.executor.programs.program import Ask, Can, Reader, Tokens
from actors.executor.programs.reading import Reading, Verdict

_PERMISSIONS = {"plan": ("--agent", "plan"), "all": ("--dangerously-skip-permissions",)}


class OpenCode:
    """OpenCode. It knows no limits, but tells tokens and cost after each call of the model."""

    name = "opencode"
    can = Can(reports_cost=True, metered="calls", permissions=("", "plan", "ask", "all"))

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        return faults_of(self.name, self.can, ask)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`opencode run`, the prompt by stdin."""
        insist(self.faults(ask))
        return (
            *(ask.executable or ("opencode",)),
            "run",
            *("--format", "json"),
            *_PERMISSIONS.get(ask.permission, ()),
            *option("--model", ask.model),
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return OpenCodeReader(ask)


class OpenCodeReader(Reading):
    """Understands parts and errors. The model's name is not printed: it is the one asked for.

    Input is without what was cached; what was thought is paid for as output. The cost is its own
    reckoning, and nothing for a model whose price it does not know. It is done when a step ends
    that calls no tool.
    """

    def event(self, event: Event) -> str | None:
        """Take one event."""
        self.session = fields.word(event.get("sessionID")) or self.session
        part = fields.mapping(event.get("part"))
        match event.get("type"):
            case "step_start":
                self.spent.turns += 1
            case "text":
                self.answer.become(fields.text(part.get("text")))
                return self.answer.text
            case "tool_use":
                state = fields.mapping(part.get("state"))
                return fields.call(part.get("tool"), state.get("input"))
            case "step_finish":
                self._step(part)
            case "error":
                return self._error(fields.mapping(event.get("error")))
        return None

    def _step(self, part: Event) -> None:
        self.overcome()
        self.finished = part.get("reason") not in ("tool-calls", "error", "unknown")
        try:
            self._meter(part)
        except fields.AbsurdError:
            self.spent.doubtful = True
        if part.get("reason") == "content-filter":
            self.refused = True

    def _meter(self, part: Event) -> None:
        said = fields.mapping(part.get("tokens"))
        cache = fields.mapping(said.get("cache"))
        self.used(
            Tokens(
                fields.count(said.get("input")),
                fields.count(said.get("output")) + fields.count(said.get("reasoning")),
                fields.count(cache.get("read")),
                fields.count(cache.get("write")),
            )
        )
        cost = fields.micros(part.get("cost"))
        if cost is not None:
            self.spent.cost_usd_micros = (self.spent.cost_usd_micros or 0) + cost

    def _error(self, error: Event) -> str:
        data = fields.mapping(error.get("data"))
        name = fields.text(error.get("name"))
        headers = fields.mapping(data.get("responseHeaders"))
        after = fields.text(headers.get("retry-after"))
        self.retry_after = fields.seconds(int(after)) if _is_seconds(after) else None
        status = fields.turns(data.get("statusCode")) or (401 if name == "ProviderAuthError" else 0)
        return self.mishap(f"{name}: {fields.text(data.get('message'))}", status)

    def verdict(self, exit_code: int | None) -> Verdict:
        """An absurd cost of one step makes the whole unknown."""
        if self.spent.doubtful:
            self.spent.cost_usd_micros = None
        return super().verdict(exit_code)


def _is_seconds(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) < 9
