"""Made-up sheets of labelled texts."""

from __future__ import annotations

import numpy as np

from safeglot.score.guards.sheet import GuardSheet


def sheet_of(label_LP, unsafe_GLP, p_GLP=None, **changes):
    """A sheet of L languages with P ids each, a text an id; NaN where there is no probability."""
    label = np.array(label_LP, dtype=np.int8)
    unsafe = np.array(unsafe_GLP, dtype=np.int8)
    n_languages, n = label.shape
    p = np.full(unsafe.shape, np.nan) if p_GLP is None else np.array(p_GLP, dtype=float)
    parts = {
        "guards": tuple("abc"[: len(unsafe)]),
        "languages": ("en", "de", "sw")[:n_languages],
        "reference": "en",
        "categories": ("all",),
        "label_N": label.ravel(),
        "language_N": np.repeat(np.arange(n_languages), n),
        "prompt_N": np.tile(np.arange(n), n_languages),
        "category_N": np.zeros(label.size, dtype=np.int64),
        "half_N": np.tile(np.arange(n) % 2, n_languages),
        "variant_N": np.zeros(label.size, dtype=np.int64),
        "unsafe_GN": unsafe.reshape(len(unsafe), -1),
        "p_GN": p.reshape(len(unsafe), -1),
    }
    return GuardSheet(**(parts | changes))


def by_metric(estimates, metric, **about):
    return [
        e
        for e in estimates
        if e.metric == metric and all(getattr(e, name) == value for name, value in about.items())
    ]
