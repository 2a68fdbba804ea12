"""What is printed: aligned tables for people, JSON for programs. Rich is loaded to print only."""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from shutil import get_terminal_size
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
# C0, DEL, C1, marks that turn the direction of text, separators of lines, lone surrogates.
_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_WIDE = 4_000  # columns, where nobody's window is the limit
BAR_CELLS = 20

GOOD = ("completed", "succeeded", "ok", "resumed")
BAD = ("failed", "timed_out", "misconfigured", "too_late", "buried", "missed", "expired", "closed",
       "error", "not_ready", "rate_limited", "quota_exhausted")  # fmt: skip
OPEN = ("running", "starting", "waiting", "released", "in_progress", "cancelling", "stopping")
DOUBTFUL = ("unknown", "cancelled", "dropped", "paused", "skipped", "superseded", "warning",
            "resting", "spent")  # fmt: skip
_STYLES = (
    dict.fromkeys(GOOD, "green")
    | dict.fromkeys(BAD, "red")
    | dict.fromkeys(OPEN, "cyan")
    | dict.fromkeys(DOUBTFUL, "yellow")
)


class Cell(NamedTuple):
    """Text with a style of rich; it is never read as markup."""

    text: str
    style: str = ""


class Column(NamedTuple):
    """A heading. What is `long` is cut first where a window is too narrow."""

    title: str
    right: bool = False
    long: bool = False


Value = str | int | Cell | None
Columns = Sequence[Column]


def plain(text: str) -> str:
    """Text that can do nothing to a terminal and stays on its line."""
    return _CONTROLS.sub(" ", _ESCAPES.sub("", text))


def state(name: str) -> Cell:
    """The name of a state in its colour."""
    return Cell(name.replace("_", " "), _STYLES.get(name, ""))


def faint(text: str) -> Cell:
    return Cell(text, "dim")


def bar(used: int, held: int, limit: int, cells: int = BAR_CELLS) -> Cell:
    """How much of a limit is used, and lightly how much is held besides."""
    whole = max(limit, used + held, 1)
    dark = -(-used * cells // whole)
    light = min(-(-held * cells // whole), cells - dark)
    style = "red" if used > limit else "yellow" if used + held >= limit else "green"
    return Cell("█" * dark + "▒" * light + "·" * (cells - dark - light), style)


def show(columns: Columns, rows: Iterable[Sequence[Value]], indent: int = 0) -> None:
    """Print a table under its headings; nothing when there are no rows."""
    made = lines(columns, rows, indent)
    if len(made) > 1:
        write(made)


def lines(columns: Columns, rows: Iterable[Sequence[Value]], indent: int = 0) -> list[str]:
    """A table as lines: that of the headings, then exactly one for each row."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.long,  # What may wrap is narrowed first; its text still does not.
            min_width=len(column.title),
        )
    for row in rows:
        table.add_row(*map(_text, row))
    return _rendered(table, indent)


def write(made: Iterable[str]) -> None:
    """Print lines as they are."""
    for text in made:
        sys.stdout.write(f"{text}\n")


def line(*parts: Value, between: str = " ") -> None:
    """Print parts of a line; those that are empty are left out. It may go on below."""
    from rich.text import Text

    said = [text for part in parts if (text := _text(part))]
    write(_rendered(Text(between, no_wrap=False).join(said), 0))


def title(text: str, *parts: Value) -> None:
    """Print a heading."""
    line(Cell(text, "bold"), *parts, between="  ")


def gap() -> None:
    sys.stdout.write("\n")


def note(text: str) -> None:
    """Say something beside the result: on stderr, so that what is piped stays clean."""
    sys.stdout.flush()
    sys.stderr.write(f"{plain(text)}\n")


def show_json(document: object) -> None:
    """Print one JSON document, its times in UTC."""
    from msgspec.json import encode, format

    sys.stdout.write(format(encode(document, enc_hook=str), indent=2).decode() + "\n")


def coloured(stream: IO[str]) -> bool:
    """Whether colour is welcome there."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _text(value: Value) -> "Text":
    from rich.text import Text

    cell = value if isinstance(value, Cell) else Cell("" if value is None else str(value))
    return Text(plain(cell.text), cell.style, no_wrap=True, overflow="ellipsis")


def _rendered(what: Any, indent: int) -> list[str]:
    """At the window's width, or unbounded where there is none; no blanks at the ends of lines."""
    console = _console(indent)
    with console.capture() as captured:
        console.print(what)
    return [f"{' ' * indent}{text}".rstrip() for text in captured.get().splitlines()]


def _console(indent: int) -> "Console":
    from rich.console import Console

    window = sys.stdout.isatty()
    columns = get_terminal_size().columns if window else _WIDE
    return Console(
        file=sys.stdout,
        force_terminal=window,
        color_system="auto" if coloured(sys.stdout) else None,
        width=max(columns - indent, 20),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
