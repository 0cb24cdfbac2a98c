"""Noise between the samples of a prompt, where several were asked for."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.score.frame import Extra, Sheet, empty_row, filled_row
from safeglot.score.stats.intervals import wilson_effective
from safeglot.score.stats.samples import Resampled, resampled
from safeglot.types import Estimate

_ADVICE = {
    True: "more samples of a prompt are worth it: chance between samples outweighs "
    "the difference between prompts",
    False: "more samples of a prompt are not worth it: spend on more prompts",
    None: "too few samples were read to tell whether more are worth it",
}


def sample_noise(sheet: Sheet) -> Iterator[Estimate]:
    """Yield `unsafe_any_of_k`, `unstable_prompts` and `flip_rate` of each language; `n` is prompts."""
    planned_LP = sheet.frame.cube.planned_LP
    for index, language in enumerate(sheet.frame.cube.languages):
        noise = resampled(sheet.unsafe_LPS[index])
        extra: Extra = {
            "within": noise.within,
            "between": noise.between,
            "k": noise.k,
            "advice": _ADVICE[noise.more_samples_pay],
        }
        shares = {
            "unsafe_any_of_k": (noise.any_of_k, noise.complete, float(noise.complete)),
            "unstable_prompts": (noise.unstable_prompts, noise.complete, float(noise.complete)),
            "flip_rate": (noise.flip_rate, noise.repeated, _worth(noise)),
        }
        for metric, (value, n, n_eff) in shares.items():
            row = sheet.row_of(metric, language, None)
            missing = int(planned_LP[index].sum()) - n
            if value is None:
                yield empty_row(row, missing, extra)
                continue
            low, high = wilson_effective(value, n_eff, level=sheet.frame.level)
            method = (
                "wilson n_eff, pairs of samples, clustered by prompt"
                if metric == "flip_rate"
                else "wilson, prompts with all samples read"
            )
            point = value, float(low), float(high)
            yield filled_row(row, point, (n, missing), method=method, extra=extra)


def _worth(noise: Resampled) -> float:
    """Return how many independent prompts the flip rate is worth, at most its pairs of samples."""
    rate, variance, prompts = noise.flip_rate, noise.flip_variance, float(noise.repeated)
    if not rate or not variance or rate >= 1:
        return prompts
    return min(rate * (1 - rate) / variance, prompts * noise.k * (noise.k - 1) / 2)
