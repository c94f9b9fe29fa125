"""How high the messages of a conversation are: known of those looked at, estimated of the rest."""

from __future__ import annotations

_MOST = 1 << 30


class Heights:
    """The heights of `count` rows; all of them `estimate` until they are set.

    A Fenwick tree of what differs from the estimate, so that nothing here costs more for 10,000
    rows than for ten, neither to begin nor to change one.
    """

    def __init__(self, count: int = 0, estimate: int = 1) -> None:
        self.count = count
        self.estimate = estimate
        self._known: dict[int, int] = {}
        self._tree: dict[int, int] = {}

    def __getitem__(self, index: int) -> int:
        return self._known.get(index, self.estimate)

    def __setitem__(self, index: int, height: int) -> None:
        change = height - self[index]
        self._known[index] = height
        if change:
            at = index + 1
            while at <= _MOST:
                self._tree[at] = self._tree.get(at, 0) + change
                at += at & -at

    @property
    def total(self) -> int:
        """Of all rows together."""
        return self.top(self.count)

    def truncate(self, count: int) -> None:
        """Forget the rows from `count` on."""
        for index in [index for index in self._known if index >= count]:
            self[index] = self.estimate
            del self._known[index]
        self.count = count

    def top(self, index: int) -> int:
        """Where a row begins."""
        total = index * self.estimate
        while index:
            total += self._tree.get(index, 0)
            index &= index - 1
        return total

    def find(self, y: int) -> tuple[int, int]:
        """The row at a line, and the line inside of it; the last row for what is below."""
        low, high = 0, max(0, self.count - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.top(middle) <= y:
                low = middle
            else:
                high = middle - 1
        return low, max(0, y - self.top(low))
