"""What became of a run of which nobody saw the end: a person says so, or its probe."""

import re
from collections.abc import Iterator

from actors.executor import alerting
from actors.executor.state import Asked, Executing, OpenRun
from actors.executor.steps import follow
from events.catalogue import AnyDecision
from events.record import Record
from events.requests import Refusal, RequestRefused, RequestRepeated, SettleRequested
from events.runs import Outcome, ProbeEnded, RunClosed, RunSettled, SettledAs

_RUN = re.compile(r"r([0-9]{1,19})-[0-9]{1,9}", re.ASCII)
SAYS: dict[int | None, SettledAs] = {0: "succeeded", 1: "failed"}


def answer(state: Executing, asked: SettleRequested, record: Record) -> Iterator[AnyDecision]:
    """A person knows."""
    run, key = asked.run, asked.key
    if state.repeated:
        yield RequestRepeated(key, state.answered[key])
    elif (work := state.unknown.get(run)) is not None:
        probed = state.probes.get(run)
        yield RunSettled(
            run, work, asked.settled_as, "person", asked.cost_usd_micros, key, asked.note
        )
        yield from alerting.be_settled(state, run)
        if probed is not None:
            yield from _follow(state, record, probed, asked.settled_as)
    else:
        yield RequestRefused(key, run, _why_not(run, record))


def _why_not(run: str, record: Record) -> Refusal:
    """What was unknown is remembered: any other run of this log is not."""
    named = _RUN.fullmatch(run)
    is_of_this_log = named is not None and int(named[1]) < record.position
    return "not_unknown" if is_of_this_log else "unknown_subject"


def hear_probe(state: Executing, ended: ProbeEnded, record: Record) -> Iterator[AnyDecision]:
    """Its probe knows, or does not."""
    probed = state.probed
    if probed is None or probed.run not in state.unknown:
        return
    says = SAYS.get(ended.exit_code)
    if says is not None:
        yield RunSettled(probed.run, probed.work, says, "probe")
    yield from _follow(state, record, probed, says)


def _follow(
    state: Executing, record: Record, run: OpenRun, says: SettledAs | None
) -> Iterator[AnyDecision]:
    """The work goes on as after a run that ended so; None: nobody knows still."""
    asked = Asked(run.work, run.name, run.step, run.attempt)
    outcome: Outcome = says or "unknown"
    verdict = RunClosed(run.run, run.work, run.name, outcome, True, "nobody saw its end")
    return follow(state, record, verdict, asked, run.action)


def run_of(probe: str) -> str:
    """The run that a probe is of."""
    return f"r{probe.removeprefix('p')}"
