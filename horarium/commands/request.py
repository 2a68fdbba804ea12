"""Asking for an action or a template, or for an agent's answer to a prompt."""

import json
from datetime import datetime
from typing import Any

import click

from events.requests import WorkRequested
from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.options import Moment, with_places
from horarium.commands.prompting import DEFAULT_NAME, action_of, prompt_options
from horarium.places import Places

INPUT_MAX_BYTES = 64 * 1024


def json_object(ctx: click.Context, param: click.Parameter, text: str) -> str:
    """The input as compact JSON; it must be an object."""
    if len(text.encode("utf-8", "replace")) > INPUT_MAX_BYTES:
        raise click.BadParameter(f"more than {INPUT_MAX_BYTES} bytes", ctx, param)
    try:
        given = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"not JSON: {error}", ctx, param) from error
    if not isinstance(given, dict):
        raise click.BadParameter('not a JSON object, such as {"topic": "owls"}', ctx, param)
    return json.dumps(given, separators=(",", ":"))


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


@click.command()
@click.argument("subject", metavar="[ACTION|TEMPLATE]", required=False)
@prompt_options
@click.option("--phase", metavar="PHASE", help="Let it wait for this phase.")
@click.option("--input", "given", default="{}", callback=json_object, metavar="JSON",
              help="An object for the work to read.")  # fmt: skip
@click.option("--at", type=Moment(ahead=True), metavar="TIME",
              help="Not before: 18:00, 2h, tomorrow 08:00, 2026-11-20T18:00:00Z.")  # fmt: skip
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@key_option
@with_places
def request(
    here: Places,
    as_json: bool,
    subject: str | None,
    phase: str | None,
    given: str,
    at: datetime | None,
    note: str,
    key: str,
    **prompt: Any,
) -> None:
    """Ask for an action or a template, or ask an agent something.

    With --prompt an agent is asked what no configuration names; a name before it is then the
    name of that work:

    horarium request --prompt "What broke the build?" --executor claude --lane repo --ceiling 0.5
    """
    action = action_of(prompt, given)
    if subject is None and action is None:
        raise click.UsageError("say what: an action, a template, or --prompt TEXT")
    wanted = WorkRequested(subject or DEFAULT_NAME, key, phase, at, given, note, action)
    ask(here, Asked(wanted, key, ("action", "template")), as_json)
