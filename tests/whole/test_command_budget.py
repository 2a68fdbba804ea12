"""The money through the command line: what it shows, and how limits are asked for."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.json import decode

from events.catalogue import ARequest
from events.requests import LimitRequested
from horarium.cli import horarium
from horarium.places import Places
from tests.contracts.small_server import served
from tests.rules.money_house import lived
from tests.whole.explain_house import stored

KEY = ("--key", "k7")
NOON = "2026-11-20T12:00:30Z"


@pytest.fixture(scope="module")
def here() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="horarium-") as folder:
        yield stored(Path(folder), lived())


def call(here: Places, *words: str) -> Result:
    return CliRunner().invoke(horarium, [*words, "--data", str(here.data)])


def shown(here: Places, *words: str) -> Any:
    result = call(here, "budget", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def asked(here: Places, *words: str, **fact: Any) -> tuple[ARequest, Result]:
    """What the daemon was asked, and what was said of its answer."""
    heard: list[ARequest] = []

    def answer(route: str, said: bytes) -> tuple[int, bytes]:
        heard.append(decode(said, type=ARequest))
        told = {"position": 8, "at": "2026-11-20T12:00:00Z", "by": "budget", "cause": 7}
        told |= {"kind": "limit-changed", "fact": fact, "hash": "00"}
        return 200, json.dumps({"position": 7, "answer": told}).encode()

    with served(here.data / "horarium.sock", answer):
        result = call(here, "budget", *words, *KEY)
    assert len(heard) == 1, result.output
    return heard[0], result


def test_the_open_day_is_shown_with_how_truly_each_cost_is_known(here: Places) -> None:
    found = shown(here)
    assert found["day"] == "2026-11-21"
    parts = ("reported", "priced", "estimated")
    for told in (found, *found["categories"]):
        assert sum(told[f"{part}_usd_micros"] for part in parts) == told["settled_usd_micros"]
    assert {it["name"] for it in found["own_limits"]} == {"intent:hourly", "intent:asking"}
    assert found["alerts"][0]["alert"] == "budget_pace"


def test_a_moment_of_the_past_is_shown_as_it_was(here: Places) -> None:
    found = shown(here, "--as-of", NOON)
    study = next(it for it in found["categories"] if it["category"] == "study")
    assert (found["day"], study["limit_usd_micros"], study["changed"]) == (
        "2026-11-20",
        2_000_000,
        "good",
    )
    hours = next(it for it in found["quotas"] if it["quota"] == "hours")
    assert (hours["requests_left"], hours["spent_until"]) == (2, None)


def test_people_see_limits_quotas_and_alerts(here: Places) -> None:
    text = call(here, "budget", "2026-11-20", "--as-of", NOON, "--movements", "3").stdout
    assert "80 % of the money of study is spent" in text
    assert "intent hourly" in text and "changed for today" in text
    assert "changed for good" in text
    assert "claude hours" in text and "1 of 3" in text
    assert "limited" in text


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["set", "day", "8"], LimitRequested("day", "k7", "", 8_000_000)),
        (["set", "day", "$0.25"], LimitRequested("day", "k7", "", 250_000)),
        (
            ["set", "category", "study", "3.5", "--for-good", "--note", "why not"],
            LimitRequested("category", "k7", "study", 3_500_000, True, "why not"),
        ),
        (["set", "intent", "hourly", "0"], LimitRequested("intent", "k7", "hourly", 0)),
        (["reset", "day"], LimitRequested("day", "k7")),
        (
            ["reset", "template", "weekly", "--for-good"],
            LimitRequested("template", "k7", "weekly", None, True),
        ),
    ],
)
def test_a_limit_is_asked_for(here: Places, words: list[str], meant: LimitRequested) -> None:
    request, result = asked(here, *words)
    assert (request, result.exit_code) == (meant, 0)


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [
        (
            {"scope": "day", "usd_micros": 8_000_000, "day": "2026-11-20"},
            "The day may cost $8.00 on 2026-11-20.",
        ),
        (
            {"scope": "category", "name": "study", "usd_micros": 3_500_000, "day": None},
            "The category study may cost $3.50 in a day, from now on.",
        ),
        (
            {"scope": "day", "usd_micros": None, "day": "2026-11-20"},
            "The day may cost on 2026-11-20 what it might before.",
        ),
    ],
)
def test_the_answer_is_a_sentence(here: Places, fact: dict[str, Any], sentence: str) -> None:
    _, result = asked(here, "set", "day", "8", **fact)
    assert result.stdout == f"{sentence}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["set", "day"], "write day AMOUNT"),
        (["set", "category", "3"], "write category NAME AMOUNT"),
        (["set", "day", "lots"], "is not an amount in dollars"),
        (["set", "day", "--", "-1"], "is not an amount from 0 to 1,000,000"),
        (["set", "day", "9000000"], "is not an amount from 0 to 1,000,000"),
        (["reset", "category"], "write category NAME"),
        (["set", "week", "3"], "'week' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    here: Places, words: list[str], says: str
) -> None:
    data = ["--data", str(here.data)]
    result = CliRunner().invoke(horarium, [*data, "budget", *words])
    assert result.exit_code == 2
    assert says in result.output


def test_without_a_daemon_a_limit_stays_as_it_is(here: Places) -> None:
    result = call(here, "budget", "set", "day", "8")
    assert result.exit_code == 3
