"""Whatever comes through its socket, the daemon lives on; and nobody else may come."""

import json
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from events.work import WorkPlanned
from horarium.client import socket_path
from horarium.places import Places
from tests.whole.daemon_story import Daemon, house, living, sh, wait_for, whole_log

pytestmark = pytest.mark.living

ECHO = f"[actions.echo]\n{sh('umask; echo hello > left; echo hello')}\n"
POST = b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: "


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with living(house(tmp_path_factory.mktemp("web"), ECHO)) as one:
        yield one
        assert one.stop() == 0
    whole_log(one.here)


def connected(here: Places) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(socket_path(here))
    return connection


def said(daemon: Daemon, *parts: bytes, leave: bool = True) -> bytes:
    """What the daemon answers to these bytes, before it hangs up."""
    with closing(connected(daemon.here)) as connection:
        answer = b""
        with suppress(OSError):  # It may not want to hear more, and has said why.
            for part in parts:
                connection.sendall(part)
            if leave:
                connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65_536):
                answer += chunk
        return answer


def posted(daemon: Daemon, body: bytes) -> tuple[int, dict[str, object]]:
    head = POST + b"%d\r\nConnection: close\r\n\r\n" % len(body)
    answer = said(daemon, head, body, leave=False)
    head, _, told = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(told)


def wanted(**fields: object) -> bytes:
    known = {"kind": "work-requested", "subject": "echo", "key": "k"}
    return json.dumps(known | fields).encode()


def intended(**fields: object) -> bytes:
    asked = {"kind": "intent-add-requested", "name": "tea", "key": "k"}
    return json.dumps({**asked, "intent": {"run": "echo", **fields}}).encode()


DEEP = b"[" * 100_000 + b"]" * 100_000
BAD = {
    "empty": b"",
    "not JSON": b"{'kind': 1}",
    "not UTF-8": b'{"kind": "work-requested", "subject": "\xff", "key": "k"}',
    "a lone surrogate": wanted(subject="\ud800"),
    "a list": b"[1, 2]",
    "deep": DEEP,
    "deep input": wanted(input_json=DEEP.decode()),
    "input that is no object": wanted(input_json="[1]"),
    "a decision": b'{"kind": "paused", "scope": "all"}',
    "an observation of another": b'{"kind": "run-ended", "run": "r1-1", "started": true}',
    "a wrong type": wanted(subject=7),
    "an unknown field": wanted(shell="rm -rf /"),
    "no zone": wanted(at="2026-11-20T12:00:00"),
    "data that is no object": b'{"kind": "signal-received", "name": "a", "key": "k", '
    b'"data_json": "[1]"}',
    "an intent whose input is no object": intended(input_json="[1]"),
    "an intent without work": intended(run=""),
    "an intent with an unknown field": intended(shell="rm -rf /"),
    "an intent of another age": intended(at="2126-11-20T12:00:00Z"),
    "huge": b" " * 300_000,
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_request_is_answered_with_a_reason_and_leaves_no_record(
    daemon: Daemon, body: bytes
) -> None:
    head = len(daemon.log())
    status, told = posted(daemon, body)
    assert status in (400, 413) and isinstance(told["error"], str) and told["error"]
    assert daemon.status()["store"] == "ok" and len(daemon.log()) == head


STRANGE = {
    "garbage": (os.urandom(4096),),
    "a header without end": (b"GET /v1/status HTTP/1.1\r\nX: " + b"y" * 200_000,),
    "a body that never comes": (POST + b"100\r\n\r\n", b"{"),
    "a body that is no length": (POST + b"-1\r\n\r\n",),
    "chunks of garbage": (POST[:-16] + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"),
    "another route": (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",),
    "another method": (b"DELETE /v1/requests HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",),
    "nothing": (b"",),
}


@pytest.mark.parametrize("parts", STRANGE.values(), ids=STRANGE)
def test_what_is_no_request_harms_nobody(daemon: Daemon, parts: tuple[bytes, ...]) -> None:
    answer = said(daemon, *parts)
    assert b" 200 " not in answer[:20]
    assert daemon.status()["store"] == "ok"


def test_a_client_that_leaves_at_once_is_still_heard(daemon: Daemon) -> None:
    body = wanted(key="left-at-once")
    with closing(connected(daemon.here)) as connection:
        connection.sendall(POST + b"%d\r\n\r\n" % len(body) + body)
    assert daemon.until(WorkPlanned, key="left-at-once").name == "echo"


def test_text_of_strangers_stays_text(daemon: Daemon) -> None:
    evil = "\x1b[2J{0.__class__}\n12:00 ERROR forged <red>\u202e %s"
    status, told = posted(daemon, wanted(subject=evil, note=evil, key=evil))
    assert status == 200
    answer = told["answer"]
    assert isinstance(answer, dict) and answer["kind"] == "request-refused"
    line = wait_for(lambda: [it for it in daemon.lines.splitlines() if "forged" in it], "a line")
    assert len(line) == 1 and "{0.__class__}" in line[0] and line[0].isprintable()
    shown = daemon.command("log").output
    assert "\x1b" not in shown and "\u202e" not in shown


def test_every_file_is_ours_alone_but_what_a_job_makes_in_its_folder(daemon: Daemon) -> None:
    assert daemon.finished(daemon.request("echo")) == ["completed"]
    data = daemon.here.data
    modes = {path: path.lstat().st_mode for path in (data, *data.rglob("*"))}
    assert {stat.S_IMODE(mode) for mode in modes.values() if stat.S_ISDIR(mode)} == {0o700}
    ours = {path: mode for path, mode in modes.items() if path.name != "left"}
    assert {stat.S_IMODE(mode) for mode in ours.values() if not stat.S_ISDIR(mode)} == {0o600}
    assert stat.S_ISSOCK(modes[data / "horarium.sock"])


def test_clients_that_hold_on_do_not_hold_up_the_stop(tmp_path: Path) -> None:
    with ExitStack() as open_until_the_end, living(house(tmp_path, ECHO)) as daemon:
        for begin in (b"", b"GET /v1/st", POST + b"100\r\n\r\n{"):
            connection = open_until_the_end.enter_context(closing(connected(daemon.here)))
            connection.sendall(begin)
        assert daemon.finished(daemon.request("echo")) == ["completed"]
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 5


def test_a_data_folder_whose_path_is_too_long_for_a_socket_works(tmp_path: Path) -> None:
    data = tmp_path / ("a-rather-long-name-" * 5) / ("and-another-one-" * 5)
    here = house(tmp_path, ECHO, data=data)
    with living(here) as daemon:
        before = Path(socket_path(here))
        assert len(os.fsencode(before)) <= 107 and before.parent.stat().st_mode & 0o077 == 0
        assert daemon.finished(daemon.request("echo")) == ["completed"]
        daemon.kill()
    with living(here) as daemon:
        assert not before.parent.exists(), "what the killed one left is cleared away"
        assert daemon.finished(daemon.request("echo")) == ["completed"]
        after = Path(socket_path(here))
        assert daemon.stop(signal.SIGINT) == 0
    assert not after.parent.exists()
