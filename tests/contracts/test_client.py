"""The client against a small server on a Unix socket: answers, silence, absence."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from horarium.client import GaveUp, NotAnswering, NotRunning, Reply, get, post, socket_path
from horarium.daemon.lock import Lock, Owner
from horarium.places import Places, owner, places
from tests.contracts.small_server import served

OWNER = Owner(os.getpid(), "2026-11-20T06:00:00+00:00")


@pytest.fixture
def here() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="horarium-test-") as folder:
        yield places(f"{folder}/config.toml", folder)


def test_an_answer_comes_back_with_its_status(here: Places) -> None:
    def answer(asked: str, body: bytes) -> tuple[int, bytes]:
        return 202, json.dumps({"asked": asked, "body": body.decode()}).encode()

    with served(here.data / "horarium.sock", answer):
        assert get(here, "/v1/status") == Reply(202, {"asked": "GET /v1/status", "body": ""})
        assert post(here, "/v1/requests", b"{}") == Reply(
            202, {"asked": "POST /v1/requests", "body": "{}"}
        )


def test_words_that_are_no_object_come_back_as_an_error(here: Places) -> None:
    with served(here.data / "horarium.sock", lambda *_: (503, b"Service Unavailable")):
        assert get(here, "/v1/status") == Reply(503, {"error": "Service Unavailable"})


def test_a_socket_lies_where_the_daemon_says(here: Places) -> None:
    with tempfile.TemporaryDirectory(prefix="h-") as elsewhere:
        path = Path(elsewhere) / "sock"
        (here.data / "socket").write_text(str(path))
        with served(path, lambda *_: (200, b"{}")):
            assert get(here, "/v1/status") == Reply(200, {})


def test_a_data_folder_too_deep_for_a_socket_is_one_where_nobody_runs(here: Places) -> None:
    deep = here._replace(data=here.data / ("d" * 120))
    deep.data.mkdir()
    assert len(os.fsencode(socket_path(deep))) > 107
    with pytest.raises(NotRunning):
        get(deep, "/v1/status")


def test_nobody_runs_where_there_is_nothing(here: Places) -> None:
    with pytest.raises(NotRunning):
        get(here, "/v1/status")


def test_a_socket_that_was_left_behind_is_nobody(here: Places) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(here.data / "horarium.sock"))
    left.close()
    here.lock.touch()
    with pytest.raises(NotRunning):
        get(here, "/v1/status")


def test_a_lock_file_that_names_a_dead_process_is_not_even_tried(here: Places) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with Lock(here.lock, Owner(gone.pid, "today")):  # as if a daemon had just begun to start
        assert owner(here) is None
    for text in ("", "[]", '{"pid": "x"}', '{"pid": 99999999999999999999}', '{"pid": -1}'):
        here.lock.write_text(text)
        assert owner(here) is None


def test_a_daemon_that_lives_and_takes_nobody_in_is_named(here: Places) -> None:
    with (
        Lock(here.lock, OWNER),
        pytest.raises(NotAnswering, match=f"pid {os.getpid()}, since 2026"),
    ):
        get(here, "/v1/status", timeout=0.05)


def test_a_daemon_that_is_starting_is_waited_for(here: Places) -> None:
    looked = Event()
    replies: list[Reply] = []

    def ask() -> None:
        looked.set()
        replies.append(get(here, "/v1/status"))

    with Lock(here.lock, OWNER):
        client = Thread(target=ask)
        client.start()
        looked.wait(5)
        with served(here.data / "horarium.sock", lambda *_: (200, b'{"pid":1}')):
            client.join()
    assert replies == [Reply(200, {"pid": 1})]


def test_silence_is_given_up_upon(here: Places) -> None:
    over = Event()

    def answer(*_: object) -> tuple[int, bytes]:
        over.wait(5)
        return 200, b"{}"

    with served(here.data / "horarium.sock", answer):
        with pytest.raises(GaveUp, match="timed out"):
            post(here, "/v1/requests", b"{}", timeout=0.05)
        over.set()


def test_a_connection_that_breaks_may_have_been_heard(here: Places) -> None:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(here.data / "horarium.sock"))
    server.listen()

    def hang_up() -> None:
        taken, _ = server.accept()
        taken.recv(10)
        taken.close()

    thread = Thread(target=hang_up)
    thread.start()
    with pytest.raises(GaveUp):
        post(here, "/v1/requests", b"{}")
    thread.join()
    server.close()
