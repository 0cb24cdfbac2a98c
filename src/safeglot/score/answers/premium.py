"""Token premium: how many more tokens the same requests take in a language than in the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from safeglot.score.arrays import Floats
from safeglot.score.stats.intervals import clustered_mean
from safeglot.types import Estimate

_METHOD = "ratio of two sums over the same requests, linearised"
NO_PAIRS = "not told: no request was counted in both languages"


def token_premiums(
    tokens_LP: Floats, languages: Sequence[str], *, reference: str, row: Estimate
) -> Iterator[Estimate]:
    """Yield `token_premium` in each language but the reference; nothing of a model that counts no tokens.

    NaN stands where a request was not counted. Source: Petrov et al. 2023, arXiv 2305.15425;
    Cochran 1977, Sampling Techniques, ch. 6, for the error of a ratio.
    """
    of_P = tokens_LP[languages.index(reference)]
    for tag, own_P in zip(languages, tokens_LP, strict=True):
        if tag == reference or np.isnan(tokens_LP).all():
            continue
        both_P = ~np.isnan(own_P) & (of_P > 0)
        about = replace(row, metric="token_premium", language=tag, missing=int((~both_P).sum()))
        if not both_P.any():
            yield replace(about, level=None, method=NO_PAIRS)
            continue
        own_I, of_I = own_P[both_P], of_P[both_P]
        premium = float(own_I.sum() / of_I.sum())
        rest_I = (own_I - premium * of_I) / of_I.mean()
        mean = clustered_mean(premium + rest_I, np.arange(of_I.size), level=row.level or 0.95)
        low = None if mean.low is None else max(mean.low, 0.0)
        extra = {"tokens": float(own_I.mean()), "tokens_reference": float(of_I.mean())}
        yield replace(
            about, value=premium, low=low, high=mean.high, n=mean.n, method=_METHOD, extra=extra
        )
