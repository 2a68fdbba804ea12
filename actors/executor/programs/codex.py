"""Codex: `codex exec --json`."""

from actors.executor.programs import fields
from actors.executor.programs.asking import faults_of, insist, option
from actors.executor.programs.lines import Event
from actors.executor.programs.program import Ask, Can, Reader, Tokens, or_more
from actors.executor.programs.reading import Reading

_SANDBOXES = {
    "plan": "read-only",
    "ask": "read-only",
    "edit": "workspace-write",
    "all": "danger-full-access",
}


class Codex:
    """Codex. It knows no limits, and tells its tokens when a turn is over and not before."""

    name = "codex"
    can = Can(metered="end", permissions=("", "plan", "ask", "edit", "all"))

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        return faults_of(self.name, self.can, ask)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`codex exec --json ... -`, the prompt by stdin; in any folder, repository or not."""
        insist(self.faults(ask))
        return (
            *(ask.executable or ("codex",)),
            "exec",
            "--json",
            "--skip-git-repo-check",
            *option("--model", ask.model),
            *option("--sandbox", _SANDBOXES.get(ask.permission)),
            "-",
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return CodexReader(ask)


class CodexReader(Reading):
    """Understands turns and items. The model's name is not printed: it is the one asked for.

    The usage of a turn is that of the whole thread so far: the last one counts, and input
    includes what was read from a cache. An `error` may be got over; `turn.failed` is the end.
    """

    def event(self, event: Event) -> str | None:
        """Take one event."""
        match event.get("type"):
            case "thread.started":
                self.session = fields.word(event.get("thread_id"))
            case "turn.started":
                self.spent.turns += 1
                self.finished = False
            case "item.started" | "item.completed":
                return self._item(event["type"], fields.mapping(event.get("item")))
            case "turn.completed":
                return self._completed(fields.mapping(event.get("usage")))
            case "turn.failed":
                return self._failed(fields.mapping(event.get("error")))
            case "error":
                return self.mishap(fields.text(event.get("message")))
        return None

    def _completed(self, usage: Event) -> str | None:
        self.finished = True
        self.overcome()
        keys = ("input_tokens", "output_tokens", "cached_input_tokens")
        try:
            said = fields.tokens(usage, *keys)
        except fields.AbsurdError:
            self.spent.doubtful = True
        else:
            now = Tokens(max(0, said.input - said.cache_read), said.output, said.cache_read)
            self.spent.tokens = or_more(self.spent.tokens, now)
        return f"done: {self.answer.text}"

    def _failed(self, error: Event) -> str:
        self.finished = False
        return self.mishap(fields.text(error.get("message")) or self.error or "the turn failed")

    def _item(self, happened: object, item: Event) -> str | None:
        match item.get("type"):
            case "agent_message" if happened == "item.completed":
                self.answer.become(fields.text(item.get("text")))
                return self.answer.text
            case "command_execution" if happened == "item.started":
                return f"runs: {fields.text(item.get('command'))}"
            case "file_change" if happened == "item.completed":
                changes = fields.mappings(item.get("changes"))
                return "changed: " + ", ".join(fields.text(one.get("path")) for one in changes[:5])
            case "mcp_tool_call" if happened == "item.started":
                return f"{fields.text(item.get('server'))}: {fields.text(item.get('tool'))}"
            case "web_search" if happened == "item.completed":
                return f"searched: {fields.text(item.get('query'))}"
            case "error":
                return f"warning: {fields.text(item.get('message'))}"
        return None
