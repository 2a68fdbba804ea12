"""What a program has used up so far, held against what it may."""

from actors.executor.brief import RunBrief
from actors.executor.door import Now
from actors.executor.programs.asking import dollars
from actors.executor.programs.prices import cost_of
from actors.executor.programs.program import Can, Reader, Tokens
from actors.executor.wish import Wish


class Meter:
    """Wishes a run to stop once it has cost its ceiling or had its turns, and is not done.

    Programs that know such limits keep them first, with one call of their model to spare; here
    they are kept for all whose totals are known while they run.
    """

    def __init__(self, brief: RunBrief, can: Can, reader: Reader, wish: Wish, now: Now) -> None:
        self._brief, self._reader, self._wish, self._now = brief, reader, wish, now
        self._turns_max = None if can.limits_turns else brief.action.max_turns
        self._last: tuple[Tokens, int | None] = Tokens(), None

    def look(self) -> None:
        """Look at it again, after a line."""
        if self._wish.reason is not None or self._reader.finished:
            return
        why = self._too_many_turns() or self._too_much_money()
        if why:
            self._wish.say(why, "at_ceiling")

    def _too_many_turns(self) -> str:
        most, had = self._turns_max, self._reader.spent.turns
        return "" if most is None or had <= most else f"stopped after {most} turns"

    def _too_much_money(self) -> str:
        ceiling, spent = self._brief.ceiling_usd_micros, self._reader.spent
        now = spent.tokens, spent.cost_usd_micros
        if ceiling is None or now == self._last:
            return ""
        self._last = now
        cost = cost_of(spent, self._reader.model, self._brief.prices, self._now())
        if cost is None or cost < max(ceiling, 1):
            return ""
        return f"it has cost ${dollars(cost)}, and may cost ${dollars(ceiling)}"
