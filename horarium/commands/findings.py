"""Showing what is wrong with a configuration or around it."""

import sys
from collections.abc import Sequence

import click
from msgspec.structs import asdict

from horarium.commands.showing import counted
from horarium.configuration import Fault, render
from horarium.tables import coloured, line, show_json


def show_findings(found: Sequence[Fault], as_json: bool, all_well: str) -> int:
    """Print them; the exit code: 1 when one of them is an error."""
    errors = sum(fault.severity == "error" for fault in found)
    warnings = len(found) - errors
    if as_json:
        show_json([asdict(fault) for fault in found])
        return 1 if errors else 0
    if found:
        click.echo(render(found, color=coloured(sys.stdout)))
        parts = (counted(errors, "error") if errors else "", counted(warnings, "warning"))
        line(", ".join(parts[: 2 if warnings else 1]).removeprefix(", ") + ".")
    else:
        line(all_well)
    return 1 if errors else 0
