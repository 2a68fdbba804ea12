"""What did not fit into a simulated stretch of time, and which settings would have to give way.

What a person wishes is left alone: windows, phases, limits per day, disabled templates. What is
scarce is money, room in lanes, places in a phase, and how much runs at once.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from actors.ceilings import asks_of, terms_of
from actors.planner.subject import subject_of
from events.budget import FundsRefused
from events.configuration import Configuration
from events.plan import CandidatePassedOver, PassOverReason, PlanDrawn
from events.record import Record
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkHeld, WorkPlanned

CENT = 10_000  # micro-dollars
SCARCE: frozenset[PassOverReason] = frozenset(
    {"phase_full", "no_money_in_category", "no_money_left", "no_time_left", "outscored"}
)
OF_CATEGORY = ("no_money_in_category", "over_category_limit", "category_spent")
OF_OWN = ("over_own_limit", "own_limit_spent", "over_quota")  # A person wished these.
OF_DAY = ("no_money_left", "over_day_limit", "day_spent")

Wanted = tuple[str, str, str]  # the name of the work, its phase, what was in its way


class Change(NamedTuple):
    """A setting, by its place in the configuration file, as it is and as it would have to be.

    Money is in micro-dollars.
    """

    setting: str
    before: int
    after: int


class Need:
    """Takes the records of a simulation in order; `finish` before reading."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.unmet: Counter[Wanted] = Counter()
        self._day: date | None = None
        self._passed: dict[str, list[tuple[str, str]]] = {}  # template: phases and reasons
        self._planned: Counter[str] = Counter()
        self._places: Counter[str] = Counter()
        self._open: dict[str, WorkPlanned] = {}
        self._obstacles: dict[str, str] = {}
        self._short: dict[str, int] = defaultdict(int)  # what is short today, by setting
        self._most: dict[str, int] = {}  # and on the worst day

    def take(self, record: Record) -> None:
        match record.fact:
            case PlanDrawn(day=day):
                if day != self._day:
                    self._close_day()
                    self._day = day
                self._passed, self._places = {}, Counter()
            case CandidatePassedOver(reason=reason) as passed if reason in SCARCE:
                why = self._why(passed)
                self._passed.setdefault(passed.template, []).append((passed.phase, why))
            case WorkPlanned() as planned:
                self._open[planned.work] = planned
                if planned.source == "template":
                    self._planned[planned.name] += 1
                    self._places[planned.phase or ""] += 1
            case FundsRefused(work=work, reason=refused):
                self._obstacles[work] = refused
            case WorkHeld(work=work, reason=held) if held in ("lane_full", "daemon_full"):
                self._obstacles[work] = held
            case WorkDropped(work=work, reason=dropped):
                if dropped not in ("replanned", "configuration_changed"):
                    self._miss(work, self._obstacles.get(work, dropped))
                self._forget(work)
            case WorkFinished(work=work) | WorkCancelled(work=work):
                self._forget(work)

    def finish(self) -> None:
        """The simulation ends here: what still waits for money did not fit."""
        for work in list(self._open):
            if self._obstacles.get(work) in (*OF_CATEGORY, *OF_DAY, *OF_OWN):
                self._miss(work, self._obstacles[work])
        self._close_day()

    def answered(self) -> Configuration:
        """The configuration in which every setting gives way by what was short of it."""
        changed = self._configuration
        for name, amount in self._most.items():
            what, _, which = name.partition(":")
            changed = _widened(changed, what, which, amount)
        return changed

    def _why(self, passed: CandidatePassedOver) -> str:
        """What kept out a template; the phase was full, or money ran out, for one outscored."""
        if passed.reason != "outscored":
            return passed.reason
        full = self._places[passed.phase] >= self._configuration.plan.per_phase_max
        return "phase_full" if full else "no_money_in_category"

    def _close_day(self) -> None:
        for template, passed in self._passed.items():
            found = self._configuration.templates[template]
            subject = subject_of(self._configuration, template)
            lacking = found.per_day - self._planned[template]
            for phase, why in passed[: max(0, lacking)]:
                assert subject is not None
                amount = subject.estimate_usd_micros
                self.unmet[template, phase, why] += 1
                self._lack(why, subject.category, subject.lane, amount)
        for name, amount in self._short.items():
            self._most[name] = max(self._most.get(name, 0), amount)
        self._short.clear()
        self._passed, self._planned = {}, Counter()

    def _miss(self, work: str, why: str) -> None:
        if (planned := self._open.get(work)) is not None:
            phase = planned.phase or ""
            self.unmet[planned.name, phase, why] += 1
            amount = max(planned.estimate_usd_micros, _ceiling(self._configuration, planned))
            self._lack(why, planned.category, planned.lane, amount)

    def _lack(self, why: str, category: str, lane: str, amount: int) -> None:
        if why in OF_CATEGORY and amount:
            self._short[f"category:{category}"] += amount
        elif why in OF_DAY:
            self._short["daily:"] += amount
        elif why == "phase_full":
            self._short["places:"] += 1
        elif why == "daemon_full":
            self._short["executor:"] = 1
        elif why in ("no_time_left", "lane_full") or why in OF_CATEGORY:
            self._short[f"lane:{lane}"] = 1

    def _forget(self, work: str) -> None:
        self._open.pop(work, None)
        self._obstacles.pop(work, None)


def _ceiling(configuration: Configuration, planned: WorkPlanned) -> int:
    action = configuration.actions.get(planned.steps[0].action) if planned.steps else None
    return 0 if action is None else asks_of(action, terms_of(configuration)).usd_micros


def _widened(it: Configuration, what: str, name: str, amount: int) -> Configuration:
    budget = it.budget
    match what:
        case "category":
            limit = _cents(budget.categories.get(name, 0) + amount)
            return replace(
                it, budget=replace(budget, categories={**budget.categories, name: limit})
            )
        case "daily":
            limit = _cents(budget.daily_usd_micros + amount)
            return replace(it, budget=replace(budget, daily_usd_micros=limit))
        case "places":  # Who finds none in one phase may find one in another.
            most = it.plan.per_phase_max + max(1, amount // max(1, len(it.phases)))
            return replace(it, plan=replace(it.plan, per_phase_max=most))
        case "executor":
            most = it.executor.concurrency + amount
            return replace(it, executor=replace(it.executor, concurrency=most))
        case _:
            lane = it.lane(name)
            wider = replace(lane, concurrency=lane.concurrency + amount)
            return replace(it, lanes={**it.lanes, name: wider})


def _cents(usd_micros: int) -> int:
    return -(-usd_micros // CENT) * CENT


def changes(before: Configuration, after: Configuration) -> list[Change]:
    """What a person would have to write to come from one to the other."""
    found = [
        Change("budget.daily_usd", before.budget.daily_usd_micros, after.budget.daily_usd_micros),
        Change("plan.per_phase_max", before.plan.per_phase_max, after.plan.per_phase_max),
        Change("executor.concurrency", before.executor.concurrency, after.executor.concurrency),
    ]
    limits: Mapping[str, int] = before.budget.categories
    for name, limit in after.budget.categories.items():
        found.append(Change(f"budget.categories.{name}", limits.get(name, 0), limit))
    for name, lane in after.lanes.items():
        wide = before.lane(name).concurrency
        found.append(Change(f"lanes.{name}.concurrency", wide, lane.concurrency))
    return [change for change in found if change.before != change.after]
