"""Whether what may cost something can ever be paid."""

from collections.abc import Iterator
from typing import NamedTuple

from actors.ceilings import Terms, asks_of, spends, terms_of
from events.configuration import Action, Budget, Configuration, Template
from events.policies import Provider
from events.settings import Priority
from horarium.configuration.fault import Faults
from horarium.configuration.lines import Keys
from horarium.configuration.units import dollars


class _Payer(NamedTuple):
    """An action or template that spends from a category."""

    at: Keys
    category: str
    ceiling_usd_micros: int
    priority: Priority
    bound_by: str  # the setting that says how much it may cost, or from what

    @property
    def name(self) -> str:
        return str(self.at[1])


def check_money(configuration: Configuration, faults: Faults) -> None:
    """Note categories without money, and work whose ceiling no day can bear."""
    budget = configuration.budget
    payers: dict[str, list[_Payer]] = {}
    for payer in _payers(configuration):
        payers.setdefault(payer.category, []).append(payer)
    for category, users in payers.items():
        if budget.categories.get(category):
            _check_ceilings(category, users, budget, faults)
        else:
            _note_unpaid(category, users, budget, faults)
    for name, action in configuration.actions.items():
        ceiling = action.ceiling_usd_micros
        if ceiling is not None and ceiling < action.estimate_usd_micros:
            message = f"it is less than the estimate, {dollars(action.estimate_usd_micros)}"
            faults.add(("actions", name, "ceiling_usd"), message, severity="warning")
        elif ceiling is None and spends(action):
            _note_unbounded(("actions", name, "executor"), action, terms_of(configuration), faults)
        _check_quotas(("actions", name), action, configuration, faults)
    _check_limits(budget, faults)


def _note_unbounded(at: Keys, action: Action, terms: Terms, faults: Faults) -> None:
    """What the want of a ceiling comes to."""
    message = ""
    if terms.takes_what_is_left:
        message = (
            "without ceiling_usd it sets aside all that is left of its category and of the day: "
            "nothing else that costs runs there beside it"
        )
    elif not action.estimate_usd_micros:
        message = "without ceiling_usd or estimate_usd it is stopped as soon as it costs anything"
    if message:
        faults.add(at, message, severity="warning")


def _check_quotas(at: Keys, action: Action, house: Configuration, faults: Faults) -> None:
    """Whether anybody whom it may ask may cost so much in a window."""
    asks = asks_of(action, terms_of(house))
    most = [_most_of(house.executors.get(kind)) for kind in asks.executors]
    allowed = [limit for limit in most if limit is not None]
    if asks.executors and len(allowed) == len(most) and asks.usd_micros > max(allowed):
        message = (
            f"it will be held: it may cost {dollars(asks.usd_micros)}, "
            f"and the quota of {asks.executors[0]} has {dollars(allowed[0])}"
        )
        faults.add((*at, _bound_by(action)), message, severity="warning")


def _most_of(provider: Provider | None) -> int | None:
    quotas = () if provider is None else provider.quotas.values()
    limits = [it.usd_micros for it in quotas if it.holds_ceilings and it.usd_micros is not None]
    return min(limits, default=None)


def _payers(configuration: Configuration) -> Iterator[_Payer]:
    actions, terms = configuration.actions, terms_of(configuration)
    for name, action in actions.items():
        at, least = ("actions", name), asks_of(action, terms).usd_micros
        yield _Payer(at, action.category, least, action.priority, _bound_by(action))
    for name, template in configuration.templates.items():
        if template.category is not None:
            all_ = (asks_of(action, terms).usd_micros for action in _actions(template, actions))
            ceiling = max(all_, default=0)
            priority = template.priority or _first_priority(template, actions)
            at = ("templates", name)
            yield _Payer(at, template.category, ceiling, priority, "category")


def _actions(template: Template, actions: dict[str, Action]) -> Iterator[Action]:
    return (actions[step.action] for step in template.steps if step.action in actions)


def _first_priority(template: Template, actions: dict[str, Action]) -> Priority:
    first = next(_actions(template, actions), None)
    return first.priority if first else "normal"


def _bound_by(action: Action) -> str:
    if action.ceiling_usd_micros is not None:
        return "ceiling_usd"
    return "estimate_usd" if action.estimate_usd_micros else "executor"


def _note_unpaid(category: str, users: list[_Payer], budget: Budget, faults: Faults) -> None:
    costly = [user for user in users if user.ceiling_usd_micros]
    unknown = category not in budget.categories
    meant = faults.meant(category, budget.categories, likeness=0.75) if unknown else ""
    if costly:
        message = f"the category '{category}' has no money: {_list(costly)} can never be paid"
        faults.add((*costly[0].at, "category"), message, meant)
    elif budget.categories and unknown:
        message = f"the category '{category}' is not in the budget; {_list(users)} cost nothing"
        faults.add((*users[0].at, "category"), message, meant, "warning")


def _list(users: list[_Payer]) -> str:
    names = ", ".join(user.name for user in users[:5])
    return names if len(users) <= 5 else f"{names} and {len(users) - 5} more"


def _check_ceilings(category: str, users: list[_Payer], budget: Budget, faults: Faults) -> None:
    share = (budget.categories[category], f"the category '{category}'")
    for user in users:
        reserve = 0 if user.priority == "critical" else budget.reserve_usd_micros
        limit, whose = min(share, (max(0, budget.daily_usd_micros - reserve), "the day"))
        if user.ceiling_usd_micros > limit:
            message = (
                f"it will be held: it may cost {dollars(user.ceiling_usd_micros)}, "
                f"and {whose} has {dollars(limit)}"
            )
            faults.add((*user.at, user.bound_by), message, severity="warning")


def _check_limits(budget: Budget, faults: Faults) -> None:
    daily = budget.daily_usd_micros
    if (given := sum(budget.categories.values())) > daily:
        message = f"together they have {dollars(given)}, and the day {dollars(daily)}"
        faults.add(("budget", "categories"), message, severity="warning")
    if daily and budget.reserve_usd_micros >= daily:
        message = "it takes all of the day's money: nothing but critical work can be paid"
        faults.add(("budget", "reserve_usd"), message, severity="warning")
