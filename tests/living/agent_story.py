"""Agents that are not there: stand-ins that print what those would print, and a web server."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from actors.executor.brief import RunBrief
from events.configuration import Action
from events.settings import ExecutorKind
from tests.living.process_story import brief_of

PROGRAMS = Path(__file__).parents[1] / "data" / "programs"
PROMPT = "Ring the bells -- and {{say}} \u266a when it's done."
ANSWERS: dict[ExecutorKind, str] = {  # A file of each whose course is a good one.
    "claude": "answer.jsonl",
    "codex": "answer.jsonl",
    "gemini": "answer.jsonl",
    "kimi": "answer.jsonl",
    "kimi-code": "answer.jsonl",
    "opencode": "answer.jsonl",
    "aider": "answer.txt",
    "ollama": "answer.txt",
}


def standing_in(kind: ExecutorKind, file: str = "", *options: str) -> tuple[str, ...]:
    """The command of a stand-in."""
    file = file or ANSWERS[kind]
    return (sys.executable, str(PROGRAMS / "standin.py"), kind, file, *options)


def agent(
    kind: ExecutorKind, *options: str, file: str = "", run: str = "r1-1", **how: Any
) -> RunBrief:
    """A run of a stand-in. Settings of the action are given as `action`."""
    settings = {"grace_seconds": 1, "timeout_seconds": 60, **how.pop("action", {})}
    action = Action(executor=kind, prompt=PROMPT, **settings)
    model = "bells:8b" if kind == "ollama" else ""
    known = {"model": model, "ceiling_usd_micros": 1_000_000, **how}
    program = standing_in(kind, file, *options)
    return brief_of(action, run, executor=kind, prompt=PROMPT, program=program, **known)


def made_gate(folder: Path, name: str = "gate") -> Path:
    gate = folder / name
    os.mkfifo(gate)
    return gate


class Server(BaseHTTPRequestHandler):
    """Answers by the path that is asked for, and remembers what it was sent."""

    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        status, more, answer = self._answer()
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815  So the library calls it.

    def _answer(self) -> tuple[int, dict[str, str], bytes]:
        port = self.headers["Host"].rpartition(":")[2]
        match self.path.split("/")[1:]:
            case ["status", code]:
                return int(code), {}, b'{"horarium": "answered", "status": 200, "is_ok": true}\n'
            case ["busy"]:
                return 429, {"Retry-After": "120"}, b"later"
            case ["near"]:
                return 307, {"Location": "/well"}, b""
            case ["far"]:
                return 302, {"Location": f"http://localhost:{port}/well"}, b""
            case ["round"]:
                return 302, {"Location": "/round"}, b""
            case ["large"]:
                return 200, {}, b"ding " * 100_000
            case ["lines"]:
                return 200, {}, b"one\ntwo\nthree\n"
            case ["bells"]:
                return 200, {}, b"." + "\u266a".encode() * 6_000
            case ["broken"]:
                return 200, {"Content-Length": "1000"}, b"ding"
            case ["never"]:
                return 429, {"Retry-After": "Mon, 99999999999 Jan 2020 00:00:00 GMT"}, b""
            case ["result"]:
                return 200, {}, b'done\n{"summary": "rung", "cost_usd": 7, "insights": ["loud"]}'
        return 200, {}, "The bells have rung. \u266a\n".encode()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def server() -> Iterator[str]:
    """The address of one."""
    Server.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as found:
        thread = Thread(target=found.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{found.server_address[1]}"
        found.shutdown()
        thread.join()
