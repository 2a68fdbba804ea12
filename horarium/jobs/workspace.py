"""A digest of folders: git state, recent commits, changed files, size."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GIT_SECONDS = 20
COMMITS, CHANGES, FOLDERS_MAX, ENTRIES_MAX = 10, 20, 20, 200_000


def digest(given: dict[str, Any]) -> dict[str, Any]:
    """Look at `folders` (paths; relative ones start at the lane's folder) and write digest.md.

    Answers with a summary of one line for each folder. A folder that is missing is a question
    to the reader, not a failure.
    """
    folders = given.get("folders", ["."])
    if not isinstance(folders, list) or not all(isinstance(name, str) for name in folders):
        raise ValueError("folders: a list of paths is needed")
    seen = [_look(Path(name).expanduser()) for name in folders[:FOLDERS_MAX]]
    page = "\n".join(_section(folder) for folder in seen)
    work = Path(os.environ.get("HORARIUM_WORK_FOLDER", "."))
    (work / "digest.md").write_text(f"# Workspace digest\n\n{page}")
    return {
        "summary": "; ".join(_line(folder) for folder in seen),
        "questions": [f"{one['path']} is not there" for one in seen if not one["exists"]],
        "artifacts": ["digest.md"],
        "cost_usd": 0,
        "data": {"folders": seen},
    }


def _look(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        return {"path": str(folder), "exists": False}
    files, size, whole = _measure(folder)
    seen = {"path": str(folder), "exists": True, "files": files, "bytes": size, "whole": whole}
    if _git(folder, "rev-parse", "--is-inside-work-tree") is None:
        return seen
    branch = _git(folder, "symbolic-ref", "--short", "-q", "HEAD") or "no branch"
    changes = (_git(folder, "status", "--porcelain", "-z") or "").split("\0")
    commits = _git(folder, "log", f"-{COMMITS}", "--format=%h %cs %s") or ""
    return seen | {
        "branch": branch.strip(),
        "changed": [change for change in changes if change][:CHANGES],
        "commits": commits.splitlines(),
    }


def _git(folder: Path, *words: str) -> str | None:
    """What git prints, or None when this is no repository, or git is missing or too slow."""
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *words],
            env=os.environ | quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace")


def _measure(folder: Path) -> tuple[int, int, bool]:
    """Files, bytes, and whether all were counted; links are not followed."""
    files = size = 0
    for path in _files(folder):
        files += 1
        size += _size(path)
        if files >= ENTRIES_MAX:
            return files, size, False
    return files, size, True


def _files(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".venv", "node_modules"))
        yield from (Path(top, name) for name in names)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _line(seen: dict[str, Any]) -> str:
    name = Path(seen["path"]).resolve().name or seen["path"]
    if not seen["exists"]:
        return f"{name}: missing"
    size = f"{seen['files']} files, {seen['bytes'] / 1e6:.1f} MB"
    if "branch" not in seen:
        return f"{name}: {size}, no git"
    return f"{name}: {size}, on {seen['branch']}, {len(seen['changed'])} changed"


def _section(seen: dict[str, Any]) -> str:
    lines = [f"## {seen['path']}", "", _line(seen), ""]
    lines += [f"- changed: `{change}`" for change in seen.get("changed", ())]
    lines += [f"- {commit}" for commit in seen.get("commits", ())]
    return "\n".join(lines) + "\n"
