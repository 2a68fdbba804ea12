"""Whether what the clock asks of this machine is there."""

import os
from collections.abc import Mapping

from actors.clock.awake import WAYS
from actors.clock.awake import command as awake_command
from actors.executor.environment import allowed
from actors.executor.spawning import NotStarted, resolved
from events.configuration import Configuration
from horarium.configuration.fault import Faults
from horarium.doctor.programs import NO_PLACE


def check_clock(configuration: Configuration, faults: Faults, environ: Mapping[str, str]) -> None:
    """Note a program that cannot say whether the machine is idle, or none that keeps it awake."""
    clock = configuration.clock
    if any(clock.idle_command[:1]):
        search = allowed(configuration.executor.environment, environ).get("PATH", os.defpath)
        found = resolved(clock.idle_command[0], NO_PLACE, search)
        if isinstance(found, NotStarted):
            message = f"{found.detail}; what waits for an idle machine would wait for ever"
            faults.add(("clock", "idle_command"), message)
    if clock.keep_awake != "never" and not awake_command(search=environ.get("PATH", os.defpath)):
        message = f"none of the programs {', '.join(WAYS)} is there to keep this machine awake"
        faults.add(("clock", "keep_awake"), message, severity="warning")
