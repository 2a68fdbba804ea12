"""A prompt for an agent, as the command line gives it."""

from collections.abc import Callable, Mapping
from typing import IO, Any, TypeVar

import click

from actors.planner.prompted import NAME, PROMPT_CHARACTERS_MAX
from events.configuration import Action
from events.settings import PROGRAMS

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_NAME = "prompt"
OPTIONS = ("prompt", "prompt_file", "executor", "lane", "category", "ceiling", "model", "timeout")
SECONDS_MAX = 7 * 86_400
USD_MICROS_MAX = 1_000_000_000_000


def _program(ctx: click.Context, param: click.Parameter, name: str | None) -> str | None:
    if name is None or name in PROGRAMS:
        return name
    from horarium.configuration.fault import nearest

    meant = nearest(name, PROGRAMS)
    hint = f" (did you mean {meant!r}?)" if meant else ""
    raise click.BadParameter(f"{name!r} is none of {', '.join(PROGRAMS)}{hint}", ctx, param)


def _read(kind: str, most: int) -> Callable[..., int | None]:
    """A value as the configuration writes it: money or duration."""

    def callback(ctx: click.Context, param: click.Parameter, text: str | None) -> int | None:
        if text is None:
            return None
        from horarium.configuration import units  # Only who gives one has to wait for it.

        read = {"money": units.money, "duration": units.duration}[kind]
        try:
            value = read(text)
        except units.UnfitError as unfit:
            raise click.BadParameter(str(unfit), ctx, param) from unfit
        if not 0 <= value <= most:
            raise click.BadParameter(f"{text!r} is outside of what is allowed", ctx, param)
        return value

    return callback


def _lane(ctx: click.Context, param: click.Parameter, name: str | None) -> str | None:
    if name is not None and not NAME.fullmatch(name):
        raise click.BadParameter(f"{name!r} is not a name", ctx, param)
    return name


_ALL = (
    click.option("--prompt", metavar="TEXT", help="Ask an agent this; no name is needed then."),
    click.option("--prompt-file", type=click.File(encoding="utf-8"), metavar="FILE|-",
                 help="As --prompt, from a file or standard input."),
    click.option("--executor", callback=_program, metavar="PROGRAM",
                 help=f"Which agent is asked: {', '.join(PROGRAMS)}."),
    click.option("--lane", callback=_lane, metavar="LANE", help="Where it works. Default: main."),
    click.option("--category", callback=_lane, metavar="NAME",
                 help="Which money pays for it. Default: general."),
    click.option("--ceiling", callback=_read("money", USD_MICROS_MAX), metavar="USD",
                 help="What it may cost: 0.25. Default: 0.50; of ollama 0."),
    click.option("--model", metavar="MODEL", help="Default: that of the executor."),
    click.option("--timeout", callback=_read("duration", SECONDS_MAX), metavar="DURATION",
                 help="When it is stopped: 90s, 1h30m. Default: 10m."),
)  # fmt: skip


def prompt_options(command: F) -> F:
    """Those that ask an agent; they are handed over under the names in OPTIONS."""
    for option in reversed(_ALL):
        command = option(command)
    return command


def action_of(given: Mapping[str, Any], input_json: str) -> Action | None:
    """What an agent is to be asked; None when nothing of the kind was given."""
    text, file = given["prompt"], given["prompt_file"]
    if text is None and file is None:
        _refuse_without(given)
        return None
    if text is not None and file is not None:
        raise click.UsageError("either --prompt or --prompt-file, not both")
    if given["executor"] is None:
        raise click.UsageError("--prompt needs --executor: which agent is to be asked")
    prompt = _text(file) if text is None else text
    if not prompt.strip() or len(prompt) > PROMPT_CHARACTERS_MAX:
        raise click.UsageError(f"a prompt has 1 to {PROMPT_CHARACTERS_MAX:,} characters")
    return _checked(_action(prompt, given, input_json))


def _refuse_without(given: Mapping[str, Any]) -> None:
    for name in OPTIONS:
        if given[name] is not None:
            raise click.UsageError(f"--{name} goes with --prompt only: an action says it itself")


def _text(file: IO[str]) -> str:
    try:
        return file.read(PROMPT_CHARACTERS_MAX + 1)
    except UnicodeDecodeError as error:
        raise click.UsageError("the prompt is not UTF-8") from error


def _checked(action: Action) -> Action:
    from actors.executor.prompting import unknown_variables

    if unknown := unknown_variables(action):
        names = ", ".join(f"{{{{{name}}}}}" for name in unknown)
        raise click.UsageError(f"the prompt has no variable {names}; write {{{{{{{{ for two braces")
    return action


def _action(prompt: str, given: Mapping[str, Any], input_json: str) -> Action:
    fields = {
        "input_json": input_json,
        "lane": given["lane"],
        "category": given["category"],
        "ceiling_usd_micros": given["ceiling"],
        "model": given["model"],
        "timeout_seconds": given["timeout"],
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return Action(executor=given["executor"], prompt=prompt, **known)
