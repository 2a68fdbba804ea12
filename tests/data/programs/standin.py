"""Prints what a program of an agent prints, and misbehaves as they do.

    standin.py claude answer.jsonl --noise --chunk 7 --sleep 60

Options that it does not know are those of the program it stands for, and are ignored.
"""

import argparse
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
NOISE = b'\x1b[33mwarning:\x1b[0m not JSON { \xff\xfe\n{"half": \n[1, 2\n\n'


def main() -> int:
    """The exit code of the case."""
    asked, _ = _parser().parse_known_args()
    if not asked.no_stdin and not sys.stdin.isatty():
        sys.stdin.buffer.read()
    said = (HERE / asked.program / asked.file).read_bytes()
    if asked.noise:
        said = NOISE + said.replace(b"\n", b"\n" + NOISE, 1) + NOISE
    before, after = _parted(said, asked.lines)
    _write(before, asked.chunk)
    if asked.gate:
        Path(asked.gate).read_bytes()
    _write(after, asked.chunk)
    time.sleep(asked.sleep)
    return _exit(asked.program, asked.file) if asked.exit is None else int(asked.exit)


def _parted(said: bytes, lines: int) -> tuple[bytes, bytes]:
    all_ = said.splitlines(keepends=True)
    return b"".join(all_[:lines]), b"".join(all_[lines:])


def _write(said: bytes, chunk: int) -> None:
    for begin in range(0, len(said), chunk):
        sys.stdout.buffer.write(said[begin : begin + chunk])
        sys.stdout.buffer.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("program")
    parser.add_argument("file")
    parser.add_argument("--noise", action="store_true", help="text and bytes between the lines")
    parser.add_argument("--chunk", type=int, default=65536, help="write so many bytes at a time")
    parser.add_argument("--gate", help="wait until this pipe is opened for writing and closed")
    parser.add_argument("--lines", type=int, default=0, help="write so many lines before the gate")
    parser.add_argument("--sleep", type=float, default=0, help="seconds to live on after the end")
    parser.add_argument("--exit", type=int, help="end with this code")
    parser.add_argument("--no-stdin", action="store_true", help="do not read the prompt")
    return parser


def _exit(program: str, file: str) -> int:
    cases = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))
    return max(0, int(cases[program].get(file, {}).get("exit", 0)))


if __name__ == "__main__":
    sys.exit(main())
