"""Stands in for the command line of an agent: prints what it would print, and does nothing.

    python3 overnight_agent.py claude|codex|gemini OPTIONS...

The prompt comes by standard input, the options are those of the real program and are ignored.
What it costs follows from the prompt: between 10 and 25 cents by claude's own report; codex and
gemini report tokens only.
"""

import json
import sys
import time
from collections.abc import Iterator
from zlib import crc32

PAUSE_SECONDS = 0.05  # between its lines, so that `horarium output --follow` shows them come

Event = dict[str, object]


def claude(asked: str, answer: str, number: int) -> Iterator[Event]:
    """`claude -p --output-format stream-json --verbose`."""
    session, model = f"5e55-{number}", "claude-sonnet-4-5-20250929"
    usage = {"input_tokens": 12 + len(asked), "output_tokens": 300 + number % 200}
    yield {"type": "system", "subtype": "init", "session_id": session, "model": model}
    parts = [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}]
    message = {"id": "m1", "model": model, "content": parts, "usage": usage}
    yield {"type": "assistant", "message": message, "session_id": session}
    yield {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "num_turns": 2,
        "result": answer,
        "session_id": session,
        "total_cost_usd": 0.10 + number % 15_000 / 100_000,
        "usage": usage,
    }


def codex(asked: str, answer: str, number: int) -> Iterator[Event]:
    """`codex exec --json`."""
    usage = {"input_tokens": len(asked), "cached_input_tokens": 0, "output_tokens": number % 500}
    yield {"type": "thread.started", "thread_id": f"7ead-{number}"}
    yield {"type": "turn.started"}
    item = {"id": "i1", "type": "command_execution", "command": "git log -1"}
    yield {"type": "item.started", "item": item}
    yield {"type": "item.completed", "item": {"id": "i2", "type": "agent_message", "text": answer}}
    yield {"type": "turn.completed", "usage": usage}


def gemini(asked: str, answer: str, number: int) -> Iterator[Event]:
    """`gemini --output-format stream-json`."""
    made = 80 + number % 50
    usage = {"input_tokens": len(asked), "output_tokens": made, "total_tokens": len(asked) + made}
    yield {"type": "init", "session_id": f"9e33-{number}", "model": "gemini-2.5-flash"}
    yield {"type": "message", "role": "assistant", "content": answer}
    yield {"type": "result", "status": "success", "stats": usage}


PROGRAMS = {"claude": claude, "codex": codex, "gemini": gemini}


def main(program: str) -> None:
    """Print one run, line by line."""
    asked = sys.stdin.read()
    first = next(filter(None, asked.splitlines()), "nothing")
    answer = f"{program} was asked: {first[:60]} All of it is done, as far as a stand-in can."
    for event in PROGRAMS[program](asked, answer, crc32(asked.encode())):
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
