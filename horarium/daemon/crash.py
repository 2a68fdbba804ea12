"""What an actor choked on, remembered beside the log: the third time is not like the first."""

from pathlib import Path

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import decode, encode

SAFE_AFTER = 3


class Crash(Struct, frozen=True):
    """A record that stopped the daemon, how often running, and which version it was."""

    actor: str
    position: int
    times: int
    version: str
    error: str = ""


def last_crash(path: Path, version: str) -> Crash | None:
    """What stopped the daemon of this version last time, if anything did."""
    try:
        crash = decode(path.read_bytes()[:10_000], type=Crash)
    except (OSError, DecodeError, ValidationError):
        return None
    return crash if crash.version == version else None


def note_crash(path: Path, actor: str, position: int, version: str, error: str) -> Crash:
    """Count this one; the same record running makes one more."""
    before = last_crash(path, version)
    same = before is not None and (before.actor, before.position) == (actor, position)
    crash = Crash(actor, position, (before.times if before and same else 0) + 1, version, error)
    path.touch(mode=0o600)
    path.write_bytes(encode(crash))
    return crash
