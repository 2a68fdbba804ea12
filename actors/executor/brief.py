"""What a door must know to carry out one run."""

from datetime import datetime

from msgspec import DecodeError, Raw, Struct, json

from actors.executor.state import Executing, OpenRun
from events.configuration import Action, Lane

INPUT_MAX_BYTES = 65_536  # of the merged input

_objects = json.Decoder(dict[str, Raw])


class RunBrief(Struct, frozen=True):
    """One run as its door sees it: all of the settings in force, nothing to look up.

    `input_json` is the action's input overlaid by that of the work. `lane_directory` is "" when
    the run takes place in the folder of the work itself. `not_after` is an instant in UTC; `day`
    is an ISO date: that of its phase, or else the one whose money it spends.
    """

    run: str
    work: str
    name: str  # of the action
    action: Action
    step: int
    attempt: int
    input_json: str
    not_after: datetime
    lane_directory: str
    output_max_bytes: int
    environment: tuple[str, ...]  # names that may pass from the daemon's own environment
    day: str
    phase: str
    key: str


def brief(state: Executing, run: str) -> RunBrief:
    """The brief of an open run. KeyError for one that is not open."""
    opened = state.runs[run]
    work = state.works[opened.work]
    lane = state.lanes.get(work.lane) or Lane()
    return RunBrief(
        run=run,
        work=opened.work,
        name=opened.name,
        action=opened.action,
        step=opened.step,
        attempt=opened.attempt,
        input_json=merged_input(opened.action.input_json, work.input_json) or "{}",
        not_after=opened.not_after,
        lane_directory=lane.directory,
        output_max_bytes=state.settings.output_max_bytes,
        environment=state.settings.environment,
        day=day.isoformat() if (day := work.day or opened.day) else "",
        phase=work.phase or "",
        key=work.key,
    )


def open_runs(state: Executing) -> list[OpenRun]:
    """The runs a restarted executor must look after, the oldest first; sweeps look after
    themselves."""
    return [run for run in state.runs.values() if run.action.executor != "sweep"]


def merged_input(ours: str, theirs: str) -> str | None:
    """One JSON object overlaid by another, key by key at the top level; None when either is not
    an object, or the two together are too large."""
    if theirs == "{}" == ours:
        return ours
    if len(ours) + len(theirs) > INPUT_MAX_BYTES:
        return None
    try:
        merged = _objects.decode(ours) | _objects.decode(theirs)
        return json.encode(merged).decode()
    except (DecodeError, RecursionError, UnicodeError):
        return None
