"""Asking the daemon: HTTP over the Unix socket in its data folder."""

import json
import socket
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

from horarium.places import Places, owner

ANSWER_SECONDS = 10.0
BUSY_SECONDS = 2.0  # for a daemon that lives and does not take a connection yet
PAUSE_SECONDS = 0.02
REPLY_MAX_BYTES = 4 * 1024 * 1024


class NotRunning(Exception):
    """Nobody lives in the data folder; nothing was asked."""


class NotAnswering(Exception):
    """A daemon lives there and took no connection; nothing was asked. The text says who."""


class GaveUp(Exception):
    """The daemon took the question and gave no answer in time: it may have been heard."""


class Reply(NamedTuple):
    """A status of HTTP and the JSON object that came with it."""

    status: int
    body: Mapping[str, Any]


class _Connection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("horarium", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(here: Places, route: str, timeout: float = ANSWER_SECONDS) -> Reply:
    """Raises NotRunning, NotAnswering, GaveUp."""
    return _call(here, "GET", route, None, timeout)


def post(here: Places, route: str, body: bytes, timeout: float = ANSWER_SECONDS) -> Reply:
    """Raises NotRunning, NotAnswering, GaveUp."""
    return _call(here, "POST", route, body, timeout)


def _call(here: Places, method: str, route: str, body: bytes | None, timeout: float) -> Reply:
    connection = _connected(here, timeout)
    try:
        connection.request(method, route, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Reply(response.status, _object(response.read(REPLY_MAX_BYTES)))
    except (OSError, HTTPException) as error:
        raise GaveUp(str(error) or "the connection broke") from error
    finally:
        connection.close()


def _connected(here: Places, timeout: float) -> _Connection:
    """A daemon that is starting, or has its hands full, gets a moment to take us in."""
    until = time.monotonic() + min(BUSY_SECONDS, timeout)
    while True:
        connection = _Connection(socket_path(here), timeout)
        try:
            connection.connect()
            return connection
        except OSError as error:
            connection.close()
            lives = owner(here)
            if lives is None:
                raise NotRunning from error
            if time.monotonic() >= until:
                raise NotAnswering(lives) from error
        time.sleep(PAUSE_SECONDS)


def socket_path(here: Places) -> str:
    """Where the daemon says its socket is; a path too long for a socket lies elsewhere."""
    try:
        return (here.data / "socket").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return str(here.data / "horarium.sock")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"error": body.decode("utf-8", "replace")[:500]}
