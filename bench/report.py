"""What was measured, beside what the machine can do at best, as a table that a person reads."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

Bound = Literal["at least", "at most"]
Against = Literal["", "more than bare", "times bare"]

SIGNS: dict[Bound, str] = {"at least": ">=", "at most": "<="}
HEADINGS = ("figure", "measured", "bare limit", "target", "met")


class Target(NamedTuple):
    """What a figure should come to: by itself, or compared with its bare limit."""

    bound: Bound
    amount: float
    against: Against = ""


class Figure(NamedTuple):
    """One line of the table. `limit` says in words what the bare one is."""

    name: str
    amount: float
    unit: str
    bare: float | None = None
    limit: str = ""
    target: Target | None = None


def at_least(amount: float) -> Target:
    return Target("at least", amount)


def at_most(amount: float, against: Against = "") -> Target:
    return Target("at most", amount, against)


def compared(figure: Figure) -> float:
    """The amount that the target speaks of."""
    against = figure.target.against if figure.target else ""
    if not against:
        return figure.amount
    if figure.bare is None:
        raise ValueError(f"{figure.name}: nothing to compare with")
    return (
        figure.amount - figure.bare if against == "more than bare" else figure.amount / figure.bare
    )


def met(figure: Figure) -> bool | None:
    """Whether it keeps its target; None when it has none."""
    if figure.target is None:
        return None
    found, wanted = compared(figure), figure.target.amount
    return found >= wanted if figure.target.bound == "at least" else found <= wanted


def table(figures: Iterable[Figure]) -> str:
    """Markdown that is aligned, so that it can be read as it is."""
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    head, *rest = (_line(row, widths) for row in rows)
    return "\n".join([head, "|" + "|".join("-" * (width + 2) for width in widths) + "|", *rest])


def documents(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """The same for machines."""
    return [
        {
            **figure._asdict(),
            "target": figure.target and figure.target._asdict(),
            "met": met(figure),
        }
        for figure in figures
    ]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _cells(figure: Figure) -> tuple[str, ...]:
    bare = "" if figure.bare is None else f"{number(figure.bare)} {figure.unit}"
    limit = f"{bare} ({figure.limit})" if bare and figure.limit else bare or figure.limit
    return (figure.name, f"{number(figure.amount)} {figure.unit}", limit, *_verdict(figure))


def _verdict(figure: Figure) -> tuple[str, str]:
    if figure.target is None:
        return "", ""
    bound, amount, against = figure.target
    unit = "" if against == "times bare" else f" {figure.unit}"
    wanted = f"{SIGNS[bound]} {number(amount)}{unit} {against}".rstrip()
    found = f" ({number(compared(figure))}{unit})" if against else ""
    return wanted, ("yes" if met(figure) else "NO") + found


def number(amount: float) -> str:
    """Three digits that mean something, thousands set apart."""
    if abs(amount) >= 100:
        return f"{amount:,.0f}"
    return f"{amount:.3g}" if abs(amount) >= 0.001 or not amount else f"{amount:.1g}"
