"""Letting what runs come to its end, and starting nothing more."""

import time
from collections.abc import Sequence

import click

from events.requests import PauseRequested
from horarium.commands.asking import Asked, key_option, posted
from horarium.commands.looking import looking
from horarium.commands.options import Refusal, with_places
from horarium.commands.sayings import refused
from horarium.commands.showing import counted
from horarium.places import Places
from horarium.tables import line, plain, show_json
from projections.database import place_of
from projections.queries.status import unfinished

LOOK_SECONDS = 0.2
SHOWN_MAX = 10
DRAINED = "Nothing runs. Go on with `horarium resume`."


@click.command()
@click.option("--wait", type=click.FloatRange(0), metavar="SECONDS",
              help="How long to wait at most; without it, until nothing runs.")  # fmt: skip
@click.option("--reason", default="draining", show_default=True, metavar="TEXT",
              help="Why, for whoever reads the log.")  # fmt: skip
@key_option
@with_places
def drain(here: Places, as_json: bool, wait: float | None, reason: str, key: str) -> None:
    """Start nothing more, and wait until what runs has come to its end.

    Ends with 0 when nothing runs any more and with 1 when something still does after --wait.
    The daemon stays paused, whichever it is: horarium resume ends that.
    """
    left = _wait(here, _pause(here, reason, key), wait)
    if as_json:
        show_json({"drained": not left, "running": list(left)})
    elif not left:
        line(DRAINED)
    if left:
        named = ", ".join(left[:SHOWN_MAX])
        raise Refusal(plain(f"{counted(len(left), 'run')} still on the way: {named}"))


def _pause(here: Places, reason: str, key: str) -> int:
    """The position of the request. What is paused already is as good."""
    reply = posted(here, Asked(PauseRequested("all", key, "", reason), key))
    answer = reply.body.get("answer") or {}
    fact = answer.get("fact") or {}
    if reply.status == 202:
        raise Refusal(f"accepted, and not yet answered; ask again with --key {key}")
    if reply.status != 200:
        raise Refusal(plain(f"the daemon refused: {reply.body.get('error') or reply.status}"))
    if answer.get("kind") == "request-refused" and fact.get("reason") != "already_paused":
        raise Refusal(plain(refused(here, fact, (), "")))
    return int(answer.get("position") or reply.body.get("position") or 0)


def _wait(here: Places, paused: int, seconds: float | None) -> Sequence[str]:
    """What still runs when it is over, by its names. What was let go before the pause is known
    when the projections have come so far."""
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        with looking(here, quiet=True) as connection:
            left = unfinished(connection)
            is_known = place_of(connection).position >= paused
        seconds_left = LOOK_SECONDS if until is None else until - time.monotonic()
        if is_known and (not left or seconds_left <= 0):
            return left
        time.sleep(min(LOOK_SECONDS, max(0.02, seconds_left)))
