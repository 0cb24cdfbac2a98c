"""The probes of a run: variants of its kept texts against the texts themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import ArmVerdicts, Series
from safeglot.backends.store.failures import failed_variants
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import has_arm, text_places
from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import Cube
from safeglot.score.probes.contrasts import (
    Probed,
    VariantVerdicts,
    in_families,
    levels_of,
    of_factors,
    of_variants,
)
from safeglot.text import languages
from safeglot.types import Estimate

_Kind: TypeAlias = tuple[str, str]
"""(language, variant), the factors of the variant in a fixed order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ProbeTexts:
    """The variants of harmful prompts, which of them are there and ask for the same."""

    cube: Cube
    verdicts: ArmVerdicts
    unmade: Counter[_Kind] = field(default_factory=Counter)
    there: dict[_Kind, Bools] = field(default_factory=dict)
    sound: dict[_Kind, Bools] = field(default_factory=dict)
    series: dict[_Kind, list[Series]] = field(default_factory=dict)


def estimates(
    store: Store, manifest: Manifest, cube: Cube, verdicts: ArmVerdicts, *, level: float
) -> list[Estimate]:
    """Return the effects of each variant, and of crossed factors; nothing without probes.

    Order: judges, models, in each the languages with their variants, then the crossed factors.
    """
    if not has_arm(store, "probe"):
        return []
    texts = _read(store, cube, verdicts)
    rows: list[Estimate] = []
    for judge in manifest.judges:
        for model in cube.models:
            probed = [_probed(texts, (judge, model), tag, level=level) for tag in cube.languages]
            rows += in_families([e for of_language in probed for e in of_variants(of_language)])
            rows += of_factors(probed)
    return rows


def _read(store: Store, cube: Cube, verdicts: ArmVerdicts) -> _ProbeTexts:
    at_P = {prompt: i for i, prompt in enumerate(cube.prompts)}
    texts = _ProbeTexts(cube=cube, verdicts=verdicts)
    for text in text_places(store, "probe"):
        if text.prompt not in at_P:
            continue
        kind = _kind(text.language, text.variant)
        for table, flag in ((texts.there, True), (texts.sound, text.kept)):
            table.setdefault(kind, np.zeros(len(at_P), dtype=np.bool_))[at_P[text.prompt]] = flag
    texts.unmade.update(
        _kind(failed.language, failed.variant)
        for failed in failed_variants(store)
        if failed.prompt in at_P
    )
    for series in verdicts.series:
        if series.arm == "probe":
            texts.series.setdefault(_kind(series.language, series.variant), []).append(series)
    return texts


def _kind(language: str, variant: str) -> _Kind:
    return language, "+".join(levels_of(variant))


def _probed(texts: _ProbeTexts, of: tuple[str, str], tag: str, *, level: float) -> Probed:
    (judge, model), cube = of, texts.cube
    unsafe_LPS = cube.unsafe_JMLPS[cube.judges.index(judge), cube.models.index(model)]
    return Probed(
        row=Estimate(metric="", judge=judge, model=model, language=tag, level=level),
        native_PS=unsafe_LPS[cube.languages.index(tag)],
        reference_PS=unsafe_LPS[cube.languages.index(cube.reference)],
        variants=_variants(texts, of, tag),
        of_reference=_variants(texts, of, cube.reference),
        is_reference=tag == cube.reference,
        is_latin=languages.lookup(tag).script == "Latn",
    )


def _variants(texts: _ProbeTexts, of: tuple[str, str], tag: str) -> dict[str, VariantVerdicts]:
    return {
        kind[1]: VariantVerdicts(
            unsafe_PS=_unsafe(texts, of, kind),
            there_P=there_P,
            sound_P=texts.sound[kind],
            unmade=texts.unmade[kind],
        )
        for kind, there_P in texts.there.items()
        if kind[0] == tag
    }


def _unsafe(texts: _ProbeTexts, of: tuple[str, str], kind: _Kind) -> Bytes:
    """Return the verdicts on a variant; its factors may stand in several orders."""
    tables = [texts.verdicts.unsafe_PS(*of, series) for series in texts.series.get(kind, ())]
    nothing = np.full((len(texts.cube.prompts), texts.cube.samples), -1, dtype=np.int8)
    return np.asarray(np.max([nothing, *tables], axis=0))
