"""The money of a day, as a plan gives it out."""

from collections.abc import Mapping

from events.plan import PassOverReason


class Purse:
    """What is left of a day and of each category; amounts are whole micro-dollars.

    Only critical work may go into the reserve. What costs nothing needs no money, also in a
    category that has none.
    """

    def __init__(
        self, limit: int, reserve: int, shares: Mapping[str, int], spent: Mapping[str, int]
    ) -> None:
        self._left = limit - sum(spent.values())
        self._reserve = reserve
        self._shares = shares
        self._of_category = {
            name: max(0, share - spent.get(name, 0)) for name, share in shares.items()
        }

    @property
    def left_usd_micros(self) -> int:
        """What work that is not critical may still have."""
        return max(0, self._left - self._reserve)

    def used(self, category: str) -> int:
        """What is gone of a category's share: spent, set aside, planned."""
        return self.share(category) - self._of_category.get(category, 0)

    def share(self, category: str) -> int:
        return self._shares.get(category, 0)

    def refusal(self, category: str, amount: int, critical: bool) -> PassOverReason | None:
        """Why an amount cannot be had; None when it can."""
        if amount > self._of_category.get(category, 0):
            return "no_money_in_category"
        left = max(0, self._left) if critical else self.left_usd_micros
        return "no_money_left" if amount > left else None

    def take(self, category: str, amount: int) -> None:
        if amount:
            self._of_category[category] -= amount
            self._left -= amount

    def set_aside(self, category: str, amount: int) -> int:
        """Take what the category can bear of an amount: it can never pay for more than that."""
        borne = min(amount, self._of_category.get(category, 0))
        self.take(category, borne)
        return borne
