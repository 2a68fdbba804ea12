"""Where everything stands and what ran: whole answers compared."""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from sqlite3 import Connection
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.json import decode, encode

from events.requests import Paused
from projections.queries.budget import budget, cost_per_day
from projections.queries.plan import plan
from projections.queries.queue import queue, waiting_for
from projections.queries.runs import output, run, runs
from projections.queries.status import status
from projections.queries.work import work
from tests.contracts.query_story import (
    HEAD,
    STORY,
    YESTERDAY,
    moment_of,
    names,
    queried,
    shown,
)
from tests.rules.projection_story import (
    NOON,
    TODAY,
    log,
)


@pytest.fixture(scope="module")
def projections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    connection = queried(tmp_path_factory.mktemp("data"), *STORY)
    yield connection
    connection.close()


def test_a_reader_can_change_nothing(projections: Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        projections.execute("DELETE FROM runs")


def test_status_tells_where_everything_stands(projections: Connection) -> None:
    told = to_builtins(status(projections, head=HEAD))
    assert {key: told[key] for key in told if key not in ("budget", "daemon", "running")} == {
        "day": "2026-11-20",
        "phase": "morning",
        "phases": ["morning"],
        "paused": False,
        "pauses": [
            {"scope": "lane", "name": "main", "since": moment_of(Paused), "note": "holidays"}
        ],
        "head": HEAD,
        "position": len(STORY),
        "behind": HEAD - len(STORY),
        "at": log(*STORY)[-1].at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "waiting": 2,
        "waiting_for": {"no_funds": 1, "phase_not_open": 1},
        "executors": [
            {
                "executor": "noop",
                "state": "ready",
                "reason": "",
                "since": None,
                "until": None,
                "rests": 0,
                "open": 1,
                "waiting": 0,
            }
        ],
    }
    assert [told["running"][0][key] for key in ("run", "work", "action", "state")] == [
        "r-busy",
        "w-busy",
        "busy",
        "starting",
    ]
    assert told["budget"]["left_usd_micros"] == 5_000 - 300 - 40 - 60 - 100
    assert told["daemon"]["pid"] == 7


def test_status_alone_takes_its_own_position_for_the_head(projections: Connection) -> None:
    found = status(projections)
    assert (found.head, found.behind) == (len(STORY), 0)


def test_the_plan_shows_each_phase_with_its_work(projections: Connection) -> None:
    found = plan(projections)
    assert found is not None
    assert [(p.phase, p.state, p.window_start, names(p.works, "work")) for p in found.phases] == [
        ("morning", "in_progress", "00:00", ["w1", "w-late"]),
        ("evening", "pending", "18:00", ["w-essay"]),
    ]
    assert found.phases[1].works[0].score == {"total_millis": 412, "window_millis": 400}
    assert names(found.works, "work") == [
        "w-lost", "w-wrong", "w-asks", "w-tired", "w-busy", "w-poor"
    ]  # fmt: skip
    assert shown(found, "day", "revision", "because", "set_aside_count", "passed_over") == {
        "day": "2026-11-20",
        "revision": 1,
        "because": "day_opened",
        "set_aside_count": 1,
        "passed_over": [
            {
                "template": "poem",
                "phase": "morning",
                "reason": "outscored",
                "score": {"total_millis": 300},
            }
        ],
    }


def test_a_plan_says_how_much_it_leaves_out(projections: Connection) -> None:
    found = plan(projections, TODAY, limit=3)
    assert found is not None
    shown_works = sum(len(phase.works) for phase in found.phases) + len(found.works)
    assert (shown_works, found.works_left_out) == (3, 6)


def test_a_day_that_nobody_knows_has_no_plan(projections: Connection) -> None:
    assert plan(projections, date(1999, 1, 1)) is None


Ask = dict[str, Any]
FILTERS: list[tuple[Ask, list[str]]] = [
    ({}, ["busy", "tired", "asks", "wrong", "lost", "gather"]),
    ({"limit": 2}, ["busy", "tired"]),
    ({"limit": -1}, []),
    ({"action": "gather"}, ["gather"]),
    ({"template": "digest"}, ["gather"]),
    ({"category": "research"}, ["gather"]),
    ({"phase": "morning"}, ["gather"]),
    ({"state": "succeeded"}, ["asks", "gather"]),
    ({"state": "unknown"}, ["lost"]),
    ({"state": "nonsense"}, []),
    ({"since": NOON + timedelta(seconds=40)}, ["busy", "tired"]),
    ({"until": NOON + timedelta(seconds=20)}, ["gather"]),
    ({"text": "TAIL of"}, ["tired", "asks", "wrong", "lost"]),
    ({"text": "long\tstory"}, ["asks"]),
    ({"text": "100%"}, ["tired", "asks", "wrong", "lost"]),
    ({"text": "1%0"}, []),
    ({"text": "t_il"}, []),
    ({"text": "\\"}, []),
    ({"text": "'; DROP TABLE runs; --"}, []),
    ({"state": "failed", "text": "tired", "category": "system"}, ["tired"]),
]


@pytest.mark.parametrize(("asked", "found"), FILTERS, ids=[str(asked) for asked, _ in FILTERS])
def test_runs_are_found_by_what_is_asked(
    projections: Connection, asked: Ask, found: list[str]
) -> None:
    assert names(runs(projections, **asked)) == found


def test_a_run_encodes_to_the_document_people_are_promised(projections: Connection) -> None:
    (document,) = decode(encode(runs(projections, action="gather")))
    promised = ("run", "work", "action", "state", "started_at", "ended_at", "exit_code")
    assert {key: document[key] for key in (*promised, "cost_usd_micros")} == {
        "run": "r1",
        "work": "w1",
        "action": "gather",
        "state": "succeeded",
        "started_at": "2026-11-20T12:00:00.000000Z",
        "ended_at": "2026-11-20T12:00:09.000000Z",
        "exit_code": 0,
        "cost_usd_micros": 300,
    }


def test_a_run_can_be_seen_in_full(projections: Connection) -> None:
    found = run(projections, "r-asks")
    assert found is not None
    assert (found.summary, found.questions, found.swept) == ("a\nlong\tstory", ["why?"], False)
    assert run(projections, "r-nobody") is None


def test_output_is_known_by_its_run(projections: Connection) -> None:
    found = output(projections, "r-tired")
    assert found is not None
    assert (found.action, found.tail) == ("tired", "tail of tired")
    assert output(projections, "r-nobody") is None


def test_work_is_shown_with_its_runs(projections: Connection) -> None:
    found = work(projections, "w1")
    assert found is not None
    assert (found.state, found.cost_usd_micros, found.input) == ("completed", 300, {})
    assert (found.actions, names(found.runs, "run")) == (["gather", "write"], ["r1"])
    assert work(projections, "w-nobody") is None


def test_the_queue_is_in_order_of_release(projections: Connection) -> None:
    assert [(w.work, w.state, w.reason) for w in queue(projections)] == [
        ("w-essay", "queued", "phase_not_open"),
        ("w-poor", "held", "no_funds"),
    ]
    assert names(queue(projections, limit=1), "work") == ["w-essay"]
    assert waiting_for(projections) == {"no_funds": 1, "phase_not_open": 1}


def test_the_budget_shows_limits_and_movements(projections: Connection) -> None:
    found = budget(projections, movements=2)
    assert found is not None
    assert [
        (c.category, c.limit_usd_micros, c.reserved_usd_micros, c.settled_usd_micros, c.refused)
        for c in found.categories
    ] == [("creative", 0, 0, 0, 1), ("research", 2_000, 0, 300, 0), ("system", 1_000, 100, 100, 0)]
    assert [(m.movement, m.work) for m in found.movements] == [
        ("refused", "w-poor"),
        ("reserved", "w-busy"),
    ]
    assert (found.limit_usd_micros, found.left_usd_micros) == (5_000, 4_500)
    assert budget(projections, YESTERDAY) is None


def test_the_cost_of_each_day_is_one_line(projections: Connection) -> None:
    assert to_builtins(cost_per_day(projections)) == [{"day": "2026-11-20", "cost_usd_micros": 400}]
    assert cost_per_day(projections, until=YESTERDAY) == []
