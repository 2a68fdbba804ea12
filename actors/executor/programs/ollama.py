"""Ollama: `ollama run --verbose`, a model on this machine and no agent."""

import re

from actors.executor.programs.asking import faults_of, insist
from actors.executor.programs.program import Ask, Can, Reader, Tokens
from actors.executor.programs.reading import Reading, Verdict

_COUNT = re.compile(r"(prompt eval|eval) count: {1,20}(\d{1,12}) token\(s\)")
_FIGURE = re.compile(r"(?:total|load|prompt eval|eval) (?:duration|rate|count): ")
_PULLING = re.compile(r"(?:pulling |verifying |writing manifest|success$)")
_WAITING = re.compile("^\\s*[\u2800-\u28ff][\u2800-\u28ff\\s]*")  # dots that turn


class Ollama:
    """Ollama. It answers and does nothing else; what it costs is what configuration says."""

    name = "ollama"
    can = Can(metered="end", permissions=("", "plan"))

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this."""
        missing = () if ask.model else ("model: it has no model of its own",)
        return (*faults_of(self.name, self.can, ask), *missing)

    def command(self, ask: Ask) -> tuple[str, ...]:
        """`ollama run MODEL`, the prompt by stdin."""
        insist(self.faults(ask))
        words = ("run", "--verbose", "--nowordwrap", "--hidethinking", ask.model)
        return (*(ask.executable or ("ollama",)), *words)

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
        return OllamaReader(ask)


class OllamaReader(Reading):
    """Understands the figures at the end and errors; all other lines are its answer."""

    objects = False

    def said(self, line: str) -> str | None:
        """Take a line."""
        line = _WAITING.sub("", line)
        counted = _COUNT.match(line)
        if counted:
            known = int(counted[2])
            prompt = counted[1] == "prompt eval"
            self.used(Tokens(input=known) if prompt else Tokens(output=known), self.model)
            self.spent.turns = 1
        elif line.startswith("Error: "):
            return self.mishap(line)
        elif not _FIGURE.match(line) and not _PULLING.match(line):
            self.answer.add(line + "\n")
            return line
        return None

    def verdict(self, exit_code: int | None) -> Verdict:
        """It is done when it ends with exit code 0."""
        self.finished = exit_code == 0
        return super().verdict(exit_code)
