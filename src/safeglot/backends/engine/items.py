"""What targets and judges are shown, made from the rows of the plan, many at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from safeglot.backends.store import plan, tries
from safeglot.backends.store.plan import MissingAnswer, StoredAnswer, StoredText
from safeglot.backends.store.store import Store
from safeglot.types import Answer, Item, Prompt, Response, Translation

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
            self._read_prompts(text.prompt for text in texts.values())
            yield from [(work, self._item(texts[work.text], work.sample)) for work in chunk]

    def answers(self, numbers: Iterable[int]) -> Iterator[tuple[int, Answer]]:
        """Yield the answers under some numbers, those that are there."""
        rest = iter(numbers)
        while chunk := list(islice(rest, ROWS)):
            rows = plan.answers_by_id(self._store, chunk)
            self._read_prompts(row.asked.prompt for row in rows.values())
            yield from [(n, self._answer(rows[n])) for n in chunk if n in rows]

    def _read_prompts(self, ids: Iterable[str]) -> None:
        wanted = set(ids)
        if len(self._prompts) > KEPT:
            self._prompts = {name: p for name, p in self._prompts.items() if name in wanted}
        self._prompts |= tries.prompts_by_id(self._store, wanted - self._prompts.keys())

    def _item(self, text: StoredText, sample: int) -> Item:
        written = self._reference if text.arm in IN_REFERENCE else text.language
        return Item(
            prompt=self._prompts[text.prompt],
            translation=Translation(
                prompt=text.prompt,
                language=written,
                text=text.text,
                translator=text.translator,
                arm=text.arm,
                variant=text.variant,
                checks=tuple(json.loads(text.checks)) if text.variant else (),
            ),
            translation_key=text.key,
            sample=sample,
        )

    def _answer(self, row: StoredAnswer) -> Answer:
        return Answer(
            item=self._item(row.asked, row.sample),
            response=Response(
                key=row.key,
                translation=row.asked.key,
                model=row.model,
                text=row.answer,
                finish_reason=row.finish_reason,
                n_tokens=row.n_tokens,
                sample=row.sample,
                thought=row.thought,
                served_by=row.served_by,
                refused=row.refused,
            ),
        )
