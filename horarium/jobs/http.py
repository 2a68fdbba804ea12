"""Sends one request by http: `python -m horarium.jobs.http FILE`, the body by standard input.

FILE holds the request as JSON: url, method, headers, ok_statuses, secrets, type,
answer_max_bytes, timeout_seconds. `${NAME}` in the url and in headers stands for a secret, which
is a variable of the environment of that name. What happens is printed as lines of JSON, see
`actors.executor.programs.http`; no secret is among them.

A redirect is followed within the same server only when there are secrets, else to any, but without
the headers that say who we are; it never leads from https to http. Exit code 0 for an answer that
is all right, else 1.

It imports nothing but the standard library, for each such job waits for it.
"""

import json
import os
import re
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

USAGE = "usage: python -m horarium.jobs.http FILE\n"
REDIRECTS_MAX = 5
CHUNK_BYTES = 16 * 1024
CONNECT_SECONDS_MAX = 30.0
WORDS_MAX = 300
PORTS = {"http": 80, "https": 443}
BODILESS = ("GET", "HEAD")
OF_A_BODY = ("content-type", "content-length")
OF_ONE_SERVER = ("authorization", "cookie", "proxy-authorization")
_SECRET = re.compile(r"\$\{(\w+)\}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


class Fault(Exception):
    """Why there is no answer: `kind` is a word that the reader knows, the text a sentence."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


class Request(NamedTuple):
    """What is sent; `patience` is until when, on the monotonic clock."""

    url: SplitResult
    method: str
    headers: Mapping[str, str]
    body: bytes
    has_secrets: bool
    patience: float


def main(arguments: Sequence[str]) -> int:
    """Send it, and say by the exit code how that went."""
    if len(arguments) != 1:
        sys.stderr.write(USAGE)
        return 2
    try:
        asked = json.loads(Path(arguments[0]).read_text("utf-8"))
        return 0 if _told(asked, sys.stdin.buffer.read()) else 1
    except Fault as fault:
        _say("fault", kind=fault.kind, words=str(fault)[:WORDS_MAX])
    except (OSError, HTTPException, ValueError) as error:
        _say("fault", kind="failed", words=f"{type(error).__name__}: {error}"[:WORDS_MAX])
    return 1


def _told(asked: Mapping[str, Any], body: bytes) -> bool:
    """Send it and print what comes back; whether that is all right."""
    request = _request(asked, body)
    answer, connection = _answer(request)
    try:
        cut = _print_body(answer, asked["answer_max_bytes"])
    finally:
        connection.close()
    ok = asked["ok_statuses"]
    is_ok = answer.status in ok if ok else 200 <= answer.status < 300
    words = f"{answer.status} {answer.reason}".strip() + (", the answer was cut" if cut else "")
    after = _retry_after(answer)
    _say("answered", status=answer.status, is_ok=is_ok, words=words, retry_after_seconds=after)
    return is_ok


def _request(asked: Mapping[str, Any], body: bytes) -> Request:
    secrets = asked["secrets"]
    url = _url(_filled(asked["url"], secrets))
    headers = {name: _filled(value, secrets) for name, value in asked["headers"].items()}
    known = {name.lower() for name in headers}
    if asked["method"] not in BODILESS and "content-type" not in known:
        headers["Content-Type"] = asked["type"]
    if "user-agent" not in known:
        headers["User-Agent"] = "horarium"
    sent = b"" if asked["method"] in BODILESS else body
    until = monotonic() + asked["timeout_seconds"]
    return Request(url, asked["method"], headers, sent, bool(secrets), until)


def _filled(text: str, secrets: Iterable[str]) -> str:
    """With its secrets; no other variable is one."""

    def secret(found: re.Match[str]) -> str:
        name = found[1]
        if name not in secrets or name not in os.environ:
            raise Fault("misconfigured", f"there is no secret {name}")
        return os.environ[name]

    return _SECRET.sub(secret, text)


def _url(text: str) -> SplitResult:
    if _UNSAFE.search(text):
        raise Fault("misconfigured", "the url holds a space or a control character")
    url = urlsplit(text)
    if url.scheme not in PORTS or not url.hostname:
        raise Fault("misconfigured", "the url is not one of http or https")
    return url


def _answer(request: Request) -> tuple[HTTPResponse, HTTPConnection]:
    """That to the last of at most so many requests."""
    for _ in range(REDIRECTS_MAX + 1):
        _say("sent", words=f"{request.method} {_server(request.url)}")
        answer, connection = _sent(request)
        where = answer.headers.get("Location")
        if answer.status not in (301, 302, 303, 307, 308) or where is None:
            return answer, connection
        connection.close()
        request = _redirected(request, answer.status, where)
    raise Fault("failed", f"more than {REDIRECTS_MAX} redirects")


def _redirected(request: Request, status: int, where: str) -> Request:
    to = _url(urljoin(request.url.geturl(), where))
    if request.has_secrets and _server(to) != _server(request.url):
        raise Fault("failed", f"it redirects to {_server(to)}, which must not see our secrets")
    if request.url.scheme == "https" and to.scheme != "https":
        raise Fault("failed", "it redirects from https to http")
    if _server(to) != _server(request.url):
        request = request._replace(headers=_without(request.headers, OF_ONE_SERVER))
    if status in (307, 308) or request.method in BODILESS:
        return request._replace(url=to)
    headers = _without(request.headers, OF_A_BODY)
    return request._replace(url=to, method="GET", headers=headers, body=b"")


def _without(headers: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: it for name, it in headers.items() if name.lower() not in names}


def _server(url: SplitResult) -> str:
    return f"{url.scheme}://{url.hostname}:{url.port or PORTS[url.scheme]}"


def _sent(request: Request) -> tuple[HTTPResponse, HTTPConnection]:
    """What was not sent at all may be sent again; of all else nobody knows."""
    url, left = request.url, max(1.0, request.patience - monotonic())
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=min(left, CONNECT_SECONDS_MAX))
    try:
        connection.connect()
    except OSError as error:
        raise Fault("not_ready", f"cannot connect to {_server(url)}: {error}") from error
    connection.sock.settimeout(left)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    body = None if request.method in BODILESS else request.body
    try:
        connection.request(request.method, target, body, dict(request.headers))
    except (ValueError, UnicodeError):  # What it says may hold what it was given.
        raise Fault("misconfigured", "a header or the url cannot be sent") from None
    return connection.getresponse(), connection


def _print_body(answer: HTTPResponse, most: int) -> bool:
    """The answer in pieces, as text; whether some of it was left out."""
    decoder = getincrementaldecoder("utf-8")("replace")  # A letter may lie in two pieces.
    while most > 0 and (piece := answer.read(min(CHUNK_BYTES, most))):
        most -= len(piece)
        _say("piece", text=decoder.decode(piece))
    if most > 0 and answer.length:
        raise Fault("failed", f"the answer broke off, {answer.length} bytes before its end")
    if rest := decoder.decode(b"", final=True):
        _say("piece", text=rest)
    return most <= 0 and bool(answer.read(1))


def _retry_after(answer: HTTPResponse) -> int | None:
    """Seconds, by a number or by a date as compared with that of the answer."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return int(said[:9])
    try:
        at = parsedate_to_datetime(said)
        return int((at - parsedate_to_datetime(answer.headers["Date"])).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _say(what: str, **more: object) -> None:
    sys.stdout.write(json.dumps({"horarium": what, **more}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
