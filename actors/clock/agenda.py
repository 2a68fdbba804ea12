"""What is to come, by name, and which of it comes first."""

from datetime import datetime
from heapq import heappop, heappush, heapreplace

from msgspec import Struct, field

SLACK = 64  # So many entries may be out of date before they are put in order again.


class Agenda(Struct):
    """Names with one instant each; the first of ten thousand is known at once.

    `entries` is a heap in which an entry that was replaced or dropped stays until it comes to
    the top, or until such entries outnumber the others.
    """

    times: dict[str, datetime] = field(default_factory=dict)
    entries: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def first(self) -> datetime | None:
        return self.entries[0][0] if self.entries else None

    def put(self, name: str, at: datetime) -> None:
        """The same name again replaces its instant."""
        times, entries = self.times, self.entries
        if times.get(name) == at:
            return
        times[name] = at
        if entries and entries[0][1] == name:
            heapreplace(entries, (at, name))
        else:
            heappush(entries, (at, name))
        first_at, first = entries[0]
        if times.get(first) != first_at or len(entries) > 2 * len(times) + SLACK:
            self._tidy()

    def drop(self, name: str) -> None:
        if self.times.pop(name, None) is None:
            return
        if self.entries[0][1] == name or len(self.entries) > 2 * len(self.times) + SLACK:
            self._tidy()

    def until(self, now: datetime) -> list[tuple[datetime, str]]:
        """All that has come, this instant included, in order of time and name."""
        entries, times, come, places = self.entries, self.times, set(), [0]
        if not entries or entries[0][0] > now:
            return []
        if all(at > now for at, _ in entries[1:3]):  # The first, then, is all.
            return entries[:1]
        while places:
            place = places.pop()
            if place < len(entries) and entries[place][0] <= now:
                come.add(entries[place])
                places += (2 * place + 1, 2 * place + 2)
        return sorted((at, name) for at, name in come if times.get(name) == at)

    def _tidy(self) -> None:
        entries, times = self.entries, self.times
        while entries and times.get(entries[0][1]) != entries[0][0]:
            heappop(entries)
        if len(entries) > 2 * len(times) + SLACK:
            self.entries = sorted((at, name) for name, at in times.items())
