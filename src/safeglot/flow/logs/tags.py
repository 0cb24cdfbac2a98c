"""Texts that look like another language than their tag says: told, never changed."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from safeglot.judge.answers.identify import identify
from safeglot.prompts.problems import listed
from safeglot.prompts.rows import PromptColumns
from safeglot.text.close_languages import group_of
from safeglot.text.languages import primary

LOOKED_AT = 200
"""Texts of a language that are looked at, evenly over the file."""
FEWEST, SHARE = 3, 0.05
"""From so many of them on, and such a share, it is told."""


def tag_notes(columns: PromptColumns) -> Iterator[str]:
    """Yield of each language in which many texts look like another one, which and how many."""
    n = len(columns.languages)
    for place, tag in enumerate(columns.languages):
        held = array("q", (number for number in columns.texts_at[place::n] if number >= 0))
        picked = held[:: max(1, len(held) // LOOKED_AT)][:LOOKED_AT]
        own = group_of(primary(tag))
        found = Counter(
            language
            for number in picked
            if (language := identify(columns.texts[number], tag).language) is not None
            and group_of(language) != own
        )
        if found.total() >= max(FEWEST, SHARE * len(picked)):
            seen = listed([f"{language} {k} times" for language, k in found.most_common()], 3)
            yield (
                f"{found.total()} of {len(picked)} texts in {tag} look like another language "
                f"({seen}). Where two languages stand under one tag, give each its own"
            )
