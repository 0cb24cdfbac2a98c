"""The next token of each sequence of a batch, by its own settings and its own random numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from safeglot.types import LOGPROB_POSITIONS, Request


@dataclass(slots=True, kw_only=True)
class Sampling:
    """How tokens of one request are drawn; nothing acts that it does not name."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int = 0
    n_logprobs: int = 0
    numbers: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew with the same random numbers."""
        self.numbers = random.Random(self.seed)  # noqa: S311 - of answers, no secret

    @property
    def cuts(self) -> bool:
        """Whether some tokens are left out before one is drawn."""
        return self.temperature > 0 and (self.top_p < 1 or self.top_k > 0 or self.min_p > 0)


def sampling_of(request: Request, seed: int) -> Sampling:
    """Return how the tokens of a request are drawn; a temperature or top_p of None is 1."""
    extra = request.extra
    return Sampling(
        temperature=1.0 if request.temperature is None else request.temperature,
        top_p=1.0 if request.top_p is None else request.top_p,
        top_k=int(extra.get("top_k") or 0),
        min_p=float(extra.get("min_p") or 0.0),
        seed=seed,
        n_logprobs=request.top_logprobs,
    )


def draw(logits: Any, rows: Sequence[Sampling]) -> list[int]:
    """Return a token a row of `logits` (rows, vocabulary).

    A row of temperature 0 takes the most likely one. Others invert the distribution function at a
    number of their own generator, one a token, so that nothing depends on who else is in the batch.
    """
    import torch

    best = logits.argmax(-1)
    if not any(row.temperature > 0 for row in rows):
        return list(map(int, best.tolist()))

    def column(values: Sequence[float]) -> Any:
        return torch.tensor(values, dtype=torch.float32, device=logits.device).unsqueeze(-1)

    temperature = column([row.temperature or 1.0 for row in rows])
    weights = torch.softmax(logits.float() / temperature, -1)
    if any(row.cuts for row in rows):
        weights = _cut(weights, rows, column)
    mass = weights.cumsum(-1)
    number = column([row.numbers.random() if row.temperature > 0 else 0.0 for row in rows])
    # right: a token without weight is never the first whose mass is above the number
    drawn = torch.searchsorted(mass, number * mass[:, -1:], right=True).squeeze(-1)
    drawn = drawn.clamp_(max=logits.shape[-1] - 1)
    greedy = torch.tensor([row.temperature <= 0 for row in rows], device=logits.device)
    return list(map(int, torch.where(greedy, best, drawn).tolist()))


def _cut(weights: Any, rows: Sequence[Sampling], column: Any) -> Any:
    """Return the weights with those that top-k, top-p and min-p leave out at 0."""
    order = weights.argsort(dim=-1, descending=True, stable=True)
    ranked = weights.gather(-1, order)
    n = weights.shape[-1]
    places = weights.new_tensor(range(n)).unsqueeze(0)
    before = ranked.cumsum(-1) - ranked
    kept = before < column([row.top_p for row in rows])
    kept &= places < column([row.top_k or n for row in rows])
    kept &= ranked >= ranked[:, :1] * column([row.min_p for row in rows])
    kept[:, 0] = True
    return weights.new_zeros(weights.shape).scatter_(-1, order, ranked * kept)


def alternatives(
    logits: Any, rows: Sequence[Sampling], lengths: Sequence[int]
) -> list[list[tuple[int, float]]]:
    """Return the most likely tokens of each row that wants them and is not too long yet; else none.

    Log-probabilities are those of the whole vocabulary at temperature 1.
    """
    found: list[list[tuple[int, float]]] = [[] for _ in rows]
    wanted = [
        i
        for i, (row, n) in enumerate(zip(rows, lengths, strict=True))
        if row.n_logprobs and n < LOGPROB_POSITIONS
    ]
    if wanted:
        most = min(max(rows[i].n_logprobs for i in wanted), logits.shape[-1])
        values, tokens = logits[wanted].float().log_softmax(-1).topk(most, -1)
        for i, row_values, row_tokens in zip(wanted, values.tolist(), tokens.tolist(), strict=True):
            n = rows[i].n_logprobs
            found[i] = list(zip(row_tokens[:n], row_values[:n], strict=True))
    return found
