"""Prompts with their texts in each language, as the readers return them and a run begins with them."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from safeglot.keys import digest_of_lists
from safeglot.prompts.rows import Labels, PromptRows, TextRows
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslated:
    """A prompt that has no text in a language, and why: it is missing there, never English."""

    prompt: str
    language: str
    kind: str
    message: str
    stage: str = "translate"
    """Or "probe", a variant that could not be made, or the arm whose text it is."""
    translator: str = ""
    """Of an arm's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSet:
    """Parallel prompts: at most one translation for each prompt and language, the source's included.

    Where safeglot translated, a prompt can lack a language: its text was gated (it is in `arm_texts`
    then) or there is none (`untranslated` says why).

    `prompts` are in the order of the file; `translations` go prompt by prompt, each in the order
    of `languages`. Those of a file are made anew each time that one is asked for (prompts/rows.py):
    go through them, and keep none. `notes` say what was left out or changed on reading.
    """

    prompts: Sequence[Prompt]
    translations: Sequence[Translation]
    taxonomy: Taxonomy
    languages: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()
    arm_texts: tuple[Translation, ...] = ()
    """Texts of the arms that safeglot made itself: gated ones, other candidates, probes."""
    untranslated: tuple[Untranslated, ...] = ()
    positions: Sequence[int] = field(default=(), compare=False)
    """Of each prompt in the whole file, where this is a part of it: parts are joined in its order."""
    _digest: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that have a prompt, in the taxonomy's order."""
        used = {category for label in self.labels() for category in label.categories}
        return tuple(category for category in self.taxonomy.categories if category in used)

    def labels(self) -> Labels:
        """Return the prompts without their texts, which need not be read for it."""
        if isinstance(self.prompts, PromptRows):
            return self.prompts.columns.labels
        return Labels.of(self.prompts)

    @property
    def digest(self) -> str:
        """The digest of the texts and of what is said of the prompts, made once."""
        if not self._digest:
            texts = ((t.prompt, t.language, t.text, t.translator) for t in self.translations)
            self._digest.append(digest_of_lists(texts, map(tuple, self.labels())))
        return self._digest[0]

    def texts_of(self, rows: Iterable[int]) -> Iterator[Translation]:
        """Yield the texts of the prompts in these places, in their order."""
        if isinstance(self.translations, TextRows):
            for row in rows:
                yield from self.translations.of(row)
            return
        texts: dict[str, list[Translation]] = {}
        for text in self.translations:
            texts.setdefault(text.prompt, []).append(text)
        for row in rows:
            yield from texts.get(self.prompts[row].id, ())

    def keep(
        self,
        rows: Sequence[int],
        *,
        tags: Collection[str] | None = None,
        languages: tuple[str, ...] | None = None,
        notes: tuple[str, ...] = (),
    ) -> PromptSet:
        """Return the set of the prompts in these places, in their order, with further notes.

        It has the `languages`, and of the categories those among the `tags`, where they are given.
        """
        languages = self.languages if languages is None else languages
        prompts: Sequence[Prompt]
        translations: Sequence[Translation]
        if isinstance(self.prompts, PromptRows) and isinstance(self.translations, TextRows):
            columns = self.prompts.columns.take(rows, languages, tags)
            prompts, translations = PromptRows(columns), type(self.translations)(columns)
            ids = set(columns.labels.ids) if self.arm_texts or self.untranslated else set()
        else:
            prompts = tuple(_tagged(self.prompts[row], tags) for row in rows)
            ids = {prompt.id for prompt in prompts}
            texts = {(t.prompt, t.language): t for t in self.translations}
            places = ((p.id, tag) for p in prompts for tag in languages)
            translations = tuple(texts[place] for place in places if place in texts)
        return replace(
            self,
            prompts=prompts,
            translations=translations,
            languages=languages,
            notes=self.notes + notes,
            arm_texts=tuple(t for t in self.arm_texts if t.prompt in ids),
            untranslated=tuple(u for u in self.untranslated if u.prompt in ids),
            positions=array("I", (self.positions[row] for row in rows)) if self.positions else rows,
        )


def _tagged(prompt: Prompt, tags: Collection[str] | None) -> Prompt:
    if tags is None:
        return prompt
    return replace(prompt, categories=tuple(tag for tag in prompt.categories if tag in tags))
