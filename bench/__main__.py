"""`make bench` measures and prints a table; `make bench ARGS='--quick facts'` a part of it."""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from json import dumps
from pathlib import Path
from traceback import print_exc

from bench.machine import described, this_machine
from bench.report import Figure, documents, table
from bench.rows import ROWS, measured


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="horarium-bench-") as folder:
        place = Path(folder)
        machine = this_machine(place)
        figures, missing = _measure(asked.rows, place, asked.quick)
    if asked.json:
        found = {"machine": machine._asdict(), "quick": asked.quick, "missing": missing}
        print(dumps({**found, "figures": documents(figures)}, indent=2))
    else:
        print(described(machine))
        if asked.quick:
            print("QUICK: smaller counts; these are not the figures.")
        if missing:
            print(f"MISSING: {', '.join(missing)} could not be measured.")
        print(f"\n{table(figures)}")
    sys.exit(1 if missing else 0)


def _measure(rows: Sequence[str], place: Path, quick: bool) -> tuple[list[Figure], list[str]]:
    """The figures, and the rows that failed: one of them must not cost all the others."""
    figures: list[Figure] = []
    missing = []
    for row in rows:
        try:
            figures += measured(row, place, quick)
        except Exception:
            print_exc()
            missing.append(row)
    return figures, missing


def _arguments() -> Namespace:
    known = ", ".join(ROWS)
    parser = ArgumentParser(prog="bench", description="Measure beside the bare limit.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {known}; without any: all")
    parser.add_argument("--quick", action="store_true", help="with smaller counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.rows) - set(ROWS)):
        parser.error(f"no row is called {', '.join(unknown)}; there are {known}")
    asked.rows = [row for row in ROWS if row in asked.rows or not asked.rows]
    return asked


if __name__ == "__main__":
    main()
