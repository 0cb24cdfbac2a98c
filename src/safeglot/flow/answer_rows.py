"""The answers that a report shows, one by one; until it is their turn they wait in a temporary file."""

from __future__ import annotations

import hashlib
import heapq
import json
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict

from safeglot.backends.files import datasets
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.answers import main_answers
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_texts, prompt_labels
from safeglot.prompts.texts import TextStream
from safeglot.report.page import AnswerRow, AnswerVerdict
from safeglot.types import Verdict

_NONE = -1


class ShownAnswers:
    """Answers to whole prompts, drawn by hash: a part of a large run is a fair sample, all languages side by side."""

    def __init__(self, store: Store, manifest: Manifest, most: int) -> None:
        self._store, self._manifest = store, manifest
        self._per_prompt = max(1, len(manifest.languages) * len(manifest.models) * manifest.samples)
        self._prompts = _drawn(store, most // self._per_prompt)
        self._place = {name: place for place, name in enumerate(self._prompts)}
        self._kept = TextStream(datasets.room_for_texts())
        self._cells: dict[str, int] = {}
        """Key of an answer -> its cell in the plan of these prompts."""

    def __len__(self) -> int:
        """How many are planned."""
        return len(self._prompts) * self._per_prompt

    def rows(self) -> Iterator[AnswerRow]:
        """Yield the answers in the order of the plan."""
        about = self._manifest
        texts, answers, verdicts = self._texts(), self._answers(), self._verdicts()
        ids = list(self._prompts)
        for cell, number in enumerate(answers):
            if number == _NONE:
                continue
            rest, sample = divmod(cell, about.samples)
            rest, model = divmod(rest, len(about.models))
            place, language = divmod(rest, len(about.languages))
            answer, finish_reason = json.loads(self._kept[number])
            yield AnswerRow(
                prompt_id=ids[place],
                categories=self._prompts[ids[place]],
                language=about.languages[language],
                model=about.models[model],
                prompt=self._kept[texts[rest]],
                answer=answer,
                finish_reason=finish_reason,
                sample=sample,
                verdicts=tuple(
                    _verdict(self._kept[own[cell]]) for own in verdicts if own[cell] != _NONE
                ),
            )

    def _cells_of(self, n: int) -> array[int]:
        return array("q", [_NONE]) * n

    def _texts(self) -> array[int]:
        tags = {tag: i for i, tag in enumerate(self._manifest.languages)}
        found = self._cells_of(len(self._prompts) * len(tags))
        for text in main_texts(self._store):
            if text.prompt in self._place and text.language in tags:
                place = self._place[text.prompt] * len(tags) + tags[text.language]
                found[place] = self._kept.add(text.text)
        return found

    def _answers(self) -> array[int]:
        about = self._manifest
        tags = {tag: i for i, tag in enumerate(about.languages)}
        models = {name: i for i, name in enumerate(about.models)}
        found = self._cells_of(len(self))
        for a in main_answers(self._store):
            if a.prompt in self._place:
                rest = self._place[a.prompt] * len(tags) + tags[a.language]
                cell = (rest * len(models) + models[a.model]) * about.samples + a.sample
                found[cell] = self._kept.add(json.dumps([a.text, a.finish_reason]))
                self._cells[a.key] = cell
        return found

    def _verdicts(self) -> Collection[array[int]]:
        """Return for each judge, by its name, where its verdicts are kept."""
        judges = sorted(self._manifest.judges)
        found = {name: self._cells_of(len(self)) for name in judges}
        if self._cells:
            for verdict in self._store.verdicts():
                cell = self._cells.get(verdict.response)
                if cell is not None and verdict.judge in found:
                    found[verdict.judge][cell] = self._kept.add(_shown(verdict))
        return found.values()


def _drawn(store: Store, n: int) -> Mapping[str, tuple[str, ...]]:
    """Return the categories of n prompts, or of all, in the order of the file."""
    names = (prompt.id for prompt in prompt_labels(store))
    drawn = {name for _, name in heapq.nsmallest(n, ((_turn(name), name) for name in names))}
    return {prompt.id: prompt.categories for prompt in prompt_labels(store) if prompt.id in drawn}


def _turn(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def _shown(v: Verdict) -> str:
    shown = AnswerVerdict(
        judge=v.judge,
        unsafe=v.unsafe,
        label=v.label,
        p_unsafe=v.p_unsafe,
        codes=v.codes,
        refusal=v.refusal,
        reason=v.reason,
    )
    return json.dumps(asdict(shown))


def _verdict(text: str) -> AnswerVerdict:
    fields = json.loads(text)
    return AnswerVerdict(**{**fields, "codes": tuple(fields["codes"])})
