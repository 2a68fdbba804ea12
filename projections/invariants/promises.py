"""What was offered and not asked for yet, as the budget knows it: it hears of others later."""

from typing import Any

from projections.invariants.purses import Purse, Refused

KEPT = 10_000


class Promises:
    """Each stands `open` until its work asks, which the budget answers at once, or will not ask,
    which others say, maybe before the offer is heard of."""

    def __init__(self) -> None:
        self.open: dict[str, Refused] = {}  # by work
        self._gone: list[tuple[int, Refused]] = []  # since a position
        self._left: dict[str, int] = {}  # works, by where they were last said not to ask

    def offer(
        self, work: str, asked: Refused, purse: Purse, own_limit: int | None, cause: int
    ) -> None:
        """It is promised what it asked for, or all that is left."""
        if asked.takes_left:
            amount, _ = self.left_for(asked, purse, own_limit, cause, work)
            asked = asked._replace(usd_micros=amount)
        since = self._left.pop(work, 0)
        if since > cause:
            self._end(since, asked)
        else:
            _keep(self.open, work, asked)

    def unclaimed(self, work: str, position: int) -> None:
        """Somebody said at that position that it will not ask."""
        if (known := self.open.pop(work, None)) is not None:
            self._end(position, known)
        else:
            _keep(self._left, work, position)

    def _end(self, position: int, known: Refused) -> None:
        self._gone.append((position, known))
        del self._gone[:-KEPT]

    def left_for(
        self, asked: Refused, purse: Purse, own_limit: int | None, cause: int, work: str
    ) -> tuple[int, bool]:
        """What is left for who takes that, upon a cause; whether that is all there is to know of
        it: what quotas leave is not known here."""
        self._gone = [it for it in self._gone if it[0] > cause]
        others = [it for name, it in self.open.items() if name != work]
        others += [known for _, known in self._gone]
        left = purse.left(asked, own_limit, others)
        exact = not asked.executors and not any(it.takes_left and it.executors for it in others)
        return max(asked.usd_micros, left), exact

    def leave(
        self, asked: Refused, purse: Purse, own_limit: int | None, cause: int, work: str
    ) -> bool:
        """Whether enough is left for who takes what is, beside what others were offered."""
        nothing = asked._replace(usd_micros=0)
        return self.left_for(nothing, purse, own_limit, cause, work)[0] >= asked.usd_micros


def _keep(known: dict[str, Any], name: str, what: object) -> None:
    known.pop(name, None)
    known[name] = what
    if len(known) > KEPT:
        del known[next(iter(known))]
