"""How a program is asked and heard: its words to start with, its prompt, who listens to it."""

from pathlib import Path
from typing import NamedTuple

from actors.executor.brief import RunBrief
from actors.executor.context import Context, gathered
from actors.executor.folders import INPUT, PROMPT, REQUEST, Folders, written_anew
from actors.executor.programs.program import Ask
from actors.executor.programs.registry import program_of
from actors.executor.prompting import PROMPT_CHARACTERS_MAX
from actors.executor.spawning import NotStarted
from events.configuration import Action
from events.settings import ExecutorKind


class Talk(NamedTuple):
    """With one program, for one run."""

    words: tuple[str, ...]  # of its command line; the prompt is never among them
    stdin: Path
    remarks: tuple[str, ...]  # on what was asked for and could not be had


def asked_of(
    action: Action,
    executor: ExecutorKind,
    model: str,
    *,
    ceiling_usd_micros: int | None = None,
    prompt_file: str = "",
    request_file: str = "",
    executable: tuple[str, ...] = (),
) -> Ask:
    """What an action asks of a program. A ceiling of nothing is for whoever meters to keep."""
    return Ask(
        model=model,
        permission=action.permission,
        allowed_tools=action.allowed_tools,
        max_turns=action.max_turns,
        max_budget_usd_micros=ceiling_usd_micros or None,
        prompt_file=prompt_file,
        request_file=request_file,
        executable=executable,
    )


def begun_talk(brief: RunBrief, folders: Folders) -> Talk | NotStarted | None:
    """Lay out what it is to read, in the folder of the run, which is there; None for what is
    no program that must be asked."""
    program = program_of(brief.executor)
    if program is None:
        return None
    if len(brief.prompt) > PROMPT_CHARACTERS_MAX:
        return NotStarted("bad_input", f"the prompt has more than {PROMPT_CHARACTERS_MAX} letters")
    prompt_file, request_file = folders.run / PROMPT, folders.run / REQUEST
    ask = asked_of(
        brief.action,
        brief.executor,
        brief.model,
        ceiling_usd_micros=brief.ceiling_usd_micros,
        prompt_file=str(prompt_file),
        request_file=str(request_file),
        executable=brief.program,
    )
    if why := "; ".join(program.faults(ask)):
        return NotStarted("misconfigured", why)
    names = () if brief.executor == "http" else brief.action.context_files
    context = gathered(names, folders.place)
    try:
        _lay_out(brief, context, prompt_file, request_file)
    except OSError as error:
        return NotStarted("spawn_failed", f"cannot write its prompt: {error}")
    stdin = prompt_file if brief.prompt else folders.run / INPUT
    return Talk(program.command(ask), stdin, context.remarks)


def _lay_out(brief: RunBrief, context: Context, prompt_file: Path, request_file: Path) -> None:
    if brief.prompt:
        written_anew(prompt_file, brief.prompt.encode(errors="replace") + context.text)
    if brief.executor == "http":
        from actors.executor.programs.http import request_of

        written_anew(request_file, request_of(brief))
