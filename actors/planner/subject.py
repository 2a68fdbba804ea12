"""What a name of the configuration stands for: an action, or a template of several."""

from datetime import date, datetime

from msgspec import Struct

from events.configuration import Action, Configuration, Step, Template
from events.plan import Score
from events.settings import AtPhaseEnd, Priority
from events.work import Source, WorkPlanned

NOTIFY = "notify"  # the lane of what tells alerts


class Subject(Struct, frozen=True, gc=False):
    """All that work takes over from the configuration. Money and seconds are of all steps."""

    name: str
    steps: tuple[Step, ...]
    category: str
    lane: str
    priority: Priority
    estimate_usd_micros: int
    expected_seconds: int
    at_phase_end: AtPhaseEnd
    defer_limit: int
    only_if_idle: bool  # it, or any of its actions

    def planned(
        self,
        work: str,
        source: Source,
        key: str,
        *,
        day: date | None = None,
        phase: str | None = None,
        priority: Priority | None = None,
        not_before: datetime | None = None,
        score: Score | None = None,
        revision: int = 0,
        input_json: str = "{}",
        note: str = "",
        only_if_idle: bool = False,
        start_before: datetime | None = None,
        own_limit: str = "",
        action: Action | None = None,
    ) -> WorkPlanned:
        """This subject as a piece of work; `priority` wins over its own."""
        return WorkPlanned(
            work,
            self.name,
            source,
            key,
            self.steps,
            self.category,
            self.lane,
            day,
            phase,
            priority or self.priority,
            self.estimate_usd_micros,
            self.expected_seconds,
            not_before,
            self.at_phase_end,
            self.defer_limit,
            score,
            revision,
            input_json,
            note,
            only_if_idle or self.only_if_idle,
            start_before,
            action,
            own_limit,
        )


def subject_of(configuration: Configuration, name: str) -> Subject | None:
    """The template or action of that name; a template wins over an action of the same name.

    None when there is neither, or when the template has no steps or an unknown action.
    """
    template = configuration.templates.get(name)
    if template is not None:
        return _of_template(configuration, name, template)
    action = configuration.actions.get(name)
    return None if action is None else subject_of_action(name, action)


def subject_of_action(name: str, action: Action) -> Subject:
    return Subject(
        name,
        (Step(action=name),),
        action.category,
        action.lane,
        action.priority,
        action.estimate_usd_micros,
        action.expected_seconds,
        action.at_phase_end,
        action.defer_limit,
        action.only_if_idle,
    )


def subject_that_tells(configuration: Configuration, name: str) -> Subject | None:
    """An alert as a subject: the ways of telling it, each tried when the one before failed."""
    ways = [way for way in configuration.alerts.ways if way in configuration.actions]
    if not ways:
        return None
    first, others = configuration.actions[ways[0]], ways[1:]
    steps = (Step(action=ways[0]), *(Step(action=way, when="failure") for way in others))
    return Subject(
        name,
        steps,
        first.category,
        NOTIFY,
        "critical",
        first.estimate_usd_micros,
        first.expected_seconds,
        first.at_phase_end,
        first.defer_limit,
        only_if_idle=False,
    )


def _of_template(configuration: Configuration, name: str, template: Template) -> Subject | None:
    found = [configuration.actions.get(step.action) for step in template.steps]
    actions = [action for action in found if action is not None]
    if not actions or len(actions) < len(found):
        return None
    first = actions[0]
    return Subject(
        name,
        template.steps,
        template.category or first.category,
        template.lane or first.lane,
        template.priority or first.priority,
        sum(action.estimate_usd_micros for action in actions),
        sum(action.expected_seconds for action in actions),
        template.at_phase_end,
        template.defer_limit,
        template.only_if_idle or any(action.only_if_idle for action in actions),
    )
