"""Walking through pages at a terminal, one key a step: next, previous, search, quit."""

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count

import click

from horarium.tables import plain

KEPT_PAGES = 5_000  # Those before are forgotten.
HINT = "n next   p previous   / search   q quit"
NEXT, PREVIOUS = ("n", " ", "\r", "\n", "\x1b[B", "\x1b[C"), ("p", "\x1b[A", "\x1b[D")
QUIT, ENTER, ERASE = ("q", "\x03", "\x04"), ("\r", "\n"), ("\x7f", "\b")
ESCAPE_SECONDS = 0.05  # within which the rest of a key such as an arrow follows
_CLEAR_LINE = "\r\x1b[K"

Page = Sequence[str]


@contextmanager
def terminal_keys(terminal: int = 0) -> Iterator[Callable[[], str]]:
    """What tells the next key, without Enter and without showing it. What is typed ahead is kept;
    Ctrl-C interrupts as ever. EOFError when the terminal goes."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSANOW)
    try:
        yield lambda: _key(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _follows(terminal: int) -> bool:
    return bool(select.select([terminal], [], [], ESCAPE_SECONDS)[0])


def _key(terminal: int) -> str:
    key = os.read(terminal, 1)
    if not key:
        raise EOFError
    while (
        key[:1] == b"\x1b" and len(key) < 8 and select.select([terminal], [], [], ESCAPE_SECONDS)[0]
    ):
        key += os.read(terminal, 1)
        if key[-1:].isalpha() or key[-1:] == b"~":
            break
    for _ in range(3 if key[0] >= 0xF0 else 2 if key[0] >= 0xE0 else 1 if key[0] >= 0xC0 else 0):
        key += os.read(terminal, 1)
    return key.decode("utf-8", "replace")


class Browser:
    """Shows pages as they are asked for; they are made only then."""

    def __init__(
        self,
        pages: Iterator[Page],
        key: Callable[[], str],
        write: Callable[[str], object] = sys.stdout.write,
    ) -> None:
        self._pages, self._key, self._write = pages, key, write
        self._seen: list[Page] = []
        self._forgotten = 0
        self._at = -1
        self._looked_for = ""

    def browse(self) -> None:
        """Until somebody quits, also by an interrupt, whatever is shown just then."""
        with suppress(KeyboardInterrupt):
            self._go(1)
            while (key := self._asked(HINT)) not in QUIT:
                if key in NEXT:
                    self._go(1)
                elif key in PREVIOUS:
                    self._go(-1)
                elif key == "/":
                    self._search()

    def _asked(self, hint: str) -> str:
        self._write(click.style(hint, dim=True))
        sys.stdout.flush()
        try:
            return self._key()
        except (KeyboardInterrupt, EOFError, OSError):
            return "q"
        finally:
            self._write(_CLEAR_LINE)

    def _go(self, by: int) -> None:
        page = self._page(self._at + by)
        if page is None:
            self._write("that is all\n" if by > 0 else "there is nothing before it\n")
            return
        self._at += by
        self._show(page)

    def _page(self, number: int) -> Page | None:
        while number >= self._forgotten + len(self._seen):
            page = next(self._pages, None)
            if page is None:
                return None
            self._seen.append(page)
            if len(self._seen) > KEPT_PAGES:
                del self._seen[0]
                self._forgotten += 1
        return self._seen[number - self._forgotten] if number >= self._forgotten else None

    def _show(self, page: Page) -> None:
        for line in page:
            self._write(f"{line}\n")

    def _search(self) -> None:
        """Forward from here; an empty text is the one before again."""
        text = self._text()
        if text is None:
            return
        self._looked_for = text or self._looked_for
        wanted = self._looked_for.casefold()
        for number in count(self._at + 1):
            page = self._page(number)
            if page is None:
                self._write(f"nothing behind this has {plain(self._looked_for)!r}\n")
                return
            if any(wanted in line.casefold() for line in page):
                self._at = number
                self._show(page)
                return

    def _text(self) -> str | None:
        """What is typed until Enter; None when it is given up."""
        text = ""
        while (key := self._asked(f"/{plain(text)}")) not in ENTER:
            if key in ("\x1b", "\x03", "\x04"):
                return None
            text = text[:-1] if key in ERASE else text + key if key.isprintable() else text
        return text
