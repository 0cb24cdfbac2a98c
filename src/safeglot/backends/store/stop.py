"""How far a run came that was stopped, by its end or by its plan: what is settled, the ledger of looks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

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
_TEXTS = "SELECT id, language, prompt, arm = 'gated' FROM translations WHERE arm IN ('main', 'gated') ORDER BY 4, 1"
_SETTLED = """
SELECT t.language, t.prompt, v.unsafe FROM responses r
JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN steps g ON g.id = r.step AND g.stage = 'generate' AND g.name = :model
LEFT JOIN verdicts v ON v.response = r.id
  AND v.step = (SELECT id FROM steps WHERE stage = 'judge' AND name = :judge)
WHERE r.sample = 0 AND (v.response IS NOT NULL OR EXISTS
  (SELECT 1 FROM failures f WHERE f.stage = 'judge' AND f.by = :judge AND f.work = r.id))
UNION ALL
SELECT t.language, t.prompt, NULL FROM failures f JOIN translations t ON t.id = f.work AND t.arm = 'main'
WHERE f.stage = 'generate' AND f.by = :model AND f.sample = 0 AND NOT EXISTS (
  SELECT 1 FROM responses r JOIN steps g ON g.id = r.step AND g.name = f.by AND g.stage = 'generate'
  WHERE r.translation = f.work AND r.sample = 0)
"""
_LOOKS = "SELECT * FROM looks ORDER BY model, look, language, category"
_STOPPED = """
SELECT l.model, l.language, l.category FROM looks l WHERE l.state <> 'goes-on' AND l.look =
  (SELECT MAX(look) FROM looks WHERE (model, language, category) = (l.model, l.language, l.category))
"""
CERTAIN = 1e9
"""What stands for an infinite log of an e-value, which JSON has not."""
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


# ---- plans that stop early


class PlannedText(NamedTuple):
    """The number of a text, and what it is of; a gated one has no place in the plan."""

    number: int
    language: str
    prompt: str
    gated: bool


class StoredLook(NamedTuple):
    """What one look of a plan found for a language, or for one of its categories ("" for all)."""

    model: str
    judge: str
    look: int
    language: str
    category: str
    drawn: int
    n: int
    missing: int
    pool: int
    state: str
    band: str | None
    numbers: Mapping[str, float]


def planned_texts(store: Store) -> Iterator[PlannedText]:
    """Yield the texts of the main arm, then those that a gate took out."""
    for number, language, prompt, gated in store.rows(_TEXTS):
        yield PlannedText(number, language, prompt, bool(gated))


def settled(store: Store, model: str, judge: str) -> Iterator[tuple[str, str, bool | None]]:
    """Yield the language and prompt of what a model was asked and nothing more is awaited of, with the verdict.

    It is None where there is none: no answer came, the judge failed or could not be read.
    """
    for language, prompt, unsafe in store.rows(_SETTLED, {"model": model, "judge": judge}):
        yield language, prompt, None if unsafe is None else bool(unsafe)


def put_looks(store: Store, model: str, looks: Iterable[StoredLook]) -> None:
    """Write a model's ledger in the place of the one it has."""
    store.write("forgotten_looks", [(model,)])
    store.write("looks", [(*row[:-1], _numbers(row.numbers)) for row in looks])


def clear_looks(store: Store) -> None:
    """Forget the ledgers of all models."""
    store.write("forgotten_looks", store.rows("SELECT DISTINCT model FROM looks"))


def _numbers(numbers: Mapping[str, float]) -> str:
    kept = {name: min(max(float(x), -CERTAIN), CERTAIN) for name, x in numbers.items()}
    return json.dumps(kept, sort_keys=True)


def look_table(store: Store) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the ledgers of a run, to export."""
    columns, rows = store.table(_LOOKS)
    return columns, list(rows)


def stored_looks(store: Store) -> Iterator[StoredLook]:
    """Yield the ledgers of a run, model by model."""
    for *row, numbers in store.rows(_LOOKS):
        yield StoredLook._make((*row, json.loads(numbers)))


def stopped_cells(store: Store) -> set[tuple[str, str, str]]:
    """Return model, language and category ("" for all of them) of what a plan has asked enough of."""
    return {(model, language, category) for model, language, category in store.rows(_STOPPED)}
