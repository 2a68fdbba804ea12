"""Pausing and resuming; while the daemon is down, the word is left for it."""

import os
from pathlib import Path

import click
from msgspec.json import encode

from events.requests import PauseRequested, ResumeRequested, Scope
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.options import NoDaemon, Refusal, with_places
from horarium.commands.sayings import scope
from horarium.places import Places, owner
from horarium.tables import show_json

Request = PauseRequested | ResumeRequested

_category = click.option("--category", metavar="NAME", help="Only this category.")
_lane = click.option("--lane", metavar="NAME", help="Only this lane.")


@click.command()
@_category
@_lane
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def pause(
    here: Places, as_json: bool, category: str | None, lane: str | None, reason: str, key: str
) -> None:
    """Start nothing more of everything, a category or a lane, until it is resumed.

    What runs already runs on. A pause asked for while the daemon is down holds when it returns.
    """
    what, name = _scope(category, lane)
    _ask_or_leave(here, Asked(PauseRequested(what, key, name, reason), key, _kinds(what)), as_json)


@click.command()
@_category
@_lane
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def resume(
    here: Places, as_json: bool, category: str | None, lane: str | None, reason: str, key: str
) -> None:
    """Go on after a pause; a category that an overrun closed is opened again too."""
    what, name = _scope(category, lane)
    _ask_or_leave(here, Asked(ResumeRequested(what, key, name, reason), key, _kinds(what)), as_json)


def _scope(category: str | None, lane: str | None) -> tuple[Scope, str]:
    if category and lane:
        raise click.UsageError("either --category or --lane, not both")
    if category:
        return "category", category
    return ("lane", lane) if lane else ("all", "")


def _kinds(what: Scope) -> tuple[str, ...]:
    return () if what == "all" else (what,)


def _ask_or_leave(here: Places, asked: Asked, as_json: bool) -> None:
    try:
        ask(here, asked, as_json)
    except NoDaemon:
        left = _leave(here, asked)
        if owner(here) is None:
            _say_left(left, asked, as_json)
        elif _taken_back(left):  # A daemon has started meanwhile.
            ask(here, asked, as_json)
        else:
            _say_left(left, asked, as_json)


def _leave(here: Places, asked: Asked) -> Path:
    """Write the request whole, or not at all, where the daemon looks first."""
    if not here.data.is_dir():
        raise Refusal(f"there is no data folder at {here.data} yet; `horarium run` makes it")
    path = here.inbox / f"{asked.key}.json"
    temp = path.with_suffix(".part")
    try:
        here.inbox.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(temp, flags, 0o600), "wb") as file:
            file.write(encode(asked.request))
            file.flush()
            os.fsync(file.fileno())
        temp.rename(path)
    except OSError as error:
        raise Refusal(f"cannot write {path}: {error.strerror}") from error
    return path


def _taken_back(left: Path) -> bool:
    try:
        left.unlink()
    except FileNotFoundError:
        return False
    return True


def _say_left(left: Path, asked: Asked, as_json: bool) -> None:
    if as_json:
        show_json({"key": asked.key, "left": str(left)})
        return
    request = asked.request
    assert isinstance(request, Request)
    done = "paused" if isinstance(request, PauseRequested) else "resumed"
    what = scope({"scope": request.scope, "name": request.name})
    click.echo(f"The daemon is down; {what} will be {done} when it returns.")
