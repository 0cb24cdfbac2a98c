"""All variants of the texts of a run: READ FIRST. What changes words comes first, the frame last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from safeglot.errors import UsageError
from safeglot.prompts.probes.alignment import WordTable, learn
from safeglot.prompts.probes.base import (
    SHARE,
    Made,
    Probe,
    Variant,
    failed,
    name,
    ordered,
    seed_of,
)
from safeglot.prompts.probes.codeswitch import Pair, by_clause, by_word, frequent_words
from safeglot.prompts.probes.codewords import coded
from safeglot.prompts.probes.context import baseline, in_context
from safeglot.prompts.probes.dialect import Dialects
from safeglot.prompts.probes.framing import framed
from safeglot.prompts.probes.spelling import respelt
from safeglot.prompts.probes.transliterate import romanise
from safeglot.text.languages import canonical

Texts = Mapping[str, Mapping[str, str]]
"""Texts by prompt and by language."""
_INTO = "-into-reference"


def variants(
    texts: Texts,
    probes: Sequence[Sequence[Probe]],
    *,
    seed: int,
    reference: str,
    share: float = SHARE,
    dialects: Dialects | None = None,
) -> Iterator[Made]:
    """Yield the variant, or the reason why there is none, of every text by every set of probes.

    `probes` holds sets of factors that are applied to one text together. `texts` are those of the
    run, as they were kept; word-level code-switching learns its word pairs from all of them.
    Raises: UsageError for a share that is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UsageError(f"share of code-switching is {share:g}; it must lie between 0 and 1")
    maker = _Maker(texts, seed=seed, reference=reference, share=share, dialects=dialects)
    sets = [ordered(together) for together in probes]
    for prompt, by_language in texts.items():
        for tag in by_language:
            for together in sets:
                variant = maker.made(prompt, tag, together)
                yield Made(prompt=prompt, language=tag, name=name(together), variant=variant)


class _Maker:
    """Holds what is the same for all texts: tables of words, each learned when first needed."""

    def __init__(
        self, texts: Texts, *, seed: int, reference: str, share: float, dialects: Dialects | None
    ) -> None:
        self.texts, self.seed, self.reference, self.share = texts, seed, reference, share
        self.dialects = dialects or Dialects()
        self.tables: dict[str, WordTable] = {}
        self.frequent: frozenset[str] | None = None

    def made(self, prompt: str, tag: str, probes: Sequence[Probe]) -> Variant:
        """Return a text after its probes, one after the other; the first that cannot be applied says why."""
        parent = self.texts[prompt][tag]
        is_placed = any(probe.factor == "context" for probe in probes)
        now = Variant(text=parent) if is_placed else baseline(parent, tag, self.reference)
        facts: dict[str, float | str] = {}
        for probe in probes:
            if now.fault:
                return failed(now.fault)
            now = self._applied(now.text, prompt, tag, probe, facts)
            facts |= now.facts
        if not now.fault and now.text == parent and probes[0].factor != "length":
            return failed("the variant is the same as the text that it was made of")
        return failed(now.fault) if now.fault else Variant(text=now.text, facts=facts)

    def _applied(
        self, text: str, prompt: str, tag: str, probe: Probe, facts: Mapping[str, float | str]
    ) -> Variant:
        own = str(facts.get("context", ""))
        steps: dict[str, Callable[[], Variant]] = {
            "context": lambda: in_context(text, tag, probe.level, self.reference),
            "codewords": lambda: coded(
                text, self.dialects.codes.get((probe, canonical(tag)), {}), tag
            ),
            "codeswitch": lambda: self._switched(text, prompt, tag, probe, own),
            "translit": lambda: romanise(text, tag),
            "spelling": lambda: respelt(text, probe.level),
            "length": lambda: Variant(text=text),
            "framing": lambda: framed(text, probe.level, str(facts.get("matrix", tag))),
        }
        step = steps.get(probe.factor)
        return step() if step else self.dialects.variant(probe, prompt, tag)

    def _switched(self, text: str, prompt: str, tag: str, probe: Probe, context: str) -> Variant:
        """Return a text mixed with the reference text, which stands in the same context."""
        if tag == self.reference:
            return failed("the language is the reference language: there is nothing to switch to")
        given = self.texts[prompt].get(self.reference)
        if given is None:
            return failed(f"no text of this prompt in {self.reference} was kept")
        other = baseline(given, self.reference, context or self.reference)
        if other.fault:
            return failed(other.fault)
        pair = Pair(reference=other.text, target=text, reference_tag=self.reference, target_tag=tag)
        seed = seed_of(self.seed, prompt, probe)
        into = probe.level.endswith(_INTO)
        if probe.level.removesuffix(_INTO) == "clause":
            table = self._table(tag)
            return by_clause(pair, seed=seed, share=self.share, into_reference=into, table=table)
        return by_word(
            pair,
            self._table(tag),
            seed=seed,
            share=self.share,
            frequent=self._frequent(),
            into_reference=into,
        )

    def _table(self, tag: str) -> WordTable:
        if tag not in self.tables:
            rows = self.texts.values()
            pairs = [
                (row[self.reference], row[tag])
                for row in rows
                if {self.reference, tag} <= row.keys()
            ]
            self.tables[tag] = learn(pairs)
        return self.tables[tag]

    def _frequent(self) -> frozenset[str]:
        if self.frequent is None:
            rows = self.texts.values()
            self.frequent = frequent_words(
                row[self.reference] for row in rows if self.reference in row
            )
        return self.frequent
