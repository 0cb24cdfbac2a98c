"""What people's labels show of a judge's errors beside the quality of the translations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from safeglot.backends.store.store import Store
from safeglot.flow.measure.judges.labels import drawn_answers, sample_of, why_not
from safeglot.score.arrays import Floats
from safeglot.score.causes.judge_errors import slopes, together
from safeglot.score.cube import Cube
from safeglot.score.translations.quality import GATE
from safeglot.types import Estimate


def estimates(
    store: Store,
    cube: Cube,
    judges: Iterable[str],
    quality: Mapping[str, Floats],
    *,
    people: Callable[[str, str], Floats],
    row: Estimate,
) -> Iterator[Estimate]:
    """Yield the slope of each judge's errors on quality, and whether both fail together; none without labels of its own.

    `quality` is that of the main texts, shape (P,), NaN where there is none; `row` names its
    estimator. `people` gives the verdicts of a judge in a language on answers to people's translations, shape (M, P, S).
    """
    drawn = drawn_answers(store)
    spread = float(np.nanstd([*quality.values()])) if quality else 0.0
    if not spread or not any(d.labels for d in drawn):
        return
    row = replace(row, extra={**row.extra, "quality_sd": spread})
    scaled = {tag: quality_P / spread for tag, quality_P in quality.items()}
    for judge in judges:
        own = [d for d in drawn if d.design == "simple" or d.judge == judge]
        by_language = {tag: [d for d in own if d.language == tag] for tag in scaled}
        samples = {
            tag: sample_of(judge, here, cube)
            for tag, here in by_language.items()
            if not why_not(judge, here, drawn, cube)
        }
        if samples:
            row = replace(row, judge=judge)
            yield from slopes(row, samples, scaled)
            for tag, sample in samples.items():
                told, of_people = replace(row, language=tag), people(judge, tag)
                yield from together(told, sample, quality[tag], of_people, bar=GATE)
