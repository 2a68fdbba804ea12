"""Whether a run did what was asked for: an exit code of 0 alone is no success.

An answer with the action's empty marker says that there was nothing to do, and is enough. Any other
must be long enough, leave the artifacts that were asked for, and pass the success test.
"""

import os
import stat
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from actors.executor.aside import Room, heard
from actors.executor.loop import Steps
from actors.executor.output import legible
from events.configuration import Action
from events.runs import RunEnded, Trouble

READ_BYTES_MAX = 4 * 1024 * 1024  # of what was printed


class Answer(NamedTuple):
    """What was answered: the text, or its beginning, and how many characters it all has."""

    text: str
    characters: int


def is_asked(action: Action) -> bool:
    """Whether anything is asked for besides an exit code of 0."""
    return bool(
        action.min_output or action.empty_marker or action.artifacts or action.success_command
    )


def judged(room: Room, ended: RunEnded, answer: Answer | None = None) -> Steps[RunEnded]:
    """The same end, with what is wanting. `answer` is what the program said, where somebody
    understood it; else it is what was printed, with the summary of the result."""
    action = room.brief.action
    well = ended.is_done or ended.exit_code == 0
    fine = ended.trouble is None and well and ended.result_fault is None
    if not fine or not is_asked(action):
        return ended
    if action.min_output or action.empty_marker:
        answer = answer or _answered(ended, room.folders.output)
        if action.empty_marker and action.empty_marker in answer.text:
            return structs.replace(ended, is_empty=True)
        if answer.characters < action.min_output:
            why = f"{answer.characters} characters, where {action.min_output} were asked for"
            return _but(ended, "too_little", why)
    missing = [name for name in action.artifacts if not _is_there(room.folders.work, name)]
    if missing:
        return _but(ended, "artifact_missing", ", ".join(missing))
    return (yield from _tested(room, ended)) if action.success_command else ended


def _tested(room: Room, ended: RunEnded) -> Steps[RunEnded]:
    """The success test, which may take as long as the run itself."""
    action = room.brief.action
    said = yield from heard(room, "success", action.success_command, action.timeout_seconds)
    if said.exit_code == 0:
        return ended
    if said.trouble in ("cancelled", "daemon_stopped"):
        words = "; ".join(filter(None, (said.words, "while its success was tested")))
        return _but(ended, said.trouble, words)
    return _but(ended, "not_successful", said.words or f"its test said {said.exit_code}")


def _but(ended: RunEnded, trouble: Trouble, detail: str) -> RunEnded:
    return structs.replace(ended, trouble=trouble, detail=detail)


def _answered(ended: RunEnded, output: Path) -> Answer:
    printed = _read(output) if ended.output_bytes else ""
    summary = ended.result.summary if ended.result is not None else ""
    text = printed if summary in printed else f"{summary}\n{printed}"
    more = max(0, ended.output_bytes - READ_BYTES_MAX)
    return Answer(text, len(text.strip()) + more)


def _read(output: Path) -> str:
    """The job can put anything in its place: what is no file says nothing."""
    try:
        descriptor = os.open(output, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        raw = os.read(descriptor, READ_BYTES_MAX)
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return legible(raw.decode(errors="replace"))


def _is_there(work: Path, name: str) -> bool:
    """Whether it is a file, or a folder, that lies in the work folder indeed."""
    try:
        path = (work / name).resolve(strict=True)
        mode = path.stat().st_mode
    except (OSError, RuntimeError, ValueError):
        return False
    return path.is_relative_to(work.resolve()) and (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
