"""Asking the daemon for something, and saying what came of it."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import click
from msgspec.json import encode

from events.fact import Observation
from horarium import client
from horarium.commands.options import NoDaemon, Refusal
from horarium.commands.sayings import refused, said
from horarium.places import Places
from horarium.tables import plain, show_json

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@#+-]{0,119}", re.ASCII)

NOT_RUNNING = "the daemon is not running; start it with `horarium run`"


def _checked(ctx: click.Context, param: click.Parameter, key: str | None) -> str:
    if key is None:
        return str(uuid4())
    if not _KEY.fullmatch(key):
        raise click.BadParameter(
            "up to 120 letters, digits and _ . : @ # + -, beginning with a letter or digit",
            ctx,
            param,
        )
    return key


key_option = click.option(
    "--key",
    callback=_checked,
    metavar="KEY",
    help="The request's own key: asking again with it doubles nothing.",
)


class Asked(NamedTuple):
    """A request, the key it bears, and of what kinds the names in it may be."""

    request: Observation
    key: str
    kinds: tuple[str, ...] = ()


def ask(here: Places, asked: Asked, as_json: bool) -> None:
    """Hand in a request and print its answer. Ends with 1 when refused, 3 without a daemon."""
    _print(here, posted(here, asked), asked, as_json)


def posted(here: Places, asked: Asked) -> client.Reply:
    """Hand in a request. Ends with 1 when nobody answers, 3 without a daemon."""
    try:
        return client.post(here, "/v1/requests", encode(asked.request))
    except client.NotRunning as error:
        raise NoDaemon(f"{NOT_RUNNING} (looked in {here.data})") from error
    except client.NotAnswering as error:
        raise Refusal(f"the daemon ({error}) is not answering; nothing was asked") from error
    except client.GaveUp as error:
        raise Refusal(f"no answer: {error}. {_again(asked.key)}") from error


def _print(here: Places, reply: client.Reply, asked: Asked, as_json: bool) -> None:
    match reply:
        case client.Reply(200, {"answer": {"kind": str(kind), "fact": dict(fact)}}):
            if as_json:
                show_json(reply.body)
            elif kind != "request-refused":
                click.echo(plain(said(kind, fact)))
            if kind == "request-refused":
                wanted = getattr(asked.request, "intent", asked.request)
                phase = getattr(wanted, "phase", None) or ""
                lane = getattr(getattr(wanted, "action", None), "lane", "")
                raise Refusal(plain(refused(here, fact, asked.kinds, phase, lane)))
        case client.Reply(202, _):
            if as_json:
                show_json(reply.body)
            else:
                click.echo(f"Accepted, and not yet answered. {_again(asked.key)}")
        case client.Reply(_, body):
            raise Refusal(plain(_error(body, reply.status)))


def _again(key: str) -> str:
    return f"Ask again with --key {key} to learn what became of it; that doubles nothing."


def _error(body: Mapping[str, Any], status: int) -> str:
    return f"the daemon refused: {body.get('error') or f'status {status}'}"
