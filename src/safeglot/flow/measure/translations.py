"""How many translations were kept, gated or failed, and what the quality gate does to the numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import LOOSE, ArmVerdicts
from safeglot.backends.store.failures import failed_translations
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import has_translated, prompt_ids, text_places
from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import Cube
from safeglot.score.translations.gate import (
    Ended,
    TranslatorTexts,
    by_translator,
    translation_shares,
    ungated,
)
from safeglot.translate.base import REPLY_FAULTS
from safeglot.translate.checks.hard_checks import CHECKS
from safeglot.types import Arm, Estimate

KEPT, GATED, FAILED, WAITING = "kept", "gated", "failed", "waiting"
GIVEN = "given"
"""Translator of the texts that the prompt file brought."""

_NUMBER = r"[-+]?\d[\d.]*(?:e[-+]?\d+)?"
_ARMS: tuple[Arm, ...] = ("main", "gated", "translators")
_COMPARED = re.compile(rf"\s+{_NUMBER}\s*[<>]=?\s*{_NUMBER}")

_Who: TypeAlias = tuple[str, str]
"""(language, translator)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a prompt's text in a language, and why it is not among those kept."""

    kind: str
    reason: str = ""
    message: str = ""


_KEPT = Fate(kind=KEPT)
_WAITING = Fate(kind=WAITING, reason="not translated yet")


def fates(store: Store, languages: Sequence[str]) -> dict[tuple[str, str], Fate]:
    """Return (prompt, language) -> what became of it: each is kept, gated, failed, or waits."""
    ended: dict[tuple[str, str], Fate] = {}
    for failed in failed_translations(store):
        reason = why_failed(failed.kind, failed.message)
        fate = Fate(kind=FAILED, reason=reason, message=failed.message)
        ended.setdefault((failed.prompt, failed.language), fate)
    for text in text_places(store, "main", "gated"):
        place = text.prompt, text.language
        if text.arm == "main":
            ended[place] = _KEPT
        elif ended.get(place) is not _KEPT:
            ended[place] = Fate(kind=GATED, reason=bare(text.reason), message=text.reason)
    ids = prompt_ids(store)
    return {(name, tag): ended.get((name, tag), _WAITING) for tag in languages for name in ids}


def bare(reason: str) -> str:
    """Return a gate's reason without its numbers, to be counted: "quality: roundtrip-chrf"."""
    return _COMPARED.sub("", reason)


def why_failed(kind: str, message: str) -> str:
    """Return why there is no text, to be counted: what came in place of one, or the checks missed."""
    missed = [name for name in REPLY_FAULTS if f": {name}: " in message]
    missed += [name for name in CHECKS if f"{name} (" in message]
    return " + ".join(missed) or kind


def estimates(
    store: Store, manifest: Manifest, cube: Cube, verdicts: ArmVerdicts, *, level: float
) -> list[Estimate]:
    """Return what became of the texts, the numbers without the gate, and those of each translator.

    Order: languages, in each the three shares; then judges, models and languages. Nothing for a
    run whose texts the prompt file brought, and no numbers without the gate where it has none.
    """
    if not has_translated(store):
        return []
    texts = _read(store, cube)
    rows = list(_shares(store, cube, texts, level=level))
    if cube.gated_LP is not None:
        rows += ungated(cube, _gated(cube, verdicts, texts.languages), level=level)
    for judge in manifest.judges:
        for model in cube.models:
            for language in texts.languages:
                row = Estimate(metric="", judge=judge, model=model, language=language, level=level)
                unsafe_PS = _unsafe_by_translator(verdicts, (judge, model), language)
                rows += by_translator(row, list(_translators(texts, cube, row, unsafe_PS)))
    return rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _TranslatedTexts:
    """The texts on harmful prompts in the languages that were translated into."""

    languages: tuple[str, ...]
    """Those with a text that was translated, or failed to be."""
    there: dict[_Who, dict[str, Bools]] = field(default_factory=dict)
    """By arm, the prompts with a text, shape (P,)."""


def _read(store: Store, cube: Cube) -> _TranslatedTexts:
    at_P = {prompt: i for i, prompt in enumerate(cube.prompts)}
    tags = {failed.language for failed in failed_translations(store)}
    there: dict[_Who, dict[str, Bools]] = {}
    for text in text_places(store, *_ARMS):
        if text.arm == "gated" or text.translator != GIVEN:
            tags.add(text.language)
        if text.prompt in at_P:
            by_arm = there.setdefault((text.language, text.translator), {})
            there_P = by_arm.setdefault(text.arm, np.zeros(len(at_P), dtype=np.bool_))
            there_P[at_P[text.prompt]] = True
    # the reference is asked as it is
    languages = tuple(tag for tag in cube.languages if tag in tags and tag != cube.reference)
    return _TranslatedTexts(languages=languages, there=there)


def _gated(cube: Cube, verdicts: ArmVerdicts, languages: Sequence[str]) -> Bytes:
    """Return the verdicts on the texts that the gate took out, in the shape of the cube."""
    gated_JMLPS = np.full_like(cube.unsafe_JMLPS, -1)
    for series, k in verdicts.series.items():
        if series.arm != "gated" or series.language not in languages:
            continue
        place = cube.languages.index(series.language)
        for unsafe_MLPS, name in zip(gated_JMLPS, cube.judges, strict=True):
            judge = name.removesuffix(LOOSE)
            flags = verdicts.unsafe_JMKPS if judge == name else verdicts.loose_JMKPS
            read_MPS = flags[verdicts.judges.index(judge), :, k]
            unsafe_MLPS[:, place] = np.maximum(unsafe_MLPS[:, place], read_MPS)
    return gated_JMLPS


def _shares(
    store: Store, cube: Cube, texts: _TranslatedTexts, *, level: float
) -> Iterator[Estimate]:
    harmful = set(cube.prompts)
    counts: dict[str, dict[str, Counter[str]]] = {tag: {} for tag in texts.languages}
    benign: dict[str, Counter[str]] = {tag: Counter() for tag in texts.languages}
    for (prompt, tag), fate in fates(store, texts.languages).items():
        if prompt in harmful:
            counts[tag].setdefault(fate.kind, Counter())[fate.reason] += 1
        elif fate.kind != WAITING:
            benign[tag][fate.kind] += 1
    for tag in texts.languages:
        waiting = counts[tag].get(WAITING, Counter[str]()).total()
        ended = Ended(harmful=counts[tag], benign=benign[tag], waiting=waiting)
        yield from translation_shares(tag, ended, level=level)


def _unsafe_by_translator(
    verdicts: ArmVerdicts, of: tuple[str, str], language: str
) -> dict[str, Bytes]:
    """Return the verdicts on the texts that are not in the main arm, shape (P, S)."""
    tables: dict[str, Bytes] = {}
    for series in (*verdicts.of("gated", language), *verdicts.of("translators", language)):
        unsafe_PS = verdicts.unsafe_PS(*of, series)
        before_PS = tables.get(series.translator, unsafe_PS)
        tables[series.translator] = np.maximum(before_PS, unsafe_PS)
    return tables


def _translators(
    texts: _TranslatedTexts, cube: Cube, row: Estimate, unsafe_PS: Mapping[str, Bytes]
) -> Iterator[TranslatorTexts]:
    place = (
        cube.judges.index(str(row.judge)),
        cube.models.index(str(row.model)),
        cube.languages.index(str(row.language)),
    )
    main_PS = cube.unsafe_JMLPS[place]
    for (language, name), by_arm in sorted(texts.there.items()):
        if language != row.language:
            continue
        none_P = np.zeros_like(next(iter(by_arm.values())))
        own_PS = np.where(by_arm.get("main", none_P)[:, np.newaxis], main_PS, np.int8(-1))
        other_PS = unsafe_PS.get(name)
        yield TranslatorTexts(
            name=name,
            unsafe_PS=own_PS if other_PS is None else np.where(other_PS >= 0, other_PS, own_PS),
            there_P=np.any(list(by_arm.values()), axis=0),
            kept_P=by_arm.get("main", none_P),
            gated_P=by_arm.get("gated", none_P),
        )
