"""The command `horarium`: a table of commands, each loaded only when it is called."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

LOOK = {
    "status": ("status", "How things stand: phase, work, money, what needs you."),
    "brief": ("brief", "What ran, what it cost, what failed or was dropped."),
    "plan": ("plan", "The plan of a day, phase by phase, with reasons."),
    "runs": ("runs", "The history of runs."),
    "output": ("output", "What a run printed."),
    "days": ("days", "One line for each day."),
    "report": ("report", "Counts, success, duration and cost, grouped."),
    "budget": ("budget", "The day's money by category."),
    "queue": ("queue", "What waits, and for what."),
    "alerts": ("alerts", "What people are told, and whether it reached them."),
    "occurrences": ("occurrences", "What a day was expected to bring, and what became of it."),
    "explain": ("explain", "Why something ran or did not, and what would have let it."),
    "log": ("log", "The facts themselves."),
    "diff": ("diff", "Plan and money at two points of the log."),
    "verify": ("verify", "Whether the log is whole and keeps what was promised."),
    "replay": ("replay", "What each actor knew and decided, record by record."),
}
ASK = {
    "request": ("request", "Ask for an action or a template, or ask an agent."),
    "release": ("works", "Run waiting work now, whatever its phase."),
    "move": ("works", "Let waiting work wait for another phase."),
    "settle": ("settle", "Say what became of an unknown run."),
    "revive": ("revive", "Try again what is buried; or list it."),
    "cancel": ("works", "End a piece of work, or the work of a run."),
    "intent": ("intent", "List intents, make, remove and switch them."),
    "signal": ("signal", "Say that something happened."),
    "replan": ("replan", "Draw today's plan anew."),
    "pause": ("pause", "Start nothing more until resumed."),
    "resume": ("pause", "Go on after a pause."),
    "drain": ("drain", "Start nothing more, and wait until nothing runs."),
}
TRY = {
    "preview": ("preview", "When an intent would be due, and what would become of it."),
    "simulate": ("simulate", "Live days that never were, and say what comes of them."),
    "whatif": ("whatif", "Decide what was recorded again, under other settings."),
    "shadow": ("shadow", "How far a second configuration decides alike."),
}
KEEP = {
    "run": ("run", "Run the daemon, in the foreground."),
    "doctor": ("doctor", "Find what would stop the day dead."),
    "config": ("config", "Check the configuration; print its schema."),
    "sweep": ("sweep", "Take away what is old; or show what would go."),
    "trim": ("trim", "Let the sealed beginning of the log leave it; or put it back."),
    "restore": ("restore", "Put a backup of the log back."),
    "rebuild": ("rebuild", "Build the projections anew from the log."),
    "export": ("export", "Write a log without secrets, to be replayed elsewhere."),
}
COMMANDS = LOOK | ASK | TRY | KEEP
INTERRUPTED = 130


class Commands(click.Group):
    """Commands by name, from their modules in `horarium.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"horarium.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, part in (("Look", LOOK), ("Ask", ASK), ("Try", TRY), ("Keep", KEEP)):
            with formatter.section(title):
                formatter.write_dl(_lines(part), col_max=12)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # Whoever read us has read enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except PermissionError as error:
            raise click.ClickException(f"not permitted: {error.filename or error}") from error
        return done


def _lines(part: Mapping[str, tuple[str, str]]) -> Sequence[tuple[str, str]]:
    return [(name, says) for name, (_, says) in part.items()]


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"horarium {version('horarium')}")
        ctx.exit(0)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 found something wrong or was refused, 2 misused, "
    "3 the daemon is not running.",
)
@click.option(
    "--config",
    envvar="HORARIUM_CONFIG",
    metavar="PATH",
    help="The configuration. Default: ./config.toml, or HORARIUM_CONFIG.",
)
@click.option(
    "--data",
    envvar="HORARIUM_DATA",
    metavar="DIR",
    help="The data folder. Default: .horarium beside the configuration, or HORARIUM_DATA.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def horarium(config: str | None, data: str | None) -> None:
    """Gives autonomous agents a day, and can say afterwards why.

    --config and --data may also stand behind the command; --json there makes it print JSON.
    """


def main() -> None:
    """Run the command line and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # They are text files.
    try:
        sys.exit(horarium.main(prog_name="horarium", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
