"""The selection of prompts for a run: a number a category, the same in every language."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from safeglot.errors import UsageError
from safeglot.keys import digest
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.taxonomy import unknown_category
from safeglot.types import Kind, Prompt


def select(
    prompt_set: PromptSet,
    *,
    limit: int | None,
    seed: int,
    categories: Sequence[str] | None = None,
    kinds: Sequence[Kind] = ("harmful",),
) -> PromptSet:
    """Return `limit` prompts a category and kind, or all where limit is None.

    A prompt's turn is the hash of seed and id, so neither the order of the file nor the prompts of
    other categories move it, and what a limit takes, every higher limit takes too. A prompt with
    several tags counts in each of its categories: a category that has its number through them gets
    no more of its own (it may have more than its number). With `categories`, prompts keep those
    tags only.

    Raises: UsageError for a limit below 1, an unknown category, or nothing left.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"--limit is {limit}; it must be 1 or more (leave it out for all prompts)")
    wanted = _wanted(prompt_set, categories)
    selected = [p for p in _within(prompt_set.prompts, wanted) if p.kind in kinds]
    if not selected:
        raise UsageError(_nothing(prompt_set, wanted, kinds))
    notes: list[str] = []
    if limit is not None:
        taken: set[str] = set()
        for kind in dict.fromkeys(kinds):
            stratum = [p for p in selected if p.kind == kind]
            notes += _short(stratum, limit, kind)
            taken |= _take(stratum, limit, seed)
        selected = [p for p in selected if p.id in taken]
    return prompt_set.keep(tuple(selected), tuple(notes))


def sizes_of(
    prompt_set: PromptSet, *, categories: Sequence[str] | None, kinds: Sequence[Kind]
) -> dict[str, dict[str, int]]:
    """Return how many prompts each kind and category has before a limit is set."""
    inside = list(_within(prompt_set.prompts, _wanted(prompt_set, categories)))
    return {kind: _members(p for p in inside if p.kind == kind) for kind in dict.fromkeys(kinds)}


def _wanted(prompt_set: PromptSet, categories: Sequence[str] | None) -> frozenset[str] | None:
    for category in categories or ():
        if category not in prompt_set.taxonomy.categories:
            raise UsageError(f"--categories: {unknown_category(category, prompt_set.taxonomy)}")
    return frozenset(categories) if categories else None


def _within(prompts: Iterable[Prompt], wanted: frozenset[str] | None) -> Iterable[Prompt]:
    if wanted is None:
        yield from prompts
        return
    for prompt in prompts:
        tags = tuple(tag for tag in prompt.categories if tag in wanted)
        if tags:
            yield replace(prompt, categories=tags)


def _nothing(prompt_set: PromptSet, wanted: frozenset[str] | None, kinds: Sequence[Kind]) -> str:
    has = {kind: sum(p.kind == kind for p in prompt_set.prompts) for kind in ("harmful", "benign")}
    counts = ", ".join(f"{n} {kind}" for kind, n in has.items())
    where = f" in {', '.join(sorted(wanted))}" if wanted else ""
    return (
        f"{prompt_set.source} has no prompt of the kind {' or '.join(kinds)}{where} "
        f"(in all it has {counts}); choose another kind or category"
    )


def _members(prompts: Iterable[Prompt]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for prompt in prompts:
        for category in prompt.categories:
            sizes[category] = sizes.get(category, 0) + 1
    return sizes


def _short(prompts: Iterable[Prompt], limit: int, kind: Kind) -> list[str]:
    few = {c: n for c, n in _members(prompts).items() if n < limit}
    if not few:
        return []
    told = ", ".join(f"{category} {n}" for category, n in sorted(few.items()))
    return [f"fewer than {limit} {kind} prompts in: {told}"]


def _take(prompts: Sequence[Prompt], limit: int, seed: int) -> set[str]:
    """Return the prompts taken round by round, the smallest category first: round n gives each n prompts.

    What round n does hangs on the rounds before it only; that nests the choices.
    """
    sizes = _members(prompts)
    order = sorted(sizes, key=lambda c: (sizes[c], c))
    queues = _queues(prompts, seed)
    counts = dict.fromkeys(sizes, 0)
    taken: set[str] = set()
    for n in range(1, min(limit, max(sizes.values(), default=0)) + 1):
        for category in order:
            while counts[category] < min(n, sizes[category]):
                prompt = queues[category].popleft()
                if prompt.id not in taken:
                    taken.add(prompt.id)
                    for tag in prompt.categories:
                        counts[tag] += 1
    return taken


def _queues(prompts: Sequence[Prompt], seed: int) -> Mapping[str, deque[Prompt]]:
    turn = {prompt.id: digest("selection", seed, prompt.id) for prompt in prompts}
    queues: dict[str, deque[Prompt]] = {}
    for prompt in sorted(prompts, key=lambda p: turn[p.id]):
        for category in prompt.categories:
            queues.setdefault(category, deque()).append(prompt)
    return queues
