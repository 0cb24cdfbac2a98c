"""The answers that a report shows, one by one; until it is their turn they wait in a temporary file."""

from __future__ import annotations

import hashlib
import heapq
import json
from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict

from safeglot.backends.files import datasets
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.answers import main_answers, most_samples, telling_requests
from safeglot.backends.store.failures import failed_answers
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_texts, prompt_labels
from safeglot.prompts.texts import TextStream
from safeglot.report.page import AnswerRow, AnswersShown, AnswerVerdict
from safeglot.types import Verdict

MOST = 100_000
"""Answers that a report has beside it at most, where more is not asked for."""
_NONE = -1
_WITHOUT_ANSWER = ("blocked", "thought_only")
"""Ways of a request to end that a reader should see, though there is no answer to read."""


class ShownAnswers:
    """Answers of one model to one prompt, in all languages: first what tells something, then a draw of the rest.

    A request tells something where an answer is unsafe, was blocked or has no verdict that could be
    read. All of these are shown, up to MOST answers, and `most` answers of the others; a draw is by
    hash, so that it is a fair sample and always the same. With `most` of 0 there are none.
    """

    def __init__(self, store: Store, manifest: Manifest, most: int) -> None:
        self._store, self._manifest = store, manifest
        # a test of guards may have more answers under an id than a run plans
        self._samples = max(manifest.samples, most_samples(store))
        self._per_request = max(1, len(manifest.languages) * self._samples)
        chosen, self.shown = self._chosen(most)
        self._categories = {prompt.id: prompt.categories for prompt in prompt_labels(store)
                            if any((prompt.id, model) in chosen for model in manifest.models)}  # fmt: skip
        ordered = [
            (name, model)
            for telling in (True, False)
            for name in self._categories
            for model in manifest.models
            if chosen.get((name, model)) is telling
        ]
        self._place = {request: place for place, request in enumerate(ordered)}
        self._kept = TextStream(datasets.room_for_texts())
        self._cells: dict[str, int] = {}
        """Key of an answer -> its cell in the plan of these requests."""

    def __len__(self) -> int:
        """How many are planned."""
        return len(self._place) * self._per_request

    def _chosen(self, most: int) -> tuple[dict[tuple[str, str], bool], AnswersShown]:
        """Return whether each request that is shown tells something, and the counts of both sorts."""
        if not most:
            return {}, AnswersShown(telling=0, telling_all=0, others=0, others_all=0)
        room = max(most, MOST) // self._per_request
        all_telling = 0

        def telling() -> Iterator[tuple[str, str]]:
            nonlocal all_telling
            for request in telling_requests(self._store, self._manifest.unguarded.judges):
                all_telling += 1
                yield request

        first = _drawn(telling(), room)
        wanted = min(most // self._per_request, room - len(first))
        is_whole = len(first) == all_telling
        every = len(self._manifest.models) * sum(1 for _ in prompt_labels(self._store))
        others = _drawn(self._requests_but(first), wanted) if is_whole else set()
        shown = AnswersShown(
            telling=len(first),
            telling_all=all_telling,
            others=len(others),
            others_all=every - all_telling,
        )
        return dict.fromkeys(first, True) | dict.fromkeys(others, False), shown

    def _requests_but(self, taken: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for prompt in prompt_labels(self._store):
            for model in self._manifest.models:
                if (prompt.id, model) not in taken:
                    yield prompt.id, model

    def rows(self) -> Iterator[AnswerRow]:
        """Yield the answers in the order of the plan, those of requests that tell something first."""
        about = self._manifest
        texts, answers, verdicts = self._texts(), self._answers(), self._verdicts()
        requests = list(self._place)
        for cell, number in enumerate(answers):
            if number == _NONE:
                continue
            rest, sample = divmod(cell, self._samples)
            place, language = divmod(rest, len(about.languages))
            prompt, model = requests[place]
            answer, finish_reason = json.loads(self._kept[number])
            yield AnswerRow(
                prompt_id=prompt,
                categories=self._categories[prompt],
                language=about.languages[language],
                model=model,
                prompt=self._kept[texts[prompt, language]],
                answer=answer,
                finish_reason=finish_reason,
                sample=sample,
                verdicts=tuple(
                    _verdict(self._kept[own[cell]]) for own in verdicts if own[cell] != _NONE
                ),
            )

    def _texts(self) -> dict[tuple[str, int], int]:
        tags = {tag: i for i, tag in enumerate(self._manifest.languages)}
        return {
            (text.prompt, tags[text.language]): self._kept.add(text.text)
            for text in main_texts(self._store)
            if text.prompt in self._categories and text.language in tags
        }

    def _answers(self) -> array[int]:
        tags = {tag: i for i, tag in enumerate(self._manifest.languages)}
        found = array("q", [_NONE]) * len(self)

        def cell_of(prompt: str, model: str, language: str, sample: int) -> int | None:
            place = self._place.get((prompt, model))
            if place is None or language not in tags:
                return None
            return (place * len(tags) + tags[language]) * self._samples + sample

        for a in main_answers(self._store):
            cell = cell_of(a.prompt, a.model, a.language, a.sample)
            if cell is not None:
                found[cell] = self._kept.add(json.dumps([a.text, a.finish_reason]))
                self._cells[a.key] = cell
        for lost in failed_answers(self._store):
            cell = cell_of(lost.prompt, lost.model, lost.language, lost.sample)
            if cell is not None and lost.kind in _WITHOUT_ANSWER:
                found[cell] = self._kept.add(json.dumps(["", lost.kind]))
        return found

    def _verdicts(self) -> Collection[array[int]]:
        """Return for each judge, by its name, where its verdicts are kept."""
        judges = sorted(self._manifest.unguarded.judges)
        found = {name: array("q", [_NONE]) * len(self) for name in judges}
        if self._cells:
            for verdict in self._store.verdicts():
                cell = self._cells.get(verdict.response)
                if cell is not None and verdict.judge in found:
                    found[verdict.judge][cell] = self._kept.add(_shown(verdict))
        return found.values()


def _drawn(requests: Iterable[tuple[str, str]], n: int) -> set[tuple[str, str]]:
    """Return n of the requests, or all."""
    return {request for _, request in heapq.nsmallest(n, ((_turn(r), r) for r in requests))}


def _turn(request: tuple[str, str]) -> bytes:
    return hashlib.blake2b("\0".join(request).encode(), digest_size=8).digest()


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
