"""The causes of a gap, from the texts and verdicts of a run's arms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import ArmVerdicts
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import has_arms, text_places
from safeglot.flow.measure.judges import judge_errors
from safeglot.score.arrays import Bools, Bytes, Floats
from safeglot.score.causes.cell import Cell, mean_of
from safeglot.score.causes.estimates import of_quality, of_translators
from safeglot.score.causes.gap_terms import ADAPTED, TWICE, of_gap
from safeglot.score.cube import Cube
from safeglot.types import Arm, Estimate, is_human

_VERSION = "version=adapted"
_ARMS: tuple[Arm, ...] = (
    "main", "gated", "translators", "roundtrip", "roundtrip2", "backtranslate", "reverse",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ArmTexts:
    """Which harmful prompts have a text in an arm, and of what quality; and the verdicts."""

    cube: Cube
    verdicts: ArmVerdicts
    texts: dict[tuple[str, str], dict[str, Bools]] = field(default_factory=dict)
    """(arm, language) -> translator -> prompts with a text, shape (P,)."""
    quality: dict[tuple[str, str, str], dict[str, Floats]] = field(default_factory=dict)
    """(arm, language, translator) -> estimator -> quality, shape (P,), NaN where not rated."""


def estimates(
    store: Store, manifest: Manifest, cube: Cube, verdicts: ArmVerdicts, *, level: float
) -> list[Estimate]:
    """Return the terms of each gap, and what translators and quality do to it; nothing without arms."""
    if not has_arms(store):
        return []
    arms = _read(store, cube, verdicts)
    estimator = _estimator(arms)
    others = [tag for tag in cube.languages if tag != cube.reference]
    rows: list[Estimate] = []
    for judge in manifest.judges:
        for model in cube.models:
            cells = [
                replace(_cell(arms, (judge, model), tag, estimator), level=level) for tag in others
            ]
            for cell, spread in zip(cells, of_translators(cells), strict=True):
                rows += [*of_gap(cell), *spread, *of_quality(cell)]
    rated = {tag: _quality(arms, tag, ("main",)) for tag in others}
    quality = {tag: by[estimator] for tag, by in rated.items() if estimator in by}
    row = Estimate(metric="", level=level, extra={"estimator": estimator})
    of = cube, manifest.judges, quality
    return [*rows, *judge_errors.estimates(store, *of, people=partial(_people, arms), row=row)]


def _read(store: Store, cube: Cube, verdicts: ArmVerdicts) -> _ArmTexts:
    arms = _ArmTexts(cube=cube, verdicts=verdicts)
    at_P = {prompt: i for i, prompt in enumerate(cube.prompts)}
    for text in text_places(store, *_ARMS, "probe"):
        place = at_P.get(text.prompt)
        if place is None or (text.arm == "probe" and text.variant != _VERSION):
            continue
        arm = ADAPTED if text.arm == "probe" else text.arm
        by_translator = arms.texts.setdefault((arm, text.language), {})
        by_translator.setdefault(text.translator, np.zeros(len(at_P), dtype=np.bool_))[place] = True
        by_estimator = arms.quality.setdefault((arm, text.language, text.translator), {})
        for name, number in json.loads(text.quality).items():
            by_estimator.setdefault(name, np.full(len(at_P), np.nan))[place] = number
    return arms


def _estimator(arms: _ArmTexts) -> str:
    """Return the estimator that most translations have a quality of; "" for none."""
    counts: dict[str, int] = {}
    for by_estimator in arms.quality.values():
        for name, quality_P in by_estimator.items():
            counts[name] = counts.get(name, 0) + int((~np.isnan(quality_P)).sum())
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def _cell(arms: _ArmTexts, of: tuple[str, str], language: str, estimator: str) -> Cell:
    judge, model = of
    own = ("main", "gated")
    chosen = _is_choice(arms, language)
    of_others = (*own, "translators") if chosen else ("translators",)
    texts = dict(sorted(_texts_of(arms, language, of_others).items()))
    quality = {"": _quality(arms, language, own)} | {
        name: _quality(arms, language, of_others, name) for name in texts
    }
    unknown = np.full(len(arms.cube.prompts), np.nan)
    return Cell(
        row=Estimate(metric="", model=model, judge=judge, language=language, method=""),
        level=0.95,
        reference_PS=_main(arms, of, arms.cube.reference),
        native_PS=_main(arms, of, language),
        gated_PS=_any_of(arms, _tables(arms, of, "gated", language).values()),
        kept_P=_kept(arms, language),
        chosen=chosen,
        asked_P=None if arms.cube.gated_LP is None else np.asarray(~arms.cube.gated_LP.all(axis=0)),
        arms={
            name: (tuple(t for t in tables if (t >= 0).any()), planned)
            for name in ("roundtrip", TWICE, "backtranslate", "reverse", ADAPTED)
            if (planned := _planned(arms, name, language, model)) is not None
            for tables in [_tables(arms, of, name, language).values()]
        },
        translators={
            name: _any_of(
                arms,
                (
                    tables[name]
                    for arm in of_others
                    if name in (tables := _tables(arms, of, arm, language))
                ),
            )
            for name in texts
        },
        texts=texts,
        quality={name: q.get(estimator, unknown) for name, q in quality.items()}
        if any(estimator in q for q in quality.values())
        else {},
        estimator=estimator,
    )


# ---- verdicts


def _main(arms: _ArmTexts, of: tuple[str, str], language: str) -> Bytes:
    cube, (judge, model) = arms.cube, of
    place = cube.judges.index(judge), cube.models.index(model), cube.languages.index(language)
    return np.asarray(cube.unsafe_JMLPS[place])


def _tables(arms: _ArmTexts, of: tuple[str, str], arm: str, language: str) -> dict[str, Bytes]:
    """Return the verdicts of an arm by translator, shape (P, S)."""
    if arm == "main":
        main_PS = _main(arms, of, language)
        return {
            name: np.where(there_P[:, np.newaxis], main_PS, np.int8(-1))
            for name, there_P in arms.texts.get((arm, language), {}).items()
        }
    return {
        series.translator: arms.verdicts.unsafe_PS(*of, series)
        for series in arms.verdicts.of("probe" if arm == ADAPTED else arm, language)
        if arm != ADAPTED or series.variant == _VERSION
    }


def _people(arms: _ArmTexts, judge: str, language: str) -> Floats:
    """Return the verdicts on answers to people's translations, NaN where there is none; shape (M, P, S)."""
    found = []
    for of in product((judge,), arms.cube.models):
        tables = _tables(arms, of, "translators", language)
        people = [table for name, table in tables.items() if is_human(name)]
        found.append(mean_of(people, _main(arms, of, language)))
    return np.stack(found)


def _any_of(arms: _ArmTexts, tables: Iterable[Bytes]) -> Bytes:
    """Return the verdicts of texts that several translators made, each prompt's by one of them."""
    nothing = np.full((len(arms.cube.prompts), arms.cube.samples), -1, dtype=np.int8)
    return np.asarray(np.max([nothing, *tables], axis=0), dtype=np.int8)


# ---- texts


def _is_choice(arms: _ArmTexts, language: str) -> bool:
    """Return whether the main texts are the best of several translators', named then."""
    main, others = (set(arms.texts.get((arm, language), {})) for arm in ("main", "translators"))
    return bool(main & others)


def _texts_of(arms: _ArmTexts, language: str, names: Sequence[str]) -> dict[str, Bools]:
    """Return the prompts with a text in some arms, by translator."""
    texts: dict[str, Bools] = {}
    for arm in names:
        for name, there_P in arms.texts.get((arm, language), {}).items():
            texts[name] = texts[name] | there_P if name in texts else there_P
    return texts


def _quality(
    arms: _ArmTexts, language: str, names: Sequence[str], translator: str | None = None
) -> dict[str, Floats]:
    """Return the quality of one translator's texts in some arms, or of anyone's, by estimator."""
    quality: dict[str, Floats] = {}
    for (arm, tag, name), by_estimator in arms.quality.items():
        if arm in names and tag == language and translator in (None, name):
            for estimator, rated_P in by_estimator.items():
                before_P = quality.get(estimator, rated_P)
                quality[estimator] = np.where(np.isnan(before_P), rated_P, before_P)
    return quality


def _kept(arms: _ArmTexts, language: str) -> Bools | None:
    """Return which prompts the run's own gate kept; None where the run has no gate."""
    if not any(arm == "gated" for arm, _ in arms.texts):
        return None
    none_P = np.zeros(len(arms.cube.prompts), dtype=np.bool_)
    kept = arms.texts.get(("main", language), {}).values()
    return np.asarray(np.any([none_P, *kept], axis=0), dtype=np.bool_)


def _planned(arms: _ArmTexts, arm: str, language: str, model: str) -> Bools | None:
    """Return the prompts with a text of an arm, or a given answer; None where there are none."""
    if arm in ("roundtrip", TWICE, ADAPTED):
        texts = arms.texts.get((arm, language), {}).values()
        return np.asarray(np.any(list(texts), axis=0), dtype=np.bool_) if texts else None
    numbers = [arms.verdicts.series[series] for series in arms.verdicts.of(arm, language)]
    answered_KP = arms.verdicts.answered_MKP[arms.cube.models.index(model), numbers]
    return np.asarray(answered_KP.any(axis=0)) if answered_KP.any() else None
