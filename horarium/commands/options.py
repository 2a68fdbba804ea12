"""What every command takes: where things are, and whether to print JSON."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, TypeVar

import click

from horarium import times
from horarium.places import Places, places

F = TypeVar("F", bound=Callable[..., Any])


class Refusal(click.ClickException):
    """Something was found wrong, or refused: exit code 1."""


class NoDaemon(click.ClickException):
    """A command needs the daemon and there is none: exit code 3."""

    exit_code = 3


class Moment(click.ParamType[datetime]):
    """A moment as people write it, in UTC; `ahead` and `end` as in `times.instant`."""

    name = "time"

    def __init__(self, *, ahead: bool = False, end: bool = False) -> None:
        self._ahead, self._end = ahead, end

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return times.instant(value, now(), ahead=self._ahead, end=self._end)
        except times.NotATime as error:
            self.fail(str(error), param, ctx)


class Day(click.ParamType[date]):
    """A day by date or name."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return times.day(value, now())
        except times.NotATime:
            self.fail(f"{value!r} is not a day; write today, yesterday or 2026-11-20", param, ctx)


def now() -> datetime:
    """This moment, for showing times and for reading what people write."""
    return datetime.now(UTC)


def with_places(function: F) -> F:
    """Like `located`, and with --json: the command is called with `here` and `as_json`."""
    return _json_option(located(function))


def with_places_named_before(function: F) -> F:
    """Likewise, where --data means something else: the folder is named in front of the command."""
    return _json_option(_config_option(_placed(function)))


def located(function: F) -> F:
    """Give a command --config and --data; it is called with `here`, and may return an exit code."""
    option = click.option("--data", metavar="DIR", help="The data folder (.horarium beside it).")
    return _config_option(option(_placed(function)))


_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, times in UTC.")
_config_option = click.option("--config", metavar="PATH", help="The configuration (./config.toml).")


def _placed(function: F) -> F:
    @wraps(function)
    def called(config: str | None, data: str | None = None, **given: Any) -> None:
        context = click.get_current_context()
        if code := function(here=here_of(context), **given):
            context.exit(code)

    return called  # type: ignore[return-value]  # A command is called by click alone.


def here_of(ctx: click.Context) -> Places:
    """The places as named nearest to the command."""
    named: dict[str, str] = {}
    at: click.Context | None = ctx
    while at is not None:
        for name in ("config", "data"):
            if at.params.get(name):
                named.setdefault(name, at.params[name])
        at = at.parent
    return places(**named)
