"""How many requests an endpoint is asked at a time, learnt from what it refuses.

It doubles each round until the first overload (slow start: Jacobson 1988); from then on one more a
round of successes, half on overload (AIMD: Chiu and Jain 1989), unless halving does not help: some
servers refuse a share of all requests, however few are under way.
"""

from __future__ import annotations

ENOUGH = 16
"""The least outcomes that a share is taken of; twice the limit where that is more."""
CROWDED = 0.93
"""Where at least this share is accepted, less traffic is right whatever the share was before."""


class Pace:
    """The limit of requests in flight to one endpoint."""

    def __init__(self, *, start: int, most: int) -> None:
        self.limit = float(min(start, most))
        self.most = most
        self._accepted = 0
        self._refused = 0
        self._share: float | None = None
        """Accepted among all, when it was last looked at."""
        self._in_vain = False
        """Whether fewer requests were refused as often."""
        self._cut_at = 0.0
        self._doubling = True
        """Whether nothing was too much yet."""

    def succeeded(self) -> None:
        """Count an answer: the limit grows."""
        self._accepted += 1
        if self.limit < self.most:
            more = 1.0 if self._doubling else 1.0 / self.limit
            self.limit = min(float(self.most), self.limit + more)

    def overloaded(self, *, started: float, now: float) -> None:
        """Count a request that was too much: halve the limit once a round, where that helps."""
        self._refused += 1
        self._doubling = False
        if started < self._cut_at:
            return
        n = self._accepted + self._refused
        share, enough = self._accepted / n, n >= max(ENOUGH, 2 * self.limit)
        if self._in_vain and not enough:
            return
        before = self._share
        if before is None:
            useful = True
        elif self._in_vain:
            useful = share < 0.8 * before  # more traffic made it worse
        else:
            useful = not enough or share >= min(CROWDED, 1.25 * before)
        if enough or before is None:
            self._share = max(share, before or 0.0) if self._in_vain and not useful else share
            self._accepted = self._refused = 0
        self._in_vain = not useful
        if useful:
            self.cut(now)

    def cut(self, now: float) -> None:
        """Halve the limit; what is under way has its answer to come and does not halve it again."""
        self.limit = max(1.0, self.limit / 2)
        self._cut_at = now
