"""Disk and memory of this machine."""

import os
from pathlib import Path
from typing import Any

import psutil

GIB = 1 << 30


def report(given: dict[str, Any]) -> dict[str, Any]:
    """Look at `paths` (default: the data folder) and at memory.

    `disk_low_percent` and `memory_low_percent` (default 10) say below what share of free space
    a question is asked. Sizes in `data` are bytes.
    """
    paths = given.get("paths") or [os.environ.get("HORARIUM_DATA", ".")]
    disks = {str(path): _disk(Path(path)) for path in paths}
    memory = psutil.virtual_memory()
    free = round(100 * memory.available / memory.total)
    return {
        "summary": _summary(disks, memory.available, memory.total),
        "questions": [*_low(disks, given.get("disk_low_percent", 10))]
        + (
            [f"memory: only {free} % is free"] if free < given.get("memory_low_percent", 10) else []
        ),
        "cost_usd": 0,
        "data": {
            "disks": disks,
            "memory": {"total": memory.total, "available": memory.available},
            "load": list(os.getloadavg()),
        },
    }


def _disk(path: Path) -> dict[str, int]:
    usage = psutil.disk_usage(str(path))
    return {"total": usage.total, "free": usage.free}


def _summary(disks: dict[str, dict[str, int]], available: int, total: int) -> str:
    parts = [
        f"{path}: {disk['free'] / GIB:.1f} of {disk['total'] / GIB:.1f} GiB free"
        for path, disk in disks.items()
    ]
    return "; ".join([*parts, f"memory: {available / GIB:.1f} of {total / GIB:.1f} GiB free"])


def _low(disks: dict[str, dict[str, int]], percent: int) -> list[str]:
    return [
        f"{path}: less than {percent} % of the disk is free"
        for path, disk in disks.items()
        if disk["free"] * 100 < disk["total"] * percent
    ]
