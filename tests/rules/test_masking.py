"""What counts as a secret, and what is left alone."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec.json import Decoder, encode
from msgspec.json import decode as from_json

from events.catalogue import AnyFact
from events.configuration import (
    Action,
    Configuration,
    ConfigurationLoaded,
    ConfigurationRefused,
    Intent,
)
from events.intents import (
    AlertRaised,
    IntentAdded,
    IntentAddRequested,
    IntentsConfigured,
    IntentSwitched,
    SignalReceived,
)
from events.record import Record
from events.requests import WorkRequested
from events.time import Expected, IdleSeen, OccurrenceDue, OccurrencesExpected
from events.work import WorkPlanned
from horarium.masking import Masker, looks_random
from tests.contracts.test_projector import EXAMPLES
from tests.rules.stepping_story import lived

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKENS = {
    "openai": "sk-proj-abcDEF0123456789abcdef",
    "anthropic": "sk-ant-api03-QwErTyUiOp1234567890",
    "github": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github fine": "github_pat_11ABCDEFG0abcdefghij_klmnop",
    "gitlab": "glpat-abcdefghij0123456789",
    "slack": "xoxb-123456789012-abcdefghij",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "google": "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAA==\n-----END RSA PRIVATE KEY-----",
    "random": "q7Xw2Lp9Zt4Rv8Ny1Ks6Bd3F",
    "hex": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
}


def masked(text: str, name: str = "note", *known: str) -> str:
    return str(Masker(known).document({name: text})[name])


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_is_masked_wherever_it_stands(token: str) -> None:
    for text in (token, f"use {token} now", f'{{"a": "{token}"}}', f"x={token}&y=1"):
        assert token not in masked(text)


@pytest.mark.parametrize("name", ["openai", "github", "aws", "jwt", "pem"])
def test_a_token_of_a_known_form_is_masked_in_names_too(name: str) -> None:
    assert TOKENS[name] not in masked(TOKENS[name], "key")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("https://ann:hunter2@example.org/x", "hunter2"),
        ("postgres://app:p%40ss@db/main", "p%40ss"),
        ("password=hunter2", "hunter2"),
        ("DB_PASSWORD: hunter2", "hunter2"),
        ('{"api_key": "hunter2"}', "hunter2"),
        ('{\\"token\\": \\"hunter2\\"}', "hunter2"),
        ("Authorization: Bearer abc.def-1", "abc.def-1"),
    ],
)
def test_what_stands_at_a_telling_place_is_masked(text: str, secret: str) -> None:
    assert secret not in masked(text)


def test_what_follows_a_telling_option_is_masked() -> None:
    command = ["fetch", "--api-key", "hunter2", "--verbose", "--password=hunter3", "x"]
    found = Masker().document({"command": command})["command"]
    assert found == ["fetch", "--api-key", "masked-1", "--verbose", "--password=masked-2", "x"]


def test_what_an_environment_holds_is_masked_everywhere_and_in_other_spellings() -> None:
    value = "correct horse battery"
    raw = value.encode()
    spelled = " ".join((value, b64encode(raw).decode(), raw.hex(), raw.hex().upper()))
    found = masked(spelled, "detail", value)
    assert not any(form in found for form in spelled.split()[3:]) and value not in found


@pytest.mark.parametrize("value", ["failed", "2026-11-20", "Europe/Berlin", "read"])
def test_an_environment_does_not_make_facts_unreadable(value: str) -> None:
    closed = {"state": "failed", "timezone": "Europe/Berlin", "day": "2026-11-20", "name": "read"}
    assert Masker([value]).document(closed) == closed


def test_the_same_secret_gets_the_same_mask_and_another_one_another() -> None:
    masker = Masker()
    one, two = (TOKENS[name] for name in ("random", "hex"))
    assert masker.document([one, two, one]) == ["masked-1", "masked-2", "masked-1"]


@pytest.mark.parametrize(
    "word",
    [
        "r1042-1", "/home/ann/projects/gather/notes-2026.md", "2026-11-20T06:00:00.123456Z",
        "daily-literature-review", "actors.replay.simulation", "exit code 3: no such file",
        "1234567890123456789012345", "looked at 12 files", "masked-17",
    ],
)  # fmt: skip
def test_ordinary_words_are_left_alone(word: str) -> None:
    assert masked(word) == word


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_a_fact_stays_a_fact(fact: AnyFact) -> None:
    document = Masker().document(from_json(encode(fact)))
    assert type(Decoder(AnyFact).decode(encode(document))) is type(fact)


def test_a_life_without_secrets_is_left_as_it_is() -> None:
    masker = Masker(with_output=True)
    for record in lived().log:
        document = from_json(encode(record.fact))
        assert masker.document(document) == document, record


def test_inputs_and_outputs_are_left_out_unless_asked_for() -> None:
    said: dict[str, Any] = {"tail": "a", "result": {"summary": "b", "insights": ["c"]}}
    said["input_json"] = '{"prompt": "d"}'
    left = {"tail": "", "result": {"summary": "", "insights": []}, "input_json": "{}"}
    assert Masker().document(said) == left
    assert Masker(with_output=True).document(said) == said


@for_any(some.text(max_size=60))
def test_masking_twice_masks_no_more(text: str) -> None:
    masker = Masker()
    once = masker.document(text)
    assert masker.document(once) == once


def test_a_path_of_words_is_not_random_and_a_key_is() -> None:
    assert not looks_random("home/ann/some-project2/notes")
    assert looks_random("Zx81Kq/7Lm+2Np5Rt9Vw3Yb==")


def test_times_are_left_alone() -> None:
    at = datetime.fromisoformat("2026-11-20T06:00:00+00:00")
    assert masked(at.isoformat()) == at.isoformat()
    assert isinstance(lived().log[0], Record)


SECRET = "my cat is called Ninive"


def told(alert: str, words: str) -> WorkPlanned:
    """Work that tells an alert."""
    given = encode({"alert": alert, "subject": "", "words": words}).decode()
    return WorkPlanned(
        "w1-1", "x", "alert", "k", (), "c", "notify", None, None, "low", 0, 0, input_json=given
    )


SAYS = {
    "a signal": SignalReceived("bell", "k", f'{{"x": "{SECRET}"}}'),
    "what a signal made due": OccurrenceDue("heard", NOON, data_json=f'"{SECRET}"'),
    "an intent by hand": IntentAddRequested(
        "mine", Intent(run="read", now=True, input_json=f'{{"x": "{SECRET}"}}'), "k"
    ),
    "an intent that was added": IntentAdded(
        "mine", Intent(run="read", now=True, input_json=f'{{"x": "{SECRET}"}}'), "request", "k"
    ),
    "faults of a file": ConfigurationRefused("config.toml", ("a", f"[intents.x] {SECRET}")),
    "a prompt": WorkRequested("ask", "k", action=Action(executor="claude", prompt=SECRET)),
    "a prompt that is configured": ConfigurationLoaded(
        "d", Configuration(actions={"ask": Action(executor="claude", prompt=SECRET)})
    ),
    "what tells of such faults": told("configuration_refused", SECRET),
    "the alert about them": AlertRaised("configuration_refused", f"[intents.x] {SECRET}"),
}


@pytest.mark.parametrize("fact", SAYS.values(), ids=SAYS)
def test_what_people_and_files_say_of_intents_is_left_out_unless_asked_for(fact: AnyFact) -> None:
    said = from_json(encode(fact))
    assert SECRET not in encode(Masker().document(said)).decode()
    assert Masker(with_output=True).document(said) == said


@pytest.mark.parametrize(
    "fact",
    [
        IdleSeen(False, f"token={TOKENS['random']}"),
        IntentAddRequested("mine", Intent(run="read", now=True), "k", note=TOKENS["openai"]),
        AlertRaised("clock_stepped", TOKENS["hex"]),
        ConfigurationRefused("config.toml", (TOKENS["github"],)),
    ],
)
def test_secrets_are_masked_in_words_that_stay(fact: AnyFact) -> None:
    said = encode(Masker(with_output=True).document(from_json(encode(fact)))).decode()
    assert not any(token in said for token in TOKENS.values())
    assert type(Decoder(AnyFact).decode(said)) is type(fact)


def test_what_tells_an_alert_is_given_what_stands_in_it_and_as_it_stands_there() -> None:
    words = f"token={TOKENS['random']} was refused"
    masker = Masker()
    raised = masker.document(from_json(encode(AlertRaised("run_unknown", words, "r1-1"))))
    planned = masker.document(from_json(encode(told("run_unknown", words))))
    assert from_json(planned["input_json"])["words"] == raised["words"] != words


def test_the_name_of_an_intent_stays_the_same_wherever_it_stands() -> None:
    name = TOKENS["random"]
    after = Intent(run="read", after=name)
    facts: tuple[AnyFact, ...] = (
        ConfigurationLoaded("d", Configuration(intents={name: after})),
        IntentsConfigured(added=(name,), removed=(name,)),
        OccurrenceDue(name, NOON),
        IntentSwitched(name, True),
        OccurrencesExpected(NOON.date(), "day_started", (Expected(name, NOON, NOON, 1),)),
    )
    for fact in facts:
        said = from_json(encode(fact))
        assert Masker().document(said) == said
