"""A histogram of durations, as Prometheus has it, without a lock: each is added to by one thread only."""

from bisect import bisect_left
from collections.abc import Iterator

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the buckets, in seconds; the last bucket has none."""


class Histogram:
    """``seconds`` is the sum of the durations."""

    __slots__ = ("_counts", "seconds")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def buckets(self) -> Iterator[tuple[str, int]]:
        """Each upper bound, and how many durations were not longer."""
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), list(self._counts), strict=True):
            total += count
            yield bound, total
