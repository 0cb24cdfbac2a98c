"""The selection of prompts for a run: a number a category, the same in every language."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from safeglot.errors import UsageError
from safeglot.prompts.order import members, rounds, shards
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.rows import Labels, SparseTextRows
from safeglot.prompts.taxonomy import unknown_category
from safeglot.types import Kind

_SHARD = re.compile(r"[0-9]{1,6}(,[0-9]{1,6})*/[0-9]{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """The parts of a plan that a run asks, of so many; parts are counted from 1."""

    numbers: frozenset[int]
    of: int

    def __str__(self) -> str:
        return f"{','.join(map(str, sorted(self.numbers)))}/{self.of}"

    @property
    def lacking(self) -> list[int]:
        """The parts that are not in it."""
        return [number for number in range(1, self.of + 1) if number not in self.numbers]


def shard_of(text: str) -> Shard:
    """Return the shard that a text such as "2/8" or "1,3/8" names. Raises: ValueError for other texts."""
    if not _SHARD.fullmatch(text):
        raise ValueError(text)
    numbers, _, of = text.partition("/")
    shard = Shard(frozenset(map(int, numbers.split(","))), int(of))
    if not all(1 <= number <= shard.of for number in shard.numbers):
        raise ValueError(text)
    return shard


def select(
    prompt_set: PromptSet,
    *,
    limit: int | None,
    seed: int,
    categories: Sequence[str] | None = None,
    kinds: Sequence[Kind] = ("harmful",),
    shard: Shard | None = None,
) -> PromptSet:
    """Return `limit` prompts a category and kind, or all where limit is None; of these a shard's.

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
    inside = prompt_set.labels().within(wanted)
    places = _of_kinds(inside, kinds, wanted)
    if not places:
        raise UsageError(_nothing(prompt_set, wanted, kinds))
    notes: list[str] = []
    if limit is not None:
        taken: list[int] = []
        for kind in dict.fromkeys(kinds):
            for stratum in _by_language(prompt_set, _of_kinds(inside, (kind,), wanted)):
                notes += _short(members(inside, stratum), limit, kind)
                taken += [i for new in islice(rounds(inside, stratum, seed), limit) for i in new]
        places = array("I", sorted(taken))
    if shard is not None:
        parts = shards(prompt_set.labels(), shard.of, seed)
        places = array("I", (i for i in places if parts[i] in shard.numbers))
        if not places:
            raise UsageError(f"--shard {shard}: none of the prompts is in it; take fewer shards")
    return prompt_set.keep(places, tags=wanted, notes=tuple(notes))


def sizes_of(
    prompt_set: PromptSet, *, categories: Sequence[str] | None, kinds: Sequence[Kind]
) -> dict[str, dict[str, int]]:
    """Return how many prompts each kind and category has before a limit is set."""
    wanted = _wanted(prompt_set, categories)
    inside = prompt_set.labels().within(wanted)
    return {
        kind: members(inside, _of_kinds(inside, (kind,), wanted)) for kind in dict.fromkeys(kinds)
    }


def _wanted(prompt_set: PromptSet, categories: Sequence[str] | None) -> frozenset[str] | None:
    for category in categories or ():
        if category not in prompt_set.taxonomy.categories:
            raise UsageError(f"--categories: {unknown_category(category, prompt_set.taxonomy)}")
    return frozenset(categories) if categories else None


def _by_language(prompt_set: PromptSet, places: Sequence[int]) -> list[Sequence[int]]:
    """Return the places of each language where the languages have prompts of their own; else all of them."""
    if not isinstance(prompt_set.translations, SparseTextRows):
        return [places]
    own: dict[str, array[int]] = {}
    for place in places:
        language, _ = prompt_set.translations.columns.own(place)
        own.setdefault(language, array("I")).append(place)
    return list(own.values())


def _of_kinds(
    inside: Labels, kinds: Sequence[Kind], wanted: frozenset[str] | None
) -> Sequence[int]:
    """Return the places of the prompts of these kinds that have a category that is wanted."""
    return array(
        "I",
        (i for i, p in enumerate(inside) if p.kind in kinds and (wanted is None or p.categories)),
    )


def _nothing(prompt_set: PromptSet, wanted: frozenset[str] | None, kinds: Sequence[Kind]) -> str:
    has = Counter(label.kind for label in prompt_set.labels())
    counts = ", ".join(f"{has[kind]} {kind}" for kind in ("harmful", "benign"))
    where = f" in {', '.join(sorted(wanted))}" if wanted else ""
    return (
        f"{prompt_set.source} has no prompt of the kind {' or '.join(kinds)}{where} "
        f"(in all it has {counts}); choose another kind or category"
    )


def _short(sizes: Mapping[str, int], limit: int, kind: Kind) -> list[str]:
    few = {c: n for c, n in sizes.items() if n < limit}
    if not few:
        return []
    told = ", ".join(f"{category} {n}" for category, n in sorted(few.items()))
    return [f"fewer than {limit} {kind} prompts in: {told}"]
