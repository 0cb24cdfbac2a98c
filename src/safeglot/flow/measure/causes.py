"""The causes of a gap, from the verdicts of a run's arms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.store import Store
from safeglot.score.arrays import Bools, Bytes, Floats
from safeglot.score.causes.estimates import Cell, of_gap, of_quality, of_translators
from safeglot.types import Estimate

_ANY = "SELECT EXISTS(SELECT 1 FROM translations WHERE arm <> 'main' OR quality <> '{}')"
_TEXTS = "SELECT arm, language, translator, prompt, quality FROM translations WHERE arm <> 'probe'"
_ANSWERS = """
SELECT t.arm, t.language, r.model, t.prompt FROM responses r
JOIN translations t ON t.key = r.translation WHERE t.arm IN ('backtranslate', 'reverse')
"""
_VERDICTS = """
SELECT v.judge, r.model, t.arm, t.language, t.translator, t.prompt, r.sample, v.unsafe
FROM verdicts v JOIN responses r ON r.key = v.response JOIN translations t ON t.key = r.translation
WHERE v.unsafe IS NOT NULL AND t.arm <> 'probe'
"""

_Judged: TypeAlias = tuple[str, str, str, str]
"""(judge, model, arm, language)."""


@dataclass(slots=True, kw_only=True)
class _Held:
    """What a run holds on its harmful prompts, by arm."""

    place: Mapping[str, int]
    samples: int
    unsafe: dict[_Judged, dict[str, Bytes]] = field(default_factory=dict)
    """Verdicts by translator, shape (P, S): 0, 1, and -1 where missing."""
    planned: dict[tuple[str, ...], dict[str, Bools]] = field(default_factory=dict)
    """(arm, language), of given answers (arm, language, model) -> prompts with a text, shape (P,)."""
    quality: dict[tuple[str, str, str], dict[str, Floats]] = field(default_factory=dict)
    """(arm, language, translator) -> estimator -> quality, shape (P,), NaN where not told."""


def estimates(store: Store, manifest: Manifest, *, level: float) -> list[Estimate]:
    """Return the terms of each gap, and what translators and quality do to it; nothing without arms."""
    if not next(store.rows(_ANY))[0]:
        return []
    held = _read(store, manifest)
    estimator = _estimator(held)
    reference = manifest.reference
    others = [tag for tag in manifest.languages if tag != reference]
    found: list[Estimate] = []
    for judge in manifest.judges:
        for model in manifest.models:
            cells = [_cell(held, (judge, model), tag, reference, estimator) for tag in others]
            told = [replace(cell, level=level) for cell in cells]
            spread = iter(of_translators(told))
            for cell in told:
                found += of_gap(cell)
                found += next(spread)
                found += of_quality(cell)
    return found


def _read(store: Store, manifest: Manifest) -> _Held:
    harmful = [p.id for p in store.prompts() if p.kind == "harmful"]
    held = _Held(place={p: i for i, p in enumerate(harmful)}, samples=manifest.samples)
    n = len(harmful)
    for arm, language, translator, prompt, quality in store.rows(_TEXTS):
        at = held.place.get(prompt)
        if at is None:
            continue
        _mark(held, (arm, language), translator, at)
        for estimator, number in json.loads(quality).items():
            by_name = held.quality.setdefault((arm, language, translator), {})
            by_name.setdefault(estimator, np.full(n, np.nan))[at] = number
    for arm, language, model, prompt in store.rows(_ANSWERS):
        at = held.place.get(prompt)
        if at is not None:
            _mark(held, (arm, language, model), "", at)
    for judge, model, arm, language, translator, prompt, sample, unsafe in store.rows(_VERDICTS):
        at = held.place.get(prompt)
        if at is None or sample >= held.samples:
            continue
        by_who = held.unsafe.setdefault((judge, model, arm, language), {})
        if translator not in by_who:
            by_who[translator] = np.full((n, held.samples), -1, dtype=np.int8)
        by_who[translator][at, sample] = unsafe
    return held


def _mark(held: _Held, of: tuple[str, ...], translator: str, at: int) -> None:
    by_who = held.planned.setdefault(of, {})
    by_who.setdefault(translator, np.zeros(len(held.place), dtype=np.bool_))[at] = True


def _estimator(held: _Held) -> str:
    """Return the estimator that most translations have a quality of; "" for none."""
    counts: dict[str, int] = {}
    for by_name in held.quality.values():
        for name, quality_P in by_name.items():
            counts[name] = counts.get(name, 0) + int((~np.isnan(quality_P)).sum())
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def _cell(held: _Held, of: tuple[str, str], language: str, reference: str, estimator: str) -> Cell:
    judge, model = of
    n = len(held.place)
    empty = np.full((n, held.samples), -1, dtype=np.int8)

    def arm(name: str, tag: str = language) -> dict[str, Bytes]:
        return held.unsafe.get((judge, model, name, tag), {})

    own = ("main", "gated")
    chosen = _is_choice(held, language)
    of_others = (*own, "translators") if chosen else ("translators",)
    texts = _texts_of(held, language, of_others)
    others = {
        who: _one([arm(name).get(who, empty) for name in of_others], empty) for who in sorted(texts)
    }
    quality = {"": _quality(held, language, own)} | {
        who: _quality(held, language, of_others, who) for who in others
    }
    unknown = np.full(n, np.nan)
    return Cell(
        row=Estimate(
            metric="", model=model, judge=judge, language=language, value=None, method="", n=0
        ),
        level=0.95,
        reference_PS=_one(arm("main", reference).values(), empty),
        native_PS=_one(arm("main").values(), empty),
        gated_PS=_one(arm("gated").values(), empty),
        kept_P=_kept(held, language),
        chosen=chosen,
        arms={
            name: (tuple(arm(name).values()), planned)
            for name in ("roundtrip", "backtranslate", "reverse")
            if (planned := _planned(held, name, language, model)) is not None
        },
        translators=others,
        texts={who: texts[who] for who in others},
        quality={who: q.get(estimator, unknown) for who, q in quality.items()}
        if any(estimator in q for q in quality.values())
        else {},
        estimator=estimator,
    )


def _one(tables: Iterable[Bytes], empty: Bytes) -> Bytes:
    """Return the verdicts of texts that several translators made, each prompt's by one of them."""
    return np.asarray(np.max([empty, *tables], axis=0), dtype=np.int8)


def _is_choice(held: _Held, language: str) -> bool:
    """Return whether the main texts are the best of several translators', who are then told by name."""
    who = [set(held.planned.get((arm, language), {})) for arm in ("main", "translators")]
    return bool(who[0] & who[1])


def _texts_of(held: _Held, language: str, arms: Sequence[str]) -> dict[str, Bools]:
    found: dict[str, Bools] = {}
    for arm in arms:
        for who, there_P in held.planned.get((arm, language), {}).items():
            found[who] = found[who] | there_P if who in found else there_P
    return found


def _quality(
    held: _Held, language: str, arms: Sequence[str], who: str | None = None
) -> dict[str, Floats]:
    """Return the quality of one translator's texts in some arms, or of whoever's, by estimator."""
    found: dict[str, Floats] = {}
    for (arm, tag, name), by_estimator in held.quality.items():
        if arm in arms and tag == language and who in (None, name):
            for estimator, told_P in by_estimator.items():
                before_P = found.get(estimator, told_P)
                found[estimator] = np.where(np.isnan(before_P), told_P, before_P)
    return found


def _kept(held: _Held, language: str) -> Bools | None:
    """Return which prompts the run's own gate kept; None where the run has no gate."""
    if not any(arm == "gated" for arm, *_ in held.planned):
        return None
    there = _texts_of(held, language, ("main",)).values()
    none_P = np.zeros(len(held.place), dtype=np.bool_)
    return np.asarray(np.any([none_P, *there], axis=0), dtype=np.bool_)


def _planned(held: _Held, arm: str, language: str, model: str) -> Bools | None:
    """Return the prompts with a text of an arm; None where the run has none in the language."""
    of = (arm, language) if arm == "roundtrip" else (arm, language, model)
    by_who = held.planned.get(of)
    return None if by_who is None else np.any(list(by_who.values()), axis=0)
