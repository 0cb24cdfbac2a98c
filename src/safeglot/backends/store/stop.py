"""How far a run came that was stopped: which prompts have all their answers, and which were not asked."""

from __future__ import annotations

from typing import NamedTuple

from safeglot.backends.store.store import Store

_PROGRESS = """
WITH ended(prompt, n) AS (
  SELECT t.prompt, COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
  WHERE t.arm = 'main' GROUP BY 1
  UNION ALL
  SELECT t.prompt, COUNT(*) FROM failures f JOIN translations t ON t.id = f.work AND t.arm = 'main'
  LEFT JOIN steps s ON s.stage = 'generate' AND s.name = f.by
  WHERE f.stage = 'generate' AND NOT EXISTS (SELECT 1 FROM responses r
    WHERE r.translation = f.work AND r.step = s.id AND r.sample = f.sample)
  GROUP BY 1
), planned(prompt, n) AS (
  SELECT prompt, COUNT(*) * ? FROM translations WHERE arm = 'main' GROUP BY 1
), both(planned, ended) AS (
  SELECT p.n, ifnull(e.n, 0) FROM planned p
  LEFT JOIN (SELECT prompt, SUM(n) AS n FROM ended GROUP BY 1) e ON e.prompt = p.prompt
)
SELECT COUNT(*), ifnull(SUM(ended > 0), 0), ifnull(SUM(ended >= planned), 0) FROM both
"""
_IN_ORDER_OF_FILE = "SELECT EXISTS(SELECT 1 FROM steps WHERE stage = 'upgrade')"


class Progress(NamedTuple):
    """How many prompts a run has, of how many anything was asked, and of how many all."""

    planned: int
    begun: int
    whole: int

    @property
    def is_stopped(self) -> bool:
        """Whether prompts are left that nothing was asked of."""
        return self.begun < self.planned


def progress(store: Store, targets: int, samples: int) -> Progress:
    """Return how far a run came with so many targets; what failed was asked."""
    (row,) = store.rows(_PROGRESS, (targets * samples,))
    return Progress(*row)


def is_drawn(store: Store) -> bool:
    """Return whether prompts were asked in the order of their draw; early versions took the file's."""
    return not store.holds(_IN_ORDER_OF_FILE)
