"""Prompts with their texts in each language, as the readers return them and a run begins with them."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    of `languages`. `notes` say what was left out or changed on reading.
    """

    prompts: tuple[Prompt, ...]
    translations: tuple[Translation, ...]
    taxonomy: Taxonomy
    languages: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()
    arm_texts: tuple[Translation, ...] = ()
    """Texts of the arms that safeglot made itself: gated ones, other candidates, probes."""
    untranslated: tuple[Untranslated, ...] = ()
    positions: tuple[int, ...] = field(default=(), compare=False)
    """Of each prompt in the whole file, where this is a part of it: parts are joined in its order."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that have a prompt, in the taxonomy's order."""
        used = {category for prompt in self.prompts for category in prompt.categories}
        return tuple(category for category in self.taxonomy.categories if category in used)

    def keep(self, prompts: tuple[Prompt, ...], notes: tuple[str, ...] = ()) -> PromptSet:
        """Return the set of these prompts, which are of this set, with further notes."""
        places = self.positions or range(len(self.prompts))
        ids = {p.id: place for p, place in zip(self.prompts, places, strict=True)}
        ids = {p.id: ids[p.id] for p in prompts}
        return PromptSet(
            prompts=prompts,
            translations=tuple(t for t in self.translations if t.prompt in ids),
            taxonomy=self.taxonomy,
            languages=self.languages,
            source=self.source,
            notes=self.notes + notes,
            arm_texts=tuple(t for t in self.arm_texts if t.prompt in ids),
            untranslated=tuple(u for u in self.untranslated if u.prompt in ids),
            positions=tuple(ids.values()),
        )
