"""The server, calm: it wakes when somebody asks, and not ten times a second to see whether."""

import asyncio
from contextlib import suppress

from uvicorn import Server


class CalmServer(Server):
    """Serves until `end` is called, from any thread. Its answers bear no date."""

    _loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Stop serving, also when it has not begun yet."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # It has ended already.
                self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not await self.on_tick(0):
            await self._ended.wait()
