"""The page on time: its commands and its tables, as the real rules answer them.

`python -m tests.whole.time_story` from the root writes both anew.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, get_args

from events.settings import DstGap, DstOverlap, Misfire, Overlap
from tests.whole.puzzles_story import ROOT, answered, ask

PAGE = ROOT / "docs" / "time.md"


class Compared(NamedTuple):
    """A command, and an option that is tried with each of its policies."""

    command: str
    option: str
    policies: Sequence[str]


ZONE = "horarium preview --tz Europe/Vienna"
TABLES: Mapping[str, Compared] = {
    "misfire": Compared(
        f'{ZONE} --cron "0 * * * *" --from "2026-06-01 01:00" --count 6 --asleep 02:00-05:20'
        " --overlap allow_all",
        "--misfire",
        (*get_args(Misfire), "run_all --misfire-limit 2", "within --misfire-window 2h30m"),
    ),
    "overlap": Compared(
        f'{ZONE} --cron "0 * * * *" --from "2026-06-01 01:00" --count 6 --takes 2h30m',
        "--overlap",
        get_args(Overlap),
    ),
    "dst-gap": Compared(
        f'{ZONE} --cron "30 2 * * *" --from "2026-03-28 00:00" --count 3',
        "--dst-gap",
        get_args(DstGap),
    ),
    "dst-overlap": Compared(
        f'{ZONE} --cron "30 2 * * *" --from "2026-10-24 00:00" --count 4',
        "--dst-overlap",
        get_args(DstOverlap),
    ),
}


def table(compared: Compared, folder: Path) -> str:
    """A row for each policy, a column for each occurrence."""
    rows: list[list[str]] = []
    for policy in compared.policies:
        found = json.loads(ask(f"{compared.command} {compared.option} {policy} --json", folder))
        if not rows:
            rows.append([f"`{compared.option}`", *(_shown(one["local"], found) for one in found)])
            rows.append(["---"] * len(rows[0]))
        rows.append([f"`{policy}`", *(_cell(one) for one in found)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(one: Mapping[str, Any]) -> str:
    local = datetime.fromisoformat(one["local"])
    if "work_starts_at" in one:
        starts = datetime.fromisoformat(one["work_starts_at"]).astimezone(local.tzinfo)
        return f"{one['verdict']}, starts {starts:%H:%M}"
    if "into" in one:
        into = datetime.fromisoformat(one["into"]).astimezone(local.tzinfo)
        return f"{one['verdict']} into {into:%H:%M}"
    if "overtaken" in one:
        return f"{one['verdict']}, then ended"
    return str(one["verdict"])


def _shown(local: str, found: Sequence[Mapping[str, Any]]) -> str:
    """The time on the wall, with the date and offset where the occurrences lie days apart."""
    at = datetime.fromisoformat(local)
    days = {one["local"][:10] for one in found}
    return f"{at:%H:%M}" if len(days) == 1 else f"{at:%d %b %H:%M} {local[-6:]}"


def place(option: str) -> re.Pattern[str]:
    """Where the table of an option stands in the page."""
    return re.compile(rf"^\| `{re.escape(option)}` \|.*\n(?:\|.*\n)+", re.M)


def rewrite() -> None:
    """Write output and tables anew."""
    page = PAGE.read_text("utf-8")
    with TemporaryDirectory() as name:
        folder = Path(name)
        page = answered(page, lambda command: ask(command, folder))
        for compared in TABLES.values():
            [old] = place(compared.option).findall(page)
            page = page.replace(old, table(compared, folder))
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    rewrite()
