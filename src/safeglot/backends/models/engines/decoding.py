"""Continuous batches of one model of transformers: sequences join and leave between two tokens.

Rows are padded at the left, so that all write at one place. What all newcomers begin with, such
as a judge's policy, is read once and kept for those who come after.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeglot.backends.models.engines.sampling import Sampling, alternatives, draw
from safeglot.errors import ModelError

_SHORTEST_PREFIX = 32
_GROWTH = 64
"""Tokens that a cache grows by, when it is full."""
_KINDS = frozenset({"full_attention", "sliding_attention"})
"""Layers whose state is one entry a token, which padding and masks can place."""


@dataclass(slots=True, eq=False, kw_only=True)
class Draft:
    """One request on its way: what is read, how it is drawn, and what is written so far."""

    ids: Sequence[int]
    room: int
    """Tokens that may be written."""
    sampling: Sampling
    is_stop: Callable[[Sequence[int]], bool] | None = None
    """Tells whether a stop string is among the tokens written."""
    out: list[int] = field(default_factory=list)
    logprobs: list[list[tuple[int, float]]] = field(default_factory=list)
    ended: bool = False
    left: bool = False
    """Whether nobody waits for it any more."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        return self.ended or self.left or len(self.out) >= self.room

    @property
    def longest(self) -> int:
        """The most tokens that it may have in the end."""
        return len(self.ids) + self.room

    def begin(self) -> None:
        """Forget what was written; the same numbers are drawn again."""
        self.sampling.restart()
        self.out.clear()
        self.logprobs.clear()


class Decoder:
    """Writes many lines together; `ends` are the tokens that end one.

    `most_tokens` bounds rows times the longest that one may become. Raises: ModelError for models
    whose state is not one entry a token.
    """

    def __init__(self, model: Any, *, ends: Collection[int], most_tokens: int) -> None:
        kinds = set(getattr(model.config.get_text_config(decoder=True), "layer_types", None) or ())
        if getattr(model, "_is_stateful", False) or kinds - _KINDS:
            raise ModelError(
                "setting",
                f"{type(model).__name__} keeps a state that cannot be padded "
                f"({', '.join(sorted(kinds - _KINDS)) or 'recurrent'}). Take vllm-local/… or a server.",
            )
        self._model, self._ends, self._most_tokens = model, frozenset(ends), most_tokens
        self._may_share = "sliding_attention" not in kinds  # a gap would narrow the window
        taken = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in taken else "past_key_values"
        self._few = {"logits_to_keep": 1} if "logits_to_keep" in taken else {}
        self.rows: list[Draft | None] = []
        self._cache: Any = None
        self._mask: Any = None
        self._prefix: tuple[Sequence[int], list[tuple[Any, Any]]] = ((), [])

    @property
    def live(self) -> list[Draft]:
        """The lines that are being written."""
        return [row for row in self.rows if row is not None]

    def fits(self, new: Sequence[Draft]) -> bool:
        """Return whether lines may join those that are there."""
        lines = [*self.live, *new]
        return len(lines) * max(line.longest for line in lines) <= self._most_tokens

    def add(self, new: Sequence[Draft]) -> list[Draft]:
        """Return which of the new lines are done with their first token; all are read, and join."""
        shared = self._read_prefix([line.ids for line in new])
        cache = self._fresh()
        for layer, (keys, values) in zip(
            cache.layers, self._prefix[1] if shared else (), strict=False
        ):
            layer.update(
                keys[:, :, :shared].expand(len(new), -1, -1, -1),
                values[:, :, :shared].expand(len(new), -1, -1, -1),
            )
        width = max(len(line.ids) for line in new) - shared
        rests = [line.ids[shared:] for line in new]
        tokens = self._tensor([[0] * (width - len(rest)) + list(rest) for rest in rests])
        mask = self._tensor(
            [[1] * shared + [0] * (width - len(rest)) + [1] * len(rest) for rest in rests]
        )
        logits = self._forward(cache, tokens, mask)
        kept = [i for i, row in enumerate(self.rows) if row is not None]
        before = [(self._cache, self._mask, kept)] if kept else []
        self._rebuild([*before, (cache, mask, list(range(len(new))))])
        self.rows = [*self.live, *new]
        return self._write(logits, len(kept))

    def step(self) -> list[Draft]:
        """Return the lines that are done with one more token each."""
        self._leave()
        if not self.rows:
            return []
        tokens = self._tensor([[row.out[-1] if row else 0] for row in self.rows])
        self._mask = self._torch.cat([self._mask, self._mask.new_ones(len(self.rows), 1)], -1)
        return self._write(self._forward(self._cache, tokens, self._mask), 0)

    def clear(self) -> None:
        """Free the memory of all lines."""
        self.rows = []
        self._cache = self._mask = None
        self._prefix = ((), [])

    @property
    def _torch(self) -> Any:
        import torch

        return torch

    def _tensor(self, rows: Sequence[Sequence[int]]) -> Any:
        return self._torch.tensor(rows, device=self._model.device)

    def _fresh(self) -> Any:
        from transformers.cache_utils import Cache

        n = self._model.config.get_text_config(decoder=True).num_hidden_layers
        growing = _growing()
        return Cache(layers=[growing() for _ in range(n)])

    def _forward(self, cache: Any, tokens: Any, mask: Any) -> Any:
        """Return the logits behind the last column (rows, vocabulary)."""
        places = (mask.cumsum(-1) - 1).clamp_(min=0)[:, -tokens.shape[1] :]
        with self._torch.inference_mode():
            done = self._model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=places,
                use_cache=True,
                **{self._cache_name: cache},
                **self._few,
            )
        return done.logits[:, -1]

    def _write(self, logits: Any, first: int) -> list[Draft]:
        """Return the lines that are done with their next token; rows before `first` get none."""
        places = [i for i, row in enumerate(self.rows) if row is not None and i >= first]
        if len(places) < len(logits):
            logits = logits[[i - first for i in places]]
        lines = [line for line in self.rows[first:] if line is not None]
        samplings = [line.sampling for line in lines]
        found = alternatives(logits, samplings, [len(line.out) for line in lines])
        for line, token, pairs in zip(lines, draw(logits, samplings), found, strict=True):
            line.out.append(token)
            if pairs:
                line.logprobs.append(pairs)
            line.ended = token in self._ends or bool(line.is_stop and line.is_stop(line.out))
        done = [line for line in lines if line.done]
        self.rows = [None if row is None or row.done else row for row in self.rows]
        return done

    def _leave(self) -> None:
        """Drop the rows of lines that are done, once they are half of all."""
        self.rows = [None if row is None or row.left else row for row in self.rows]
        kept = [i for i, row in enumerate(self.rows) if row is not None]
        if not kept:
            self.rows, self._cache, self._mask = [], None, None
        elif 2 * len(kept) <= len(self.rows):
            self._rebuild([(self._cache, self._mask, kept)])
            self.rows = [*self.live]

    def _rebuild(self, parts: Sequence[tuple[Any, Any, list[int]]]) -> None:
        """Make one cache of rows of others, aligned at the right, without columns that nobody has."""
        masks = [mask[rows] for _, mask, rows in parts]
        masks = [mask[:, int(mask.any(0).int().argmax()) :] for mask in masks]
        width = max(mask.shape[1] for mask in masks)
        pad = self._torch.nn.functional.pad
        self._mask = self._torch.cat([pad(mask, (width - mask.shape[1], 0)) for mask in masks])
        whole = self._fresh()
        for n, layer in enumerate(whole.layers):
            layers = [cache.layers[n] for cache, _, _ in parts]
            pieces = [
                (part.rows(rows, mask.shape[1]), width - mask.shape[1])
                for part, (_, _, rows), mask in zip(layers, parts, masks, strict=True)
            ]
            layer.fill(pieces, width)
            for part in layers:  # the memory of one layer, not of all, is held twice
                part.keys = part.values = None
        self._cache = whole

    def _read_prefix(self, prompts: Sequence[Sequence[int]]) -> int:
        """Return how many tokens all prompts begin with that are read already, or worth to be now."""
        if not self._may_share:
            return 0
        known, _ = self._prefix
        most = min(map(len, prompts)) - 1  # one is left to be read
        read = min([most, *(_common(known, prompt) for prompt in prompts)])
        own = min([most, *(_common(prompts[0], prompt) for prompt in prompts[1:])])
        if len(prompts) > 1 and own >= _SHORTEST_PREFIX and own > 1.25 * read:
            cache, ids = self._fresh(), prompts[0][:own]
            self._forward(cache, self._tensor([ids]), self._tensor([[1] * own]))
            self._prefix = (ids, [layer.rows([0], own) for layer in cache.layers])
            return own
        return read if read >= _SHORTEST_PREFIX else 0


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


@functools.cache
def _growing() -> Any:
    """Return the class of a cache's layer that has room for tokens to come, so that none is copied each time."""
    from transformers.cache_utils import DynamicLayer

    class Growing(DynamicLayer):  # type: ignore[misc]
        n = 0

        def get_seq_length(self) -> int:
            return self.n

        def update(self, keys: Any, values: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            end = self.n + keys.shape[-2]
            if self.keys is None or self.keys.shape[-2] < end:
                self._grow(keys, values, end + _GROWTH)
            self.keys[:, :, self.n : end] = keys
            self.values[:, :, self.n : end] = values
            self.n = end
            return self.keys[:, :, :end], self.values[:, :, :end]

        def rows(self, rows: list[int], last: int) -> tuple[Any, Any]:
            start = self.n - last
            return self.keys[rows, :, start : self.n], self.values[rows, :, start : self.n]

        def fill(self, pieces: Sequence[tuple[tuple[Any, Any], int]], width: int) -> None:
            (keys, values), _ = pieces[0]
            total = sum(len(part) for (part, _), _ in pieces)
            self._make(
                keys[:1].expand(total, -1, -1, -1),
                values[:1].expand(total, -1, -1, -1),
                width + _GROWTH,
            )
            top = 0
            for (keys, values), start in pieces:
                self.keys[top : top + len(keys), :, start:width] = keys
                self.values[top : top + len(keys), :, start:width] = values
                top += len(keys)
            self.n = width

        def _make(self, keys: Any, values: Any, width: int) -> None:
            # zeros: what stands under a mask is multiplied by 0, and must be a number
            self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
            self.keys = keys.new_zeros((*keys.shape[:2], width, keys.shape[3]))
            self.values = values.new_zeros((*values.shape[:2], width, values.shape[3]))

        def _grow(self, keys: Any, values: Any, width: int) -> None:
            old = self.keys, self.values
            self._make(keys, values, width)
            if old[0] is not None:
                self.keys[:, :, : self.n] = old[0][:, :, : self.n]
                self.values[:, :, : self.n] = old[1][:, :, : self.n]

    return Growing
