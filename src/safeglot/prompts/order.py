"""The order in which prompts are asked: by the rank of their hash, one of each category after another.

So a run that stops anywhere has asked a random sample of its plan, of equal allocation. Prompts are
told by their places in the file, so that a million of them need little memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Protocol, get_args

from safeglot.keys import digest
from safeglot.types import Kind


class HasTags(Protocol):
    """A prompt, or what is said of it: its text plays no part."""

    @property
    def id(self) -> str:
        """The id, by which its turn is drawn."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Its categories."""

    @property
    def kind(self) -> Kind:
        """Harmful or benign."""


class Tagged(Protocol):
    """Prompts by place."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, place: int, /) -> HasTags:
        """Return one."""


def asking_order(prompts: Tagged, seed: int) -> Sequence[int]:
    """Return the places in the order of asking: harmful and benign ones round by round.

    After the n-th round every category of each kind has n prompts, or all that it has: those that
    `--limit n` takes of the same prompts.
    """
    order = array("I")
    places = range(len(prompts))
    by_kind = [
        rounds(prompts, array("I", (i for i in places if prompts[i].kind == kind)), seed)
        for kind in get_args(Kind)
    ]
    for both in zip_longest(*by_kind, fillvalue=()):
        for own in both:
            order.extend(own)
    order.extend(i for i in places if not prompts[i].categories)
    return order


def rounds(prompts: Tagged, places: Sequence[int], seed: int) -> Iterator[list[int]]:
    """Yield what each round takes, the smallest category first: round n gives each category n prompts.

    A prompt with several tags counts in each of its categories. What round n does hangs on the
    rounds before it only; that nests what they take.
    """
    queues: dict[str, array[int]] = {}
    for place in _by_turn(prompts, places, seed):
        for category in prompts[place].categories:
            queues.setdefault(category, array("I")).append(place)
    order = sorted(queues, key=lambda c: (len(queues[c]), c))
    counts, heads = dict.fromkeys(queues, 0), dict.fromkeys(queues, 0)
    taken = bytearray(len(prompts))
    for n in range(1, max(map(len, queues.values()), default=0) + 1):
        new: list[int] = []
        for category in order:
            queue = queues[category]
            while counts[category] < min(n, len(queue)):
                place = queue[heads[category]]
                heads[category] += 1
                if not taken[place]:
                    taken[place] = True
                    new.append(place)
                    for tag in prompts[place].categories:
                        counts[tag] += 1
        yield new


def shards(prompts: Tagged, n: int, seed: int) -> Sequence[int]:
    """Return the shard of each prompt, from 1 to n, by the rank of its hash within kind and first tag.

    So the shards of every category are of one size, give or take one, and a prompt stays in its
    shard whatever `--limit` takes.
    """
    strata: dict[tuple[str, ...], array[int]] = {}
    for place in _by_turn(prompts, range(len(prompts)), seed):
        prompt = prompts[place]
        strata.setdefault((prompt.kind, *prompt.categories[:1]), array("I")).append(place)
    found = array("I", bytes(4 * len(prompts)))
    for first, stratum in enumerate(sorted(strata)):
        for rank, place in enumerate(strata[stratum]):
            found[place] = (first + rank) % n + 1
    return found


def members(prompts: Tagged, places: Sequence[int]) -> dict[str, int]:
    """Return how many of the prompts in these places each category has."""
    sizes: dict[str, int] = {}
    for place in places:
        for category in prompts[place].categories:
            sizes[category] = sizes.get(category, 0) + 1
    return sizes


def _by_turn(prompts: Tagged, places: Sequence[int], seed: int) -> Iterator[int]:
    """Yield the places by the first half of their prompts' hashes, which no two share."""
    turns = [
        int(digest("selection", seed, prompts[place].id)[:16], 16) << 32 | place for place in places
    ]
    turns.sort()
    for turn in turns:
        yield turn & 0xFFFFFFFF
