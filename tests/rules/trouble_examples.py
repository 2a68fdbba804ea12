"""One of each fact about limits, executors at rest, unknown runs, breakers and what is buried."""

from datetime import UTC, date, datetime

from events.budget import CostCorrected, LimitChanged, QuotaReset, QuotaSpent
from events.catalogue import AnyFact
from events.intents import BreakerClosed, BreakerOpened
from events.requests import LimitRequested, ReviveRequested, SettleRequested
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    ProbeStarting,
    RunSettled,
    RunWaiting,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

OF_TROUBLE: tuple[AnyFact, ...] = (
    BreakerOpened("ring", 5),
    BreakerClosed("ring"),
    ReviveRequested("w1", "k"),
    SettleRequested("r1", "succeeded", "k"),
    LimitRequested("day", "k"),
    LimitChanged("day", "", 5, date(2026, 11, 20)),
    CostCorrected("r1", "w1", "research", date(2026, 11, 20), 500, 300, "reported"),
    QuotaSpent("claude", "week", NOON),
    QuotaReset("claude", "week"),
    ExecutorRested("claude", "failures", NOON),
    ExecutorRecovered("claude"),
    RunWaiting("r1", "w1", "claude"),
    RunSettled("r1", "w1", "failed", "person"),
    ProbeStarting("p1", "r1", "w1", "gather", NOON),
    ProbeEnded("p1", 0),
    KeeperLost(1),
    KeeperFound(),
)
