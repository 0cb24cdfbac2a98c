"""What guards under test say of labelled texts, as columns for their numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from safeglot.backends.files.manifest import GuardDraw, GuardTest, Manifest
from safeglot.backends.store import labels as stored
from safeglot.backends.store.failures import why_unmade
from safeglot.backends.store.store import Store
from safeglot.flow.measure.judges.labels import BETWEEN
from safeglot.keys import digest
from safeglot.score.arrays import Bytes, Floats, Ints
from safeglot.score.catalogue.no_interval import with_reasons
from safeglot.score.guards.draws import LabelDraw
from safeglot.score.guards.estimates import estimates
from safeglot.score.guards.sheet import NONE, GuardSheet
from safeglot.score.judges.label_counts import VERDICTS
from safeglot.types import Estimate

CHANCE = "chance"
FILE = "file"
"""The annotator of labels that a file of texts brought."""


def measure(store: Store, manifest: Manifest, test: GuardTest) -> tuple[list[Estimate], float]:
    """Return the estimates of a test of guards, and the largest share of a guard's verdicts that is missing."""
    sheet = sheet_of(store, manifest, test.draw)
    missing = (sheet.unsafe_GN == NONE).mean(axis=1).max(initial=0.0)
    told = estimates(sheet, level=manifest.level)
    return with_reasons([*audit(manifest, test), *told]), float(missing)


def audit(manifest: Manifest, test: GuardTest) -> Iterator[Estimate]:
    """Yield for each language that was named how many texts and labels there are of it."""
    for tag in dict.fromkeys((*test.configured, *manifest.languages)):
        n = test.labelled.get(tag, 0)
        yield Estimate(
            metric="guard_texts",
            language=tag,
            value=float(test.texts.get(tag, 0)),
            method="counted",
            level=None,
            n=n,
            extra={
                "side": test.side,
                "drawn_by": (test.draw.judge or CHANCE) if test.draw else None,
            },
        )


def sheet_of(store: Store, manifest: Manifest, draw: GuardDraw | None = None) -> GuardSheet:
    """Return the labelled texts of a run with what each of its judges says of them."""
    prompts: dict[str, int] = {}
    categories: dict[str, int] = {}
    variants: dict[str, int] = {"": 0}
    places = {tag: i for i, tag in enumerate(manifest.languages)}
    texts: dict[tuple[str, str, int], int] = {}
    columns: list[list[int]] = [[] for _ in range(7)]
    for number, prompt, language, sample, variant, category, label in stored.labelled_texts(
        store, FILE
    ):
        columns[0] += number
        columns[1] += [prompts.setdefault(name, len(prompts)) for name in prompt]
        columns[2] += [places[tag] for tag in language]
        columns[3] += [variants.setdefault(name, len(variants)) for name in variant]
        columns[4] += [categories.setdefault(name, len(categories)) for name in category]
        columns[5] += label
        places_of = zip(prompt, language, sample, strict=True)
        columns[6] += [texts.setdefault(place, len(texts)) for place in places_of]
    number_N, prompt_N, language_N, variant_N, category_N, label_N, text_N = map(np.array, columns)
    half_P = np.array([int(digest("half", name)[-1], 16) % 2 for name in prompts])
    said = [_said(store, judge, number_N) for judge in manifest.judges]
    return GuardSheet(
        guards=tuple(manifest.judges),
        languages=manifest.languages,
        reference=manifest.reference,
        categories=tuple(str(json.loads(name)[0]) for name in categories),
        variants=tuple(variants),
        label_N=label_N.astype(np.int8),
        language_N=language_N,
        prompt_N=prompt_N,
        category_N=category_N,
        half_N=half_P[prompt_N],
        variant_N=variant_N,
        text_N=text_N,
        unmade=why_unmade(store),
        unsafe_GN=np.array([unsafe_N for unsafe_N, _ in said], dtype=np.int8),
        p_GN=np.array([p_N for _, p_N in said], dtype=np.float64),
        draw=_draw(store, manifest.languages, draw, number_N) if draw else None,
    )


def _draw(store: Store, languages: Sequence[str], draw: GuardDraw, number_N: Ints) -> LabelDraw:
    """Return how the texts were drawn."""
    strata = [(tag, name) for tag in languages for name in draw.sizes.get(tag, {})]
    at = {place: i for i, place in enumerate(strata)}
    drawn = {d.id: at.get((d.language, d.stratum), -1) for d in stored.draws(store)}
    verdicts = {name: verdict for verdict, name in VERDICTS.items()}
    return LabelDraw(
        judge=draw.judge,
        names=tuple(name for _, name in strata),
        verdict_H=np.array(
            [verdicts.get(name.rpartition(BETWEEN)[2], NONE) for _, name in strata], dtype=np.int8
        ),
        language_H=np.array([languages.index(tag) for tag, _ in strata]),
        size_H=np.array([draw.sizes[tag][name] for tag, name in strata]),
        prompts_L=np.array([draw.prompts.get(tag, 1) for tag in languages]),
        stratum_N=np.array([drawn.get(n, -1) for n in number_N.tolist()]),
    )


def _said(store: Store, judge: str, number_N: Ints) -> tuple[Bytes, Floats]:
    unsafe_N = np.full(number_N.size, NONE, dtype=np.int8)
    p_N = np.full(number_N.size, np.nan)
    for numbers, unsafe, p in stored.said_of_texts(store, judge):
        at = np.searchsorted(number_N, numbers)
        unsafe_N[at] = unsafe
        p_N[at] = np.array(p, dtype=np.float64)  # None becomes NaN
    return unsafe_N, p_N
