"""What may stand in a command line: checks that are the same for every program."""

from collections.abc import Iterator

from actors.executor.programs.program import Ask, Can, UnaskableError

WORD_CHARACTERS_MAX = 256
PATH_CHARACTERS_MAX = 4_096
WORDS_MAX = 64


def faults_of(name: str, can: Can, ask: Ask) -> tuple[str, ...]:
    """Why a program of this name cannot be asked this."""
    return (*_unsafe(ask), *_beyond(name, can, ask))


def insist(faults: tuple[str, ...]) -> None:
    """Raise UnaskableError when there are any."""
    if faults:
        raise UnaskableError("; ".join(faults))


def dollars(micros: int) -> str:
    """Micro-dollars as a decimal number of dollars: 4500000 is "4.5"."""
    whole, part = divmod(micros, 1_000_000)
    return f"{whole}.{part:06}".rstrip("0").rstrip(".")


def option(flag: str, value: str | int | None) -> tuple[str, ...]:
    """A flag and its value, or nothing when there is no value."""
    return () if value is None or value == "" else (flag, str(value))


def options(flag: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """The flag before each value."""
    return tuple(word for value in values for word in (flag, value))


def _unsafe(ask: Ask) -> Iterator[str]:
    words = {"model": (ask.model,), "allowed_tools": ask.allowed_tools}
    paths = {"prompt_file": (ask.prompt_file,)}
    for known, most in ((words, WORD_CHARACTERS_MAX), (paths, PATH_CHARACTERS_MAX)):
        for key, values in known.items():
            if len(values) > WORDS_MAX:
                yield f"{key}: more than {WORDS_MAX}"
            elif any(not _is_plain(value, most) for value in values):
                yield f"{key}: not a plain word of at most {most} characters"


def _is_plain(value: str, most: int) -> bool:
    """Whether no program takes it for an option of its own, nor chokes on it."""
    return len(value) <= most and not value.startswith("-") and (value == "" or value.isprintable())


def _beyond(name: str, can: Can, ask: Ask) -> Iterator[str]:
    if ask.permission not in can.permissions:
        known = ", ".join(mode for mode in can.permissions if mode) or "none"
        yield f"permission: {name} has no mode {ask.permission!r}; known are: {known}"
    if ask.allowed_tools and not can.tools:
        yield f"allowed_tools: {name} cannot be told which tools it may use"
    if ask.model and not can.models:
        yield f"model: {name} cannot be told which model to use"
    if ask.max_turns is not None and ask.max_turns < 1:
        yield "max_turns: less than 1"
    if ask.max_budget_usd_micros is not None and ask.max_budget_usd_micros < 1:
        yield "max_budget_usd_micros: less than 1"
