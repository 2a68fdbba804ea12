"""Asking through the command line: a small server stands in for the daemon, or nobody does."""

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.json import decode

from events.catalogue import ARequest
from events.configuration import ConfigurationLoaded
from events.requests import (
    CancelRequested,
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    ResumeRequested,
    WorkRequested,
)
from horarium import client
from horarium.cli import horarium
from horarium.commands import asking
from horarium.daemon.lock import Lock, Owner
from horarium.places import Places, places
from tests.contracts.small_server import served
from tests.whole.command_story import SETTINGS, at, log_of

KEY = ("--key", "k7")
SIX = "2026-11-20T18:00:00+01:00"


@pytest.fixture
def here() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="horarium-") as folder:
        found = places(f"{folder}/config.toml", folder)
        log_of(found.data, [(at(5), [ConfigurationLoaded("d1", SETTINGS)])])
        yield found


def call(here: Places, *words: str) -> Result:
    return CliRunner().invoke(horarium, [*words, "--data", str(here.data)])


def asked(
    here: Places, *words: str, status: int = 200, body: object = None
) -> tuple[ARequest, Result]:
    """What the daemon was asked, and what came of its answer."""
    heard: list[ARequest] = []

    def answer(route: str, said: bytes) -> tuple[int, bytes]:
        assert route == "POST /v1/requests"
        heard.append(decode(said, type=ARequest))
        return status, json.dumps(body or answered("work-released", work="w1-1")).encode()

    with served(here.data / "horarium.sock", answer):
        result = call(here, *words)
    assert len(heard) == 1, result.output
    return heard[0], result


def answered(kind: str, **fact: Any) -> dict[str, Any]:
    record = {"position": 8, "at": "2026-11-20T12:00:00Z", "by": "planner", "cause": 7}
    return {"position": 7, "answer": {**record, "kind": kind, "fact": fact, "hash": "00"}}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["request", "study"], WorkRequested("study", "k7")),
        (
            ["request", "study", "--phase", "evening", "--input", '{"a": [1]}', "--at", SIX],
            WorkRequested("study", "k7", "evening", datetime.fromisoformat(SIX), '{"a":[1]}'),
        ),
        (["release", "w1-1"], ReleaseRequested("w1-1", "k7")),
        (["move", "w1-1", "--phase", "evening"], MoveRequested("w1-1", "evening", "k7")),
        (["cancel", "r1-1", "--note", "enough"], CancelRequested("r1-1", "k7", "enough")),
        (["replan", "--note", "new day"], ReplanRequested("k7", "new day")),
        (["pause"], PauseRequested("all", "k7")),
        (
            ["pause", "--category", "research", "--reason", "tired"],
            PauseRequested("category", "k7", "research", "tired"),
        ),
        (["resume", "--lane", "main"], ResumeRequested("lane", "k7", "main")),
    ],
)
def test_what_is_asked_reaches_the_daemon(here: Places, words: list[str], meant: ARequest) -> None:
    request, result = asked(here, *words, *KEY)
    assert (request, result.exit_code) == (meant, 0)


@pytest.mark.parametrize(
    ("kind", "fact", "sentence"),
    [
        ("work-planned", {"work": "w7-1", "name": "study", "phase": "evening"},
         "Planned w7-1: study for evening."),
        ("work-planned", {"work": "w7-1", "name": "study"},
         "Planned w7-1: study for as soon as possible."),
        ("request-repeated", {"key": "k7", "work": "w3-1"},
         "Asked before under this key: it became w3-1."),
        ("work-held", {"work": "w1-1", "reason": "paused"},
         "w1-1 waits for the end of a pause."),
        ("work-moved", {"work": "w1-1", "phase": "evening"}, "Moved w1-1 to evening."),
        ("work-cancelled", {"work": "w1-1"}, "Cancelled w1-1."),
        ("work-stopping", {"work": "w1-1"}, "Stopping w1-1: what runs of it is being ended."),
        ("paused", {"scope": "all"}, "Paused everything: nothing more of it is started."),
        ("resumed", {"scope": "lane", "name": "main"}, "Resumed lane main."),
        ("plan-drawn", {"day": "2026-11-20", "revision": 2, "phases": ["evening"]},
         "Drew plan 2 of 2026-11-20 for evening."),
    ],
)  # fmt: skip
def test_the_answer_is_said_in_a_sentence(
    here: Places, kind: str, fact: dict[str, Any], sentence: str
) -> None:
    _, result = asked(here, "replan", body=answered(kind, **fact))
    assert (result.stdout, result.exit_code) == (f"{sentence}\n", 0)


@pytest.mark.parametrize(
    ("words", "reason", "subject", "sentence"),
    [
        (["request", "studdy"], "unknown_subject", "studdy",
         "no action or template is called 'studdy'. Did you mean study?"),
        (["request", "study", "--phase", "evning"], "unknown_phase", "study",
         "no phase is called 'evning'. Did you mean evening or morning?"),
        (["request", "--prompt", "Why?", "--executor", "claude", "--lane", "mian"], "unknown_lane",
         "prompt", "no lane is called 'mian'. Did you mean main?"),
        (["pause", "--category", "reserch"], "unknown_subject", "reserch",
         "no category is called 'reserch'. Did you mean research?"),
        (["release", "w9-9"], "unknown_subject", "w9-9", "no work is called 'w9-9'."),
        (["cancel", "w1-1"], "already_ended", "w1-1", "w1-1 has ended already."),
        (["pause"], "already_paused", "", "everything is paused already."),
    ],
)  # fmt: skip
def test_a_refusal_says_why_and_what_was_probably_meant(
    here: Places, words: list[str], reason: str, subject: str, sentence: str
) -> None:
    refusal = answered("request-refused", key="k7", subject=subject, reason=reason)
    _, result = asked(here, *words, body=refusal)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {sentence}\n"
    _, result = asked(here, *words, "--json", body=refusal)
    assert (result.exit_code, json.loads(result.stdout)) == (1, refusal)


def test_an_answer_that_is_still_to_come_leaves_a_key(here: Places) -> None:
    reply = {"position": 7, "key": "k7"}
    _, result = asked(here, "replan", *KEY, status=202, body=reply)
    assert (result.exit_code, "--key k7" in result.stdout) == (0, True)
    _, result = asked(here, "replan", *KEY, "--json", status=202, body=reply)
    assert json.loads(result.stdout) == reply


def test_every_request_has_a_key_of_its_own(here: Places) -> None:
    keys = [asked(here, "replan")[0].key for _ in range(2)]
    assert len({*keys}) == 2


@pytest.mark.parametrize("status", [400, 413, 503])
def test_what_the_daemon_cannot_take_is_told_in_its_words(here: Places, status: int) -> None:
    _, result = asked(here, "replan", status=status, body={"error": "no \x1b[2Jspace left"})
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: the daemon refused: no space left\n",
    )


def test_a_client_that_gave_up_prints_the_key(
    here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gave_up(*_: object) -> client.Reply:
        raise client.GaveUp("timed out")

    monkeypatch.setattr(client, "post", gave_up)
    result = call(here, "replan", *KEY)
    assert (result.exit_code, "Ask again with --key k7" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "words", ["request study", "release w1-1", "move w1-1 --phase x", "cancel w1-1", "replan"]
)
def test_asking_needs_a_daemon_and_says_how_to_start_it(here: Places, words: str) -> None:
    result = call(here, *words.split())
    assert (result.exit_code, result.stdout) == (3, "")
    assert asking.NOT_RUNNING in result.stderr


def test_a_daemon_that_takes_nobody_in_is_not_one_that_is_down(
    here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BUSY_SECONDS", 0.05)
    with Lock(here.lock, Owner(os.getpid(), "today")):
        for words in (["replan"], ["pause"]):
            result = call(here, *words)
            assert result.exit_code == 1
            assert f"the daemon (pid {os.getpid()}, since today) is not answering" in result.stderr
    assert not here.inbox.exists()


def test_a_pause_that_nobody_hears_is_left_for_the_daemon(here: Places) -> None:
    result = call(here, "pause", "--lane", "main", "--reason", "lunch", *KEY)
    assert (result.exit_code, result.stdout) == (
        0,
        "The daemon is down; lane main will be paused when it returns.\n",
    )
    left = here.inbox / "k7.json"
    assert [*here.inbox.iterdir()] == [left]
    assert decode(left.read_bytes(), type=ARequest) == PauseRequested("lane", "k7", "main", "lunch")
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert stat.S_IMODE(here.inbox.stat().st_mode) == 0o700
    result = call(here, "resume", "--key", "k8", "--json")
    assert json.loads(result.stdout) == {"key": "k8", "left": str(here.inbox / "k8.json")}


def test_a_daemon_that_returns_meanwhile_is_asked_itself(
    here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = count()

    def returning(*_: object) -> client.Reply:
        if next(calls) == 0:
            raise client.NotRunning
        return client.Reply(200, answered("paused", scope="all"))

    monkeypatch.setattr(client, "post", returning)
    with Lock(here.lock, Owner(os.getpid(), "today")):
        result = call(here, "pause")
    assert (result.exit_code, result.stdout[:17]) == (0, "Paused everything")
    assert [*here.inbox.iterdir()] == []


def test_nothing_can_be_left_where_nobody_ever_lived(tmp_path: Path) -> None:
    result = CliRunner().invoke(horarium, ["pause", "--data", str(tmp_path / "none")])
    assert (result.exit_code, "no data folder" in result.stderr) == (1, True)
    assert not (tmp_path / "none").exists()
