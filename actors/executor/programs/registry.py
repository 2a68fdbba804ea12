"""The programs by the names that configuration calls them; each is imported when it is wanted."""

from functools import cache
from importlib import import_module

from actors.executor.programs.program import Program
from events.settings import ExecutorKind

PLACES: dict[ExecutorKind, tuple[str, str]] = {
    "claude": ("claude", "Claude"),
    "codex": ("codex", "Codex"),
    "gemini": ("gemini", "Gemini"),
    "kimi": ("kimi", "Kimi"),
    "kimi-code": ("kimi", "KimiCode"),
    "opencode": ("opencode", "OpenCode"),
    "aider": ("aider", "Aider"),
    "ollama": ("ollama", "Ollama"),
    "http": ("http", "Http"),
}


@cache
def program_of(kind: ExecutorKind) -> Program | None:
    """Who knows how to ask it and what it prints; None: its output is what it is."""
    if kind not in PLACES:
        return None
    module, name = PLACES[kind]
    found: Program = getattr(import_module(f"actors.executor.programs.{module}"), name)()
    return found
