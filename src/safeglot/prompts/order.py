"""The order in which prompts are asked: by the rank of their hash, one of each category after another.

So a run that stops anywhere has asked a random sample of its plan, of equal allocation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import get_args

from safeglot.keys import digest
from safeglot.types import Kind, Prompt


def asking_order(prompts: Sequence[Prompt], seed: int) -> list[Prompt]:
    """Return the prompts in the order of asking: harmful and benign ones round by round.

    After the n-th round every category of each kind has n prompts, or all that it has: those that
    `--limit n` takes of the same prompts.
    """
    by_kind = [
        rounds([prompt for prompt in prompts if prompt.kind == kind], seed)
        for kind in get_args(Kind)
    ]
    taken = {p.id: p for both in zip_longest(*by_kind, fillvalue=()) for own in both for p in own}
    rest = {p.id: p for p in prompts if not p.categories}
    return [*taken.values(), *rest.values()]


def rounds(prompts: Sequence[Prompt], seed: int) -> Iterator[list[Prompt]]:
    """Yield what each round takes, the smallest category first: round n gives each category n prompts.

    A prompt with several tags counts in each of its categories. What round n does hangs on the
    rounds before it only; that nests what they take.
    """
    sizes = members(prompts)
    order = sorted(sizes, key=lambda c: (sizes[c], c))
    queues = _queues(prompts, seed)
    counts = dict.fromkeys(sizes, 0)
    taken: set[str] = set()
    for n in range(1, max(sizes.values(), default=0) + 1):
        new: list[Prompt] = []
        for category in order:
            while counts[category] < min(n, sizes[category]):
                prompt = queues[category].popleft()
                if prompt.id not in taken:
                    taken.add(prompt.id)
                    new.append(prompt)
                    for tag in prompt.categories:
                        counts[tag] += 1
        yield new


def shards(prompts: Sequence[Prompt], n: int, seed: int) -> dict[str, int]:
    """Return the shard of each prompt, from 1 to n, by the rank of its hash within kind and first tag.

    So the shards of every category are of one size, give or take one, and a prompt stays in its
    shard whatever `--limit` takes.
    """
    strata: dict[tuple[str, ...], list[str]] = {}
    for prompt in sorted(prompts, key=lambda p: _turn(p, seed)):
        strata.setdefault((prompt.kind, *prompt.categories[:1]), []).append(prompt.id)
    return {
        identifier: (first + rank) % n + 1
        for first, stratum in enumerate(sorted(strata))
        for rank, identifier in enumerate(strata[stratum])
    }


def members(prompts: Iterable[Prompt]) -> dict[str, int]:
    """Return how many prompts each category has."""
    sizes: dict[str, int] = {}
    for prompt in prompts:
        for category in prompt.categories:
            sizes[category] = sizes.get(category, 0) + 1
    return sizes


def _turn(prompt: Prompt, seed: int) -> str:
    return digest("selection", seed, prompt.id)


def _queues(prompts: Sequence[Prompt], seed: int) -> Mapping[str, deque[Prompt]]:
    queues: dict[str, deque[Prompt]] = {}
    for prompt in sorted(prompts, key=lambda p: _turn(p, seed)):
        for category in prompt.categories:
            queues.setdefault(category, deque()).append(prompt)
    return queues
