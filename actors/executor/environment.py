"""What a run sees of the world around it: only what was allowed, and who it is."""

from collections.abc import Mapping, Sequence

from actors.executor.brief import RunBrief
from actors.executor.folders import INPUT, RESULT, Folders

OURS = "HORARIUM_"


def allowed(names: Sequence[str], ours: Mapping[str, str]) -> dict[str, str]:
    """The part of our own environment that may pass: by `NAME`, or all of a `PREFIX_*`.

    Nothing of the daemon's own `HORARIUM_*` is ever passed on.
    """
    passed = {name: ours[name] for name in names if name in ours}
    for prefix in names:
        if prefix.endswith("*"):
            passed |= {name: ours[name] for name in ours if name.startswith(prefix[:-1])}
    return {name: value for name, value in passed.items() if not name.startswith(OURS)}


def token(run: str, boot: str) -> str:
    """By this a process is known as one of a run's, beside the data folder it names."""
    return f"{run}:{boot}"


def presented(brief: RunBrief, folders: Folders, boot: str) -> dict[str, str]:
    """Who a run is and where its things are."""
    run = str(folders.run)
    return {
        "HORARIUM_RUN": brief.run,
        "HORARIUM_WORK": brief.work,
        "HORARIUM_ACTION": brief.name,
        "HORARIUM_STEP": str(brief.step),
        "HORARIUM_ATTEMPT": str(brief.attempt),
        "HORARIUM_DAY": brief.day,
        "HORARIUM_PHASE": brief.phase,
        "HORARIUM_INPUT": f"{run}/{INPUT}",
        "HORARIUM_RESULT": f"{run}/{RESULT}",
        "HORARIUM_WORK_FOLDER": str(folders.work),
        "HORARIUM_DATA": str(folders.data),
        "HORARIUM_TOKEN": token(brief.run, boot),
        "TMPDIR": run,
    }
