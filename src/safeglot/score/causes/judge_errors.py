"""Where a judge errs, by people's labels: whether with the quality of the translation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from safeglot.score.arrays import Floats
from safeglot.score.cube import MISSING
from safeglot.score.judges.label_counts import Sample, label_weights
from safeglot.score.translations.quality import slope_of_pairs
from safeglot.types import Estimate

LEAST_PROMPTS, LEAST_ERRORS = 30, 10
"""Prompts with labels in two languages, and labelled answers in error, that a slope needs."""
SLOPES = ("judge_error_slope", "false_unsafe_slope", "false_safe_slope")
_METHOD = "slope over pairs within prompts; jackknife over prompts, Student's t"
_ALIKE = "quality does not vary but with the language"


def slopes(
    row: Estimate, samples: Mapping[str, Sample], quality: Mapping[str, Floats]
) -> Iterator[Estimate]:
    """Yield SLOPES, of the judge's errors on quality, of all languages together and of each.

    They are between answers to one prompt in two languages, with what each language always has
    taken out. `samples` are one judge's verdicts and labels by language, `quality` that of the
    prompts' translations, shape (P,), NaN where there is none.
    """
    labelled = (
        _labelled(i, samples[x], q_P) for i, (x, q_P) in enumerate(quality.items()) if x in samples
    )
    of_I, prompt_I, unsafe_I, human_I, weight_I, quality_I = np.concatenate(
        [np.empty((6, 0)), *labelled], axis=1
    )
    prompt_I, of_IL = (
        prompt_I.astype(np.int64),
        (of_I[:, np.newaxis] == np.arange(len(quality))) * 1.0,
    )
    there_PL = np.zeros((prompt_I.max(initial=-1) + 1, len(quality)))
    np.maximum.at(there_PL, prompt_I, of_IL)
    errors = unsafe_I * (1 - human_I), (1 - unsafe_I) * human_I
    for place, language in enumerate((None, *quality), start=-1):
        own_I = np.where(place < 0, 1.0, of_IL[:, place])
        paired_P = (there_PL.sum(axis=1) > 1) & ((there_PL[:, place] > 0) | (place < 0))
        used_I, prompts = (own_I > 0) & paired_P[prompt_I], int(paired_P.sum())
        beside_IN = np.column_stack([of_IL, (1 - own_I) * quality_I])
        for metric, error_I in zip(SLOPES, (errors[0] + errors[1], *errors), strict=True):
            n, weight = int((error_I[used_I] > 0).sum()), own_I * weight_I
            enough = prompts >= LEAST_PROMPTS and n >= LEAST_ERRORS
            of = np.column_stack([own_I * quality_I, error_I]), beside_IN, prompt_I, weight_I
            slope = slope_of_pairs(*of, level=row.level or 0.95) if enough else (None,) * 3
            few = f"not enough: {prompts} prompts with labelled answers in two languages ({LEAST_PROMPTS} are needed), {n} errors ({LEAST_ERRORS})"
            why = _ALIKE if enough else few
            yield replace(
                row,
                metric=metric,
                language=language,
                value=slope[0],
                low=slope[1],
                high=slope[2],
                level=None if slope[1] is None else row.level,
                method=why if slope[0] is None else _METHOD,
                n=int(used_I.sum()),
                missing=int((own_I > used_I).sum()),
                extra={
                    **row.extra,
                    "prompts": prompts,
                    "errors": n,
                    "share": float((weight * error_I).sum() / max(weight.sum(), 1e-300)),
                },
            )


def _labelled(place: int, sample: Sample, quality_P: Floats) -> Floats:
    """Return language, prompt, verdict, label, weight and quality of the answers that have all; shape (6, I)."""
    unsafe_MPS = np.where(np.isnan(quality_P)[:, np.newaxis], MISSING, sample.unsafe_MPS)
    sample = replace(sample, unsafe_MPS=unsafe_MPS)
    weight_I, lacking = label_weights(sample)
    p_I, used_I = sample.prompt_I, (weight_I > 0) & (not lacking)
    columns = (
        np.full(p_I.size, place),
        p_I,
        sample.verdict_I,
        sample.human_I,
        weight_I,
        quality_P[p_I],
    )
    return np.stack(columns)[:, used_I]
