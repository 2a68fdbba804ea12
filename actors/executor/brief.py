"""What a door must know to carry out one run."""

from datetime import datetime

from msgspec import DecodeError, Raw, Struct, json

from actors.executor.prompting import Told, prompt
from actors.executor.state import Executing, OpenRun, Work
from events.configuration import Action, Lane
from events.policies import Price, Provider
from events.settings import PROGRAMS, ExecutorKind

INPUT_MAX_BYTES = 65_536  # of the merged input

_objects = json.Decoder(dict[str, Raw])


class RunBrief(Struct, frozen=True):
    """One run as its door sees it: all of the settings in force, nothing to look up.

    `input_json` is the action's input overlaid by that of the work. `lane_directory` is "" when
    the run takes place in the folder of the work itself. `not_after` is an instant in UTC; `day`
    is an ISO date: that of its phase, or else the one whose money it spends. `executor` may be
    another than the action's own, when that cannot; `program` and `model` are what it is then.
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
    executor: ExecutorKind = "command"
    ceiling_usd_micros: int | None = None
    prompt: str = ""  # with its variables filled in
    program: tuple[str, ...] = ()  # in place of the program's own name
    model: str = ""
    prices: dict[str, Price] = {}
    tree: str = ""  # the name of its git worktree of that directory; "" is the directory itself


def brief(state: Executing, run: str) -> RunBrief:
    """The brief of a run that is open, or looked at by its probe. KeyError for any other."""
    opened = state.runs.get(run) or state.probes[run]
    work = state.works[opened.work]
    lane = state.lanes.get(work.lane) or Lane()
    provider = state.providers.get(opened.executor) or Provider()
    told = _told(opened, work)
    return RunBrief(
        run=run,
        work=opened.work,
        name=opened.name,
        action=opened.action,
        step=opened.step,
        attempt=opened.attempt,
        input_json=told.input_json,
        not_after=opened.not_after,
        lane_directory=lane.directory,
        output_max_bytes=state.settings.output_max_bytes,
        environment=state.settings.environment,
        day=told.day,
        phase=told.phase,
        key=work.key,
        executor=opened.executor,
        ceiling_usd_micros=opened.ceiling_usd_micros,
        prompt=prompt(opened.action.prompt, told),
        program=provider.command,
        model=_own_model(opened) or provider.model,
        prices=state.prices if opened.executor in PROGRAMS else {},
        tree=_tree(lane, run, opened.work),
    )


def _tree(lane: Lane, run: str, work: str) -> str:
    if not lane.worktree or not lane.directory:
        return ""
    return run if lane.worktree == "run" else work


def _told(run: OpenRun, work: Work) -> Told:
    day, input_json = work.day or run.day, merged_input(run.action.input_json, work.input_json)
    return Told(
        "" if day is None else day.isoformat(),
        work.phase or "",
        run.work,
        run.attempt,
        input_json or "{}",
        work.said_before,
    )


def _own_model(run: OpenRun) -> str:
    """The action's model is of its own executor, and unknown to any other."""
    return run.action.model if run.executor == run.action.executor else ""


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
