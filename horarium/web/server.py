"""A server thread on a Unix socket in the data folder."""

import os
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from horarium.web.calm import CalmServer

PATH_MAX_BYTES = 107  # of a Unix socket, the end mark apart
GRACE_SECONDS = 1
PREFIX, NAME = "horarium-", "sock"  # of a folder and a socket outside of the data folder


class UnixServer:
    """Serves from `start` to `stop`. What it serves is made in its own thread, so that loading
    the web libraries does not hold up the first run. `failed` is told when that is no use."""

    def __init__(
        self, data: Path, make_app: Callable[[], Any], failed: Callable[[BaseException], None]
    ) -> None:
        self._note = data / "socket"
        _clear_former(self._note)
        self._path, self._folder = _place(data)
        self._make_app, self._failed = make_app, failed
        self._server: CalmServer | None = None
        self._stopped = False
        self._socket = _bound(self._path)
        _write_private(self._note, str(self._path))
        self._thread = Thread(target=self._serve, name="web", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        if self._server is not None:
            self._server.end()
        self._thread.join(GRACE_SECONDS + 3)
        self._socket.close()
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        if self._folder is not None:
            self._folder.rmdir()

    def _serve(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._failed(error)

    def _run(self) -> None:
        from uvicorn import Config

        from horarium.web.calm import CalmServer

        config = Config(
            self._make_app(),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            limit_concurrency=64,
        )
        self._server = CalmServer(config)
        if not self._stopped:
            self._server.run(sockets=[self._socket])


def _place(data: Path) -> tuple[Path, Path | None]:
    """Where the socket stands; a folder of its own when the data folder's path is too long."""
    path = data / "horarium.sock"
    if len(os.fsencode(path)) <= PATH_MAX_BYTES:
        return path, None
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    return folder / NAME, folder


def _clear_former(note: Path) -> None:
    """Take away the folder of a socket that a killed daemon left elsewhere."""
    with suppress(OSError, UnicodeDecodeError, ValueError):
        former = Path(note.read_text("utf-8"))
        if former.name == NAME and former.parent.name.startswith(PREFIX) and former.is_socket():
            former.unlink()
            former.parent.rmdir()


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # We hold the folder's lock: whoever bound it is gone.
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        server.bind(str(path))
    finally:
        os.umask(before)
    server.listen(64)
    return server


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
