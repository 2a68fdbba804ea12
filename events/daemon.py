"""What happens to the daemon itself."""

from typing import Literal

from events.fact import Observation

StopReason = Literal["asked", "signal", "failed"]


class DaemonStarted(Observation, tag="daemon-started"):
    """A life begins. Runs of an earlier life that are still open are looked after next."""

    version: str
    pid: int
    boot: str  # the kernel's boot id: another one means that every process of before is gone
    paused: bool = False  # started with --paused
    safe_mode: bool = False  # doors closed: reading and pausing work, nothing is started


class DaemonStopped(Observation, tag="daemon-stopped"):
    """A life ended in order. A life without this ended some other way."""

    reason: StopReason
