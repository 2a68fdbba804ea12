"""The words shared by all programs: what is asked of one, what it can, what it said."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct, field

from events.runs import Trouble, Usage
from events.settings import Permission

Tokens = Usage
Limit = Literal["", "turns", "money"]
OutputMode = Literal["stream", "final"]
PromptBy = Literal["stdin", "file"]
Metered = Literal["calls", "end", "never"]  # when running totals are known

TEXT_CHARACTERS_MAX = 16_000
DETAIL_CHARACTERS_MAX = 500
PROGRESS_CHARACTERS_MAX = 200
MODELS_MAX = 8


def plus(these: Tokens, those: Tokens) -> Tokens:
    """Both, kind by kind."""
    return Tokens(
        these.input + those.input,
        these.output + those.output,
        these.cache_read + those.cache_read,
        these.cache_write + those.cache_write,
    )


def less(these: Tokens, those: Tokens) -> Tokens:
    """What is left of these without those, kind by kind and never below nothing."""
    return Tokens(
        max(0, these.input - those.input),
        max(0, these.output - those.output),
        max(0, these.cache_read - those.cache_read),
        max(0, these.cache_write - those.cache_write),
    )


def or_more(these: Tokens, those: Tokens) -> Tokens:
    """The greater of both, kind by kind."""
    return plus(these, less(those, these))


def sum_of(tokens: Iterable[Tokens]) -> Tokens:
    """All of them, kind by kind."""
    whole = Tokens()
    for some in tokens:
        whole = plus(whole, some)
    return whole


class Spent(Struct):
    """What a program is known to have used up; grows while it runs.

    `doubtful`: it reported a number that cannot be true, so that the tokens are not all of them.
    """

    tokens: Tokens = Tokens()
    by_model: dict[str, Tokens] = field(default_factory=dict)  # when it tells them apart
    cost_usd_micros: int | None = None
    turns: int = 0
    doubtful: bool = False


class Ask(Struct, frozen=True, kw_only=True):
    """What is asked of a program, all but the prompt: that goes by stdin or in a file.

    `executable` stands for the program's own name, as the first words of the command.
    """

    model: str = ""
    permission: Permission = ""
    allowed_tools: tuple[str, ...] = ()
    max_turns: int | None = None
    max_budget_usd_micros: int | None = None
    output: OutputMode = "stream"
    prompt_file: str = ""
    request_file: str = ""  # of http
    executable: tuple[str, ...] = ()


class Can(Struct, frozen=True, kw_only=True):
    """What a program can do by itself; the rest is for whoever runs it to watch."""

    prompt: PromptBy = "stdin"
    limits_money: bool = False
    limits_turns: bool = False
    models: bool = True
    tools: bool = False
    reports_cost: bool = False
    metered: Metered = "never"
    permissions: tuple[Permission, ...] = ("",)


class Said(Struct, frozen=True, kw_only=True):
    """What a program made of it. Success is an answer that it stands by: no `trouble`.

    `text` is the beginning of an answer of `text_characters`. A cost of nothing for tokens that
    were used is no report: programs print it for models whose price they do not know.
    """

    trouble: Trouble | None = None
    text: str = ""
    text_characters: int = 0
    cost_usd_micros: int | None = None
    tokens: Tokens = Tokens()
    tokens_by_model: dict[str, Tokens] = field(default_factory=dict)
    tokens_doubtful: bool = False
    model: str = ""
    turns: int = 0
    session: str = ""
    limit: Limit = ""  # its own limit, at which it stopped
    resets_at: datetime | None = None  # in UTC
    retry_after_seconds: int | None = None
    skipped_lines: int = 0  # too long or too deep to be read
    detail: str = ""


class Reader(Protocol):
    """Listens to one run of a program, line by line, in bounded memory. Never raises."""

    spent: Spent
    model: str
    finished: bool  # It says that it is done.

    def feed(self, line: bytes) -> str | None:
        """Take one line of what it prints; a line for a person to see, if there is one."""

    def end(self, exit_code: int | None, at: datetime | None = None) -> Said:
        """Say what came of it.

        `exit_code` is None or negative when it was ended from outside. `at` is when it ended, in
        the zone of this machine: "try again at 3 PM" means the next one after it. Without it
        only reset times that stand by themselves are understood.
        """


class UnaskableError(ValueError):
    """It cannot be asked of this program; the message says why."""


class Program(Protocol):
    """One command line of an agent."""

    @property
    def name(self) -> str:
        """What configuration calls it."""

    @property
    def can(self) -> Can:
        """What it can handle."""

    def faults(self, ask: Ask) -> tuple[str, ...]:
        """Why it cannot be asked this, before anything is spent; empty when it can."""

    def command(self, ask: Ask) -> tuple[str, ...]:
        """The words to start it with, never by a shell. Raises UnaskableError."""

    def reader(self, ask: Ask) -> Reader:
        """Somebody to listen to one run."""
