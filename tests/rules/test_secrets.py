"""Secrets are taken out of whatever is printed, in whichever pieces it comes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.executor.secrets import VEIL, VEILED_CHARACTERS_MIN, Veil, found, variables
from actors.executor.spawning import NotStarted
from events.runs import RunEnded, RunResult

LETTERS = "abc1[]"
SECRETS = some.lists(some.text(LETTERS, min_size=VEILED_CHARACTERS_MIN, max_size=9), min_size=1)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def shown(veil: Veil, pieces: list[bytes]) -> bytes:
    return b"".join([*map(veil.take, pieces), veil.rest()])


@for_any(SECRETS, some.lists(some.one_of(some.text(LETTERS), some.integers(0, 9))))
def test_no_secret_passes_in_pieces(secrets: list[str], parts: list[str | int]) -> None:
    words = [part if isinstance(part, str) else secrets[part % len(secrets)] for part in parts]
    text = "".join(words).encode()
    whole = shown(Veil(secrets), [text])
    assert not any(secret.encode() in rest for secret in secrets for rest in whole.split(VEIL))
    for size in (1, 2, 7):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        torn = shown(Veil(secrets), pieces)
        assert not any(secret.encode() in rest for secret in secrets for rest in torn.split(VEIL))


@for_any(some.lists(some.binary(max_size=9)))
def test_what_holds_no_secret_passes_as_it_is(pieces: list[bytes]) -> None:
    assert shown(Veil(["never-there-at-all"]), pieces) == b"".join(pieces)


def test_what_is_printed_is_shown_at_once_unless_a_secret_may_have_begun() -> None:
    veil = Veil(["opensesame"])
    assert veil.take(b"the word is ") == b"the word is "
    assert veil.take(b"open") == b""
    assert veil.take(b" the door") == b"open the door"


def test_an_end_is_told_without_them_also_where_they_are_quoted() -> None:
    secret = 'a "quoted"\nword'
    said = RunResult(summary=f"it is {secret}", data_json=json.dumps({"it": secret}))
    ended = Veil([secret]).over(RunEnded("r1-1", True, NOW, 0, tail=secret, result=said))
    assert ended.tail == "[secret]"
    assert ended.result == RunResult(summary="it is [secret]", data_json='{"it": "[secret]"}')


@pytest.mark.parametrize("secret", ["123456", "started", "summary", "exit_code", "2026-11"])
def test_a_secret_that_looks_like_a_figure_or_a_word_of_ours_undoes_no_end(secret: str) -> None:
    at = NOW.replace(microsecond=123_456)
    said = RunResult(summary=f"it is {secret}")
    ended = RunEnded("r1-1", True, at, 0, duration_ms=123_456, tail=secret, result=said)
    veiled = RunResult(summary="it is [secret]")
    assert Veil([secret]).over(ended) == replace(ended, tail="[secret]", result=veiled)


def test_data_in_which_a_secret_stood_as_a_number_is_left_out_and_json_still() -> None:
    said = RunResult(data_json='{"pin":123456}')
    ended = Veil(["123456"]).over(RunEnded("r1-1", True, NOW, 0, result=said))
    assert ended.result == RunResult(data_json='"[secret]"')


def test_a_short_secret_is_not_looked_for() -> None:
    assert shown(Veil(["a"]), [b"a man"]) == b"a man"


def test_a_secret_is_had_from_where_it_is() -> None:
    places = {"ONE": "env:KEY", "TWO": "env:OTHER"}
    assert variables(places) == ("KEY", "OTHER")
    assert found(places, {"KEY": "1", "OTHER": "2"}) == {"ONE": "1", "TWO": "2"}
    assert found(places, {"KEY": "1"}) == NotStarted(
        "misconfigured", "no secret TWO: the daemon has no variable OTHER"
    )
