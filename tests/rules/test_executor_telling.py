"""How alerts are carried out: no way that cannot be asked now keeps the others waiting."""

from datetime import timedelta

from events.budget import FundsReserved, QuotaSpent
from events.configuration import Action, Step
from events.policies import Provider, Quota
from events.runs import RunClosed, RunRetrying
from events.work import StepReached, WorkPlanned, WorkReleased
from tests.rules.agents_story import NOON, TODAY, Story, loaded, only

HOOK = Action(executor="http", url="https://example.org", backoff_seconds=60)
WAYS = (Step(action="hook"), Step(action="mail", when="failure"))


def told(story: Story, *ways: Step) -> None:
    """An alert is planned as work, and its first way is to be tried."""
    story.hears(WorkPlanned("w1-1", "alert:x", "alert", "x/@n", ways, "system", "notify"))
    story.hears(WorkReleased("w1-1", "r1-1", ways[0].action, 1, 1, "system", 0))


def house(http: Provider | None = None) -> Story:
    actions = {"hook": HOOK, "mail": Action(command=("true",))}
    return Story(loaded(actions=actions, http=http) if http else loaded(actions=actions))


def paid(story: Story) -> None:
    story.hears(FundsReserved("r1-1", "w1-1", "system", 0, TODAY))


def test_a_way_that_turns_an_alert_away_does_not_keep_the_next_one_waiting() -> None:
    story = house()
    told(story, *WAYS)
    paid(story)
    decided = story.ends("r1-1", trouble="rate_limited")
    assert [it.action for it in decided if isinstance(it, StepReached)] == ["mail"]
    assert only(decided, RunRetrying) == []


def test_a_way_whose_executor_rests_does_not_keep_the_next_one_waiting() -> None:
    story = house(http=Provider(quotas={"day": Quota(window_seconds=86_400, requests=1)}))
    story.hears(QuotaSpent("http", "day", NOON + timedelta(hours=20)))
    told(story, *WAYS)
    paid(story)
    [verdict] = only(story.decided, RunClosed)
    assert isinstance(verdict, RunClosed) and verdict.outcome == "quota_exhausted"
    assert [it.action for it in story.decided if isinstance(it, StepReached)] == ["mail"]


def test_the_last_way_waits_until_it_may_be_asked_again() -> None:
    story = house()
    told(story, WAYS[0])
    paid(story)
    [again] = only(story.ends("r1-1", trouble="rate_limited"), RunRetrying)
    assert isinstance(again, RunRetrying) and again.attempt == 1
