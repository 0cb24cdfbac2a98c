"""What targets and judges are shown, made from the rows of the plan, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from safeglot.backends.store import plan, tries
from safeglot.backends.store.plan import MissingAnswer, StoredText
from safeglot.backends.store.store import Store
from safeglot.types import Answer, Item, Prompt

IN_REFERENCE = ("roundtrip", "roundtrip2", "backtranslate", "pivot")
"""Arms whose prompts and answers are in the reference language, whatever language they are about."""
ROWS = 200
"""Texts that are read at a time."""
KEPT = 20 * ROWS
"""Prompts that are kept at most, before those of the next texts."""


class Items:
    """Reads texts and answers of a run; of prompts the last ones are kept, since their languages follow each other."""

    def __init__(self, store: Store, *, reference: str) -> None:
        self._store = store
        self._reference = reference
        self._prompts: dict[str, Prompt] = {}

    def of(self, missing: Iterator[MissingAnswer]) -> Iterator[tuple[MissingAnswer, Item]]:
        """Yield what is to be asked of each missing answer."""
        while chunk := list(islice(missing, ROWS)):
            texts = plan.texts_by_id(self._store, dict.fromkeys(work.text for work in chunk))
            self._read_prompts(stored.text.prompt for stored in texts.values())
            yield from [(work, self._item(texts[work.text], work.sample)) for work in chunk]

    def answers(self, numbers: Iterable[int]) -> Iterator[tuple[int, Answer]]:
        """Yield the answers under some numbers, those that are there."""
        rest = iter(numbers)
        while chunk := list(islice(rest, ROWS)):
            rows = plan.answers_by_id(self._store, chunk)
            self._read_prompts(asked.text.prompt for asked, _ in rows.values())
            for n in filter(rows.__contains__, chunk):
                asked, response = rows[n]
                yield n, Answer(item=self._item(asked, response.sample), response=response)

    def _read_prompts(self, ids: Iterable[str]) -> None:
        wanted = set(ids)
        if len(self._prompts) > KEPT:
            self._prompts = {name: p for name, p in self._prompts.items() if name in wanted}
        self._prompts |= tries.prompts_by_id(self._store, wanted - self._prompts.keys())

    def _item(self, stored: StoredText, sample: int) -> Item:
        key, text = stored
        prompt = self._prompts[text.prompt]
        if text.arm in IN_REFERENCE:
            text = replace(text, language=self._reference)
        return Item(prompt=prompt, translation=text, translation_key=key, sample=sample)
