"""What an actor choked on, remembered beside the log: the third time is not like the first."""

from pathlib import Path

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import decode, encode

from actors.recall import Poison

SAFE_AFTER = 3
PASSED_OVER_MAX = 100


class Crash(Struct, frozen=True):
    """A record that stopped the daemon, how often running, and which version it was.

    `passed_over` are those that were passed over in safe mode when this one came.
    """

    actor: str
    position: int
    times: int
    version: str
    error: str = ""
    passed_over: tuple[Poison, ...] = ()

    @property
    def poison(self) -> frozenset[Poison]:
        """All that the next life passes over, if it is one in safe mode."""
        return frozenset({*self.passed_over, (self.actor, self.position)})


def last_crash(path: Path, version: str) -> Crash | None:
    """What stopped the daemon of this version last time, if anything did."""
    try:
        crash = decode(path.read_bytes()[:20_000], type=Crash)
    except (OSError, DecodeError, ValidationError):
        return None
    return crash if crash.version == version else None


def is_safe_mode(crash: Crash | None) -> bool:
    """Whether a life after this one passes over what stopped it."""
    return crash is not None and crash.times >= SAFE_AFTER


def note_crash(path: Path, actor: str, position: int, version: str, error: str) -> Crash:
    """Count this one; the same record running makes one more. What stops a life in safe mode
    is passed over in the next one too."""
    before = last_crash(path, version)
    times, passed_over = 1, tuple[Poison, ...]()
    if before is not None and is_safe_mode(before):
        times, passed_over = before.times, tuple(before.poison)[-PASSED_OVER_MAX:]
    elif before is not None and (before.actor, before.position) == (actor, position):
        times = before.times + 1
    crash = Crash(actor, position, times, version, error, passed_over)
    path.touch(mode=0o600)
    path.write_bytes(encode(crash))
    return crash
