"""Who was refused money and waits for it, first come first served within a priority.

Many works wait at few prices, so they stand in one line for each price: only the head of a line
need be looked at when money becomes free, however many stand behind it.
"""

from bisect import bisect_left
from collections.abc import Callable

from msgspec import Struct, field

from events.settings import ExecutorKind


class Price(Struct, frozen=True, gc=False):
    """What money is asked for: how much, out of which category, how urgently.

    `own` is the label of the template or intent that has a limit of its own, or "". Who
    `takes_left` asks for all that is left, and for that amount at least. `executors` are those
    that may be asked, where one of them has a quota of money.
    """

    category: str
    usd_micros: int
    rank: int  # within PRIORITIES
    own: str = ""
    takes_left: bool = False
    executors: tuple[ExecutorKind, ...] = ()

    @property
    def critical(self) -> bool:
        return self.rank == 0

    @property
    def line(self) -> str:
        """The name of the line in which all stand who ask for the same."""
        name = f"{self.rank}/{self.usd_micros}/{self.category}{self.own and '/'}{self.own}"
        if self.takes_left or self.executors:
            name = f"{name}/{int(self.takes_left)}/{','.join(self.executors)}"
        return name


class Line(Struct):
    """Works that were refused at the same price, the longest waiting first."""

    price: Price
    works: list[tuple[int, str]]  # (the how-manieth refusal, work)


class Refused(Struct):
    count: int = 0  # of all refusals so far: the age of each
    lines: dict[str, Line] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)  # work: (line, age)

    @property
    def wants_own(self) -> bool:
        """Whether somebody waits who has a limit of its own."""
        return any(line.price.own for line in self.lines.values())

    @property
    def wants_quota(self) -> bool:
        """Whether somebody waits for whom a quota may have too little left."""
        return any(line.price.executors for line in self.lines.values())

    def add(self, work: str, price: Price) -> None:
        """Let a work wait at the end of its line; it leaves an earlier one."""
        self.forget(work)
        name = price.line
        line = self.lines.get(name)
        if line is None:
            line = self.lines[name] = Line(price, [])
        self.count += 1
        line.works.append((self.count, work))
        self.places[work] = name, self.count

    def price(self, work: str) -> Price | None:
        """At which it was refused; None for a work that does not wait for money."""
        place = self.places.get(work)
        return None if place is None else self.lines[place[0]].price

    def forget(self, work: str) -> None:
        if (place := self.places.pop(work, None)) is None:
            return
        name, age = place
        works = self.lines[name].works
        del works[bisect_left(works, (age, work))]
        if not works:
            del self.lines[name]

    def first(self, fits: Callable[[Price], bool]) -> tuple[str, Price] | None:
        """The work, and its price, that comes first among those whose price fits."""
        heads = (
            (line.price.rank, *line.works[0], line.price)
            for line in self.lines.values()
            if fits(line.price)
        )
        # Ages are unique, so the comparison never reaches the price.
        best = min(heads, default=None)
        return None if best is None else best[2:]
