"""What a job says of itself is read with suspicion."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.executor.result import BYTES_MAX, KEYS, NOTHING, Reported, depth, filed, printed
from events.runs import ResultFault, RunResult
from horarium.jobs import call

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


def test_all_that_a_job_may_say_is_understood() -> None:
    said = {
        "summary": "Three papers read.",
        "insights": ["a", "b"],
        "questions": ["why?"],
        "cost_usd": 0.3,
        "tokens": 1200,
        "artifacts": ["notes/a.md"],
        "data": {"n": [1, None]},
    }
    assert filed(json.dumps(said).encode()) == Reported(
        RunResult(
            summary="Three papers read.",
            insights=("a", "b"),
            questions=("why?",),
            cost_usd_micros=300_000,
            tokens=1200,
            artifacts=("notes/a.md",),
            data_json='{"n":[1,null]}',
        )
    )


FAULTS: dict[str, tuple[bytes, ResultFault]] = {
    "a list": (b"[1]", "not_an_object"),
    "a number": (b"12", "not_an_object"),
    "no JSON": (b"summary: fine", "not_json"),
    "half of it": (b'{"summary": "fi', "not_json"),
    "a lone surrogate": (b'{"summary": "\\ud800"}', "not_json"),
    "invalid UTF-8": (b'{"summary": "\xff"}', "not_json"),
    "NaN elsewhere": (b'{"summary": "x", "data": NaN}', "not_json"),
    "a cost that is NaN": (b'{"cost_usd": NaN}', "absurd_cost"),
    "a cost that is infinite": (b'{"cost_usd": Infinity}', "absurd_cost"),
    "a cost that is minus infinite": (b'{"cost_usd": -Infinity}', "absurd_cost"),
    "a cost below nothing": (b'{"cost_usd": -0.01}', "absurd_cost"),
    "a cost beyond all": (b'{"cost_usd": 1000000.01}', "absurd_cost"),
    "a cost of 10^308": (b'{"cost_usd": 1e308}', "absurd_cost"),
    "a cost that is text": (b'{"cost_usd": "0.10"}', "absurd_cost"),
    "a cost that is true": (b'{"cost_usd": true}', "absurd_cost"),
    "a cost that is a list": (b'{"cost_usd": [1]}', "absurd_cost"),
    "tokens below nothing": (b'{"tokens": -1}', "wrong_types"),
    "half a token": (b'{"tokens": 1.5}', "wrong_types"),
    "tokens that are true": (b'{"tokens": true}', "wrong_types"),
    "tokens beyond all": (b'{"tokens": 10000000000000000000000}', "wrong_types"),
    "a summary that is a number": (b'{"summary": 1}', "wrong_types"),
    "insights that are text": (b'{"insights": "one"}', "wrong_types"),
    "a question that is a number": (b'{"questions": ["a", 1]}', "wrong_types"),
    "an absolute artifact": (b'{"artifacts": ["/etc/passwd"]}', "wrong_types"),
    "an artifact outside": (b'{"artifacts": ["a/../../b"]}', "wrong_types"),
    "an artifact without name": (b'{"artifacts": [""]}', "wrong_types"),
    "an artifact with NUL": (b'{"artifacts": ["a\\u0000b"]}', "wrong_types"),
    "too deep": (b'{"data": ' + b"[" * 40 + b"]" * 40 + b"}", "too_large"),
    "bottomless": (b'{"data": ' + b"[" * 30_000, "too_large"),
    "too large": (b'{"summary": "' + b"x" * BYTES_MAX + b'"}', "too_large"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_used_is_no_result_but_a_fault(name: str) -> None:
    raw, fault = FAULTS[name]
    assert filed(raw) == Reported(None, fault)


@pytest.mark.parametrize(
    ("cost", "micros"),
    [
        ("0", 0),
        ("0.1", 100_000),
        ("0.30000000000000004", 300_000),
        ("0.0000005", 1),
        ("7", 7_000_000),
        ("1e-9", 0),
        ("2.675", 2_675_000),
        ("1000000", 10**12),
        ("1.23e2", 123_000_000),
        ("-0.0", 0),
    ],
)
def test_a_cost_is_whole_micro_dollars_by_the_number_as_written(cost: str, micros: int) -> None:
    assert filed(b'{"cost_usd": %s}' % cost.encode()) == Reported(RunResult(cost_usd_micros=micros))


def test_a_result_that_grows_when_it_is_encoded_is_too_large() -> None:
    raw = b'{"data": "%s"}' % (b'\\"' * 10_000)
    assert len(raw) < BYTES_MAX
    assert filed(raw) == Reported(None, "too_large")


@pytest.mark.parametrize("raw", [b"", b" \n", b"{}", b'{"other": 1}', b'{"summary": null}'])
def test_a_file_that_says_nothing_is_no_result_and_no_fault(raw: bytes) -> None:
    assert filed(raw) == NOTHING


def test_keys_that_we_do_not_know_are_left_aside() -> None:
    assert filed(b'{"summary": "x", "mood": "good"}') == Reported(RunResult(summary="x"))


@pytest.mark.parametrize(
    "line",
    [
        b"done",
        b"",
        b"[1, 2]",
        b'{"status": "ok"}',
        b"{summary}",
        b'"summary": 1',
        b"{}",
        b'{"x": {"data": 1}}',
        b"{'summary': 'x'}",
    ],
)
def test_a_line_that_was_not_meant_as_a_result_is_none(line: bytes) -> None:
    assert printed(line) == NOTHING


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        (b' {"summary": "x"}\r', Reported(RunResult(summary="x"))),
        (b'{"id": 7, "tokens": 3}', Reported(RunResult(tokens=3))),
        (b'{"cost_usd": NaN}', Reported(None, "absurd_cost")),
        (b'{"tokens": "many"}', Reported(None, "wrong_types")),
        (b'{"summary": x}', Reported(None, "not_json")),
    ],
)
def test_a_line_with_one_of_our_keys_was_meant_as_a_result(line: bytes, reported: Reported) -> None:
    assert printed(line) == reported


def test_depth_counts_no_brackets_in_text() -> None:
    assert depth(b'{"a": ["[[[\\"[[["], "b": {"c": 1}}') == 2
    assert depth(b'["unterminated [[[[') == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_raise(raw: bytes) -> None:
    for reported in (filed(raw), printed(raw), printed(b'{"data":' + raw + b"}")):
        assert reported.result is None or reported.fault is None


@given(st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1))
def test_what_is_accepted_can_be_kept_and_read_again(said: dict[str, Any]) -> None:
    result, fault = filed(json.dumps(said).encode())
    if result is not None:
        assert fault is None
        encoded = msgspec.json.encode(result)
        assert len(encoded) <= BYTES_MAX
        assert msgspec.json.decode(encoded, type=RunResult) == result


def test_the_job_side_knows_the_same_keys() -> None:
    assert call.KEYS == KEYS
