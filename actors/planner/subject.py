"""What a name of the configuration stands for: an action, or a template of several."""

from datetime import date, datetime
from typing import NamedTuple

from events.configuration import Action, AtPhaseEnd, Configuration, Priority, Step, Template
from events.plan import Score
from events.work import Source, WorkPlanned


class Subject(NamedTuple):
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
    ) -> WorkPlanned:
        """This subject as a piece of work; `priority` wins over its own."""
        return WorkPlanned(
            work=work,
            name=self.name,
            source=source,
            key=key,
            steps=self.steps,
            category=self.category,
            lane=self.lane,
            day=day,
            phase=phase,
            priority=priority or self.priority,
            estimate_usd_micros=self.estimate_usd_micros,
            expected_seconds=self.expected_seconds,
            not_before=not_before,
            at_phase_end=self.at_phase_end,
            defer_limit=self.defer_limit,
            score=score,
            revision=revision,
            input_json=input_json,
            note=note,
        )


def subject_of(configuration: Configuration, name: str) -> Subject | None:
    """The template or action of that name; a template wins over an action of the same name.

    None when there is neither, or when the template has no steps or an unknown action.
    """
    template = configuration.templates.get(name)
    if template is not None:
        return _of_template(configuration, name, template)
    action = configuration.actions.get(name)
    return None if action is None else _of_action(name, action)


def _of_action(name: str, action: Action) -> Subject:
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
    )
