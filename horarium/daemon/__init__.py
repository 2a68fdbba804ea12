"""The daemon: what starts, in which order, and how it stops."""

from pathlib import Path


def run(config: Path, data: Path, *, paused: bool = False, log_json: bool = False) -> int:
    """Live until told to stop; the exit code. Loads the daemon's libraries only now."""
    from horarium.daemon.life import live

    return live(config, data, paused=paused, log_json=log_json)
