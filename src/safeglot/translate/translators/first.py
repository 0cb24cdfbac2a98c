"""Several translators as one: each pair of languages goes to the first that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.translate.base import Translator
from safeglot.types import Reply, Request, Source, Translated


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOf:
    """The translator of back-translations: the first, in the order given, that knows the pair."""

    of: tuple[Translator, ...]

    @property
    def name(self) -> str:
        """All names, in order."""
        return "|".join(t.name for t in self.of)

    @property
    def id(self) -> str:
        """All ids, in order."""
        return "|".join(t.id for t in self.of)

    def fault(self, source: str, target: str) -> str:
        """Return why none of them can translate; "" where one can."""
        faults = [t.fault(source, target) for t in self.of]
        if not all(faults):
            return ""
        reasons = "; ".join(f"{t.name}: {why}" for t, why in zip(self.of, faults, strict=True))
        return reasons or "no translator is there"

    def chosen(self, source: str, target: str) -> Translator:
        """Return the one that is asked. Raises: LookupError where none knows both languages."""
        for translator in self.of:
            if not translator.fault(source, target):
                return translator
        raise LookupError(f"no translator from {source} to {target}")

    def ask(self, item: Source) -> Sequence[Request]:
        """Return the requests of the first that knows both languages."""
        return self.chosen(item.language, item.target).ask(item)

    def read(self, item: Source, replies: Sequence[Reply]) -> Translated:
        """Return what the translator that was asked reads."""
        return self.chosen(item.language, item.target).read(item, replies)
