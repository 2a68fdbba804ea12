"""Kimi: `kimi --print` of kimi-cli, and `kimi --prompt` of Kimi Code, which came after it."""

from actors.executor.programs import fields
from actors.executor.programs.asking import faults_of, insist, option
from actors.executor.programs.lines import Event
from actors.executor.programs.program import Ask, Can, Reader
from actors.executor.programs.reading import Reading, Verdict

RETRYABLE = 75  # the exit code of kimi-cli for what may go better the next time


class Kimi:
    """kimi-cli. In print mode it does everything unasked; it knows a limit on steps."""

    name = "kimi"
    can = Can(limits_turns=True, permissions=("", "plan", "all"))

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        return faults_of(self.name, self.can, ask)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`kimi --print`, the prompt by stdin."""
        insist(self.faults(ask))
        return (
            *(ask.executable or ("kimi",)),
            "--print",
            *("--output-format", "stream-json"),
            *(("--final-message-only",) if ask.output == "final" else ()),
            *(("--plan",) if ask.permission == "plan" else ()),
            *option("--model", ask.model),
            *option("--max-steps-per-turn", ask.max_turns),
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return KimiReader(ask)


class KimiCode:
    """Kimi Code. It takes its prompt as an argument only: it is told to read it from a file."""

    name = "kimi-code"
    can = Can(prompt="file", permissions=("", "all"))

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        missing = () if ask.prompt_file else ("prompt_file: it reads its prompt from a file",)
        return (*faults_of(self.name, self.can, ask), *missing)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`kimi --prompt`, with where the prompt lies."""
        insist(self.faults(ask))
        return (
            *(ask.executable or ("kimi",)),
            *("--output-format", "stream-json"),
            *option("--model", ask.model),
            *("--prompt", f"Read the whole file {ask.prompt_file} and do what it says."),
        )

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return KimiReader(ask)


class KimiReader(Reading):
    """Understands messages. Neither tokens nor cost nor model are printed by any version.

    An error is text among them, which kimi-cli breaks after 80 characters. It is done when its
    last message calls no tool, unless its exit code says otherwise.
    """

    def event(self, event: Event) -> str | None:
        """Take one message."""
        if event.get("role") == "assistant":
            return self._assistant(event)
        if event.get("role") == "meta":
            return self._meta(event)
        if event.get("type") == "error":
            return self.mishap(f"{fields.text(event.get('code'))} {_content(event.get('message'))}")
        return None

    def _assistant(self, event: Event) -> str | None:
        content, calls = _content(event.get("content")), fields.mappings(event.get("tool_calls"))
        self.spent.turns += 1
        self.overcome()
        self.finished = not calls
        if content:
            self.answer.become(content)
        if not calls:
            return content
        function = fields.mapping(calls[0].get("function"))
        return f"{fields.text(function.get('name'))}: {fields.text(function.get('arguments'))}"

    def _meta(self, event: Event) -> str | None:
        if event.get("type") == "session.resume_hint":
            self.session = fields.word(event.get("session_id"))
            return None
        if event.get("type") != "turn.step.retrying":
            return None
        words = fields.text(event.get("error_message"))
        self.mishap(words, fields.turns(event.get("status_code")))
        return f"asks the model again: {words}"

    def verdict(self, exit_code: int | None) -> Verdict:
        """An exit code other than 0 says that it is not done, and its last lines say why."""
        self.finished = self.finished and (exit_code or 0) <= 0
        if not self.finished and self.last_words().startswith("Max number of steps reached"):
            self.limit = "turns"
            self.error = self.last_words()
        found = super().verdict(exit_code)
        if exit_code == RETRYABLE and found.trouble == "said_failed":
            return Verdict("not_ready", found.detail)
        return found


def _content(content: object) -> str:
    """The text of a message: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    parts = fields.mappings(content)
    return "".join(fields.text(part.get("text")) for part in parts if part.get("type") == "text")
