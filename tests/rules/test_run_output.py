"""What a run prints is kept within bounds, however it comes."""

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.executor.output import KEPT_BYTES, TAIL_CHARACTERS, Output, legible
from actors.executor.result import BYTES_MAX, NOTHING, Reported, printed
from events.runs import RunResult

LINES = st.sampled_from(
    [b"", b"  ", b"text", b'{"summary": "x"}', b'{"tokens": -1}', b"y" * 3000, b"\xff\xc3"]
)
SAID = st.lists(LINES, max_size=8).map(b"\n".join)
CUTS = st.lists(st.integers(0, 5000), max_size=5)


def chunks(said: bytes, cuts: list[int]) -> list[bytes]:
    """It in pieces, none of them empty."""
    places = [0, *sorted(set(cuts)), len(said)]
    pieces = [said[a:b] for a, b in pairwise(places)]
    return [piece for piece in pieces if piece]


@given(SAID, CUTS, st.integers(0, 9000))
@example(b'{"summary": "x"}\n', [3, 16], 5)
@example(b'noise\n{"summary": "x"}', [5, 6], 100)
def test_it_does_not_matter_how_it_comes(said: bytes, cuts: list[int], most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "output.log"
        output = Output(path, most)
        for chunk in chunks(said, cuts):
            output.take(chunk)
        output.close()
        assert (path.read_bytes() if path.exists() else b"") == said[:most]
        assert (output.bytes, output.cut) == (len(said), len(said) > most)
        last = said.rstrip().rpartition(b"\n")[2]
        assert output.reported(Path(folder) / "result.json") == printed(last)
        whole = legible(said.decode(errors="replace"))
        assert output.tail() == whole or whole.endswith(output.tail())
        assert len(output.tail()) <= TAIL_CHARACTERS


LONG = b"x" * 2 * KEPT_BYTES


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ([b'{"summary": "', LONG, b'"}\n'], Reported(None, "too_large")),
        ([b"noise\n", b" {", b'"summary"', b": ", b'"', LONG, b'"}'], Reported(None, "too_large")),
        ([b'noise\n{"id": 1, "data": "', LONG, b'"}', b"\n\n"], Reported(None, "too_large")),
        ([b'{"summary": "x"}\n{"other": "', LONG, b'"}'], NOTHING),
        ([b'{"summary": "', LONG, b'"}, and so on'], NOTHING),
        ([b'{"summary": "', LONG, b'"}\nthe end'], NOTHING),
        ([LONG, b'\n{"tokens": 3}'], Reported(RunResult(tokens=3))),
        ([b'{"summary": "', b"x" * BYTES_MAX, b'"}'], Reported(None, "too_large")),
        ([b'{"summary": "', b"x" * (BYTES_MAX - 20), b'"}'], Reported(RunResult("x" * 32748))),
    ],
)
def test_a_line_too_long_to_remember_is_known_by_how_it_begins(
    tmp_path: Path, said: list[bytes], reported: Reported
) -> None:
    output = Output(tmp_path / "output.log", 100)
    for chunk in said:
        output.take(chunk)
    assert output.reported(tmp_path / "result.json") == reported
    output.close()


def test_the_tail_begins_with_a_line(tmp_path: Path) -> None:
    output = Output(tmp_path / "output.log", 100)
    output.take(b"".join(b"line %d\n" % n for n in range(1000)))
    lines = output.tail().splitlines()
    assert lines[-1] == "line 999"
    assert lines == [f"line {n}" for n in range(1000 - len(lines), 1000)]
    output.close()


def test_on_a_full_disk_the_output_is_cut_and_counted(tmp_path: Path) -> None:
    """/dev/full takes nothing."""
    output = Output(Path("/dev/full"), 1000)
    output.take(b"hello")
    output.take(b" world")
    output.close()
    assert (output.bytes, output.cut, output.tail()) == (11, True, "hello world")


def test_silence_makes_no_file(tmp_path: Path) -> None:
    output = Output(tmp_path / "output.log", 1000)
    output.close()
    assert not (tmp_path / "output.log").exists()
    assert (output.bytes, output.tail()) == (0, "")


def test_output_that_an_earlier_life_began_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"before\n")
    output = Output(path, 10)
    output.resume()
    output.take(b"after\n")
    output.close()
    assert path.read_bytes() == b"before\naft"
    assert (output.bytes, output.cut, output.tail()) == (13, True, "before\nafter\n")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("")
    (tmp_path / "output.log").symlink_to(tmp_path / "target")
    output = Output(tmp_path / "output.log", 100)
    output.take(b"x")
    output.close()
    assert output.cut
    assert (tmp_path / "target").read_text() == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("10 %\r20 %\r\ndone", "10 %\n20 %\ndone"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07on", "red on"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("bell\x07 nul\x00 csi\x9b del\x7f", "bell\ufffd nul\ufffd csi\ufffd del\ufffd"),
        ("a\u202eb\u2066c\u200fd", "a\ufffdb\ufffdc\ufffdd"),
        ("naïve 日本 😀", "naïve 日本 😀"),
    ],
)
def test_what_is_shown_can_do_nothing_to_a_terminal(text: str, shown: str) -> None:
    assert legible(text) == shown
