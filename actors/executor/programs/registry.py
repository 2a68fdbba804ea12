"""The programs by the names that configuration calls them."""

from actors.executor.programs.aider import Aider
from actors.executor.programs.claude import Claude
from actors.executor.programs.codex import Codex
from actors.executor.programs.gemini import Gemini
from actors.executor.programs.kimi import Kimi, KimiCode
from actors.executor.programs.ollama import Ollama
from actors.executor.programs.opencode import OpenCode
from actors.executor.programs.program import Programs

_ALL = (Claude(), Codex(), Gemini(), Kimi(), KimiCode(), OpenCode(), Aider(), Ollama())
PROGRAMS: Programs = {program.name: program for program in _ALL}
