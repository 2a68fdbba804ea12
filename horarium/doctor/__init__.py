"""What would stop the day dead, found before it does."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from horarium.configuration.fault import Fault
from horarium.configuration.loading import read
from horarium.doctor.clock import check_clock
from horarium.doctor.folder import DISK_LOW_BYTES, folder_findings
from horarium.doctor.machine import config_findings, machine_findings
from horarium.doctor.programs import check_lanes, check_programs
from horarium.doctor.record import log_findings
from horarium.doctor.schedule import check_schedule
from horarium.doctor.surroundings import check_surroundings, worktree_findings

Finding = Fault


def examine(
    config: Path, data: Path, environ: Mapping[str, str], now: datetime | None = None
) -> list[Finding]:
    """Everything wrong or doubtful; nothing is changed and no job is imported or run.

    `environ` is the environment in which the daemon would be started; `now` is aware.
    """
    now = now or datetime.now(UTC)
    reading = read(config, environ)
    if reading.readable:
        check_schedule(reading.configuration, reading.faults, now)
        check_lanes(reading.configuration, reading.faults)
        check_programs(reading.configuration, reading.faults, environ)
        check_surroundings(reading.configuration, reading.faults, environ, config)
        check_clock(reading.configuration, reading.faults, environ)
    return [
        *reading.faults.found,
        *config_findings(config),
        *folder_findings(data, max(DISK_LOW_BYTES, reading.configuration.cleanup.disk_low_bytes)),
        *worktree_findings(data),
        *log_findings(config, data, now),
        *machine_findings(now),
    ]
