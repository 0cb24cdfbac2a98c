"""Made-up sheets of labelled texts."""

from __future__ import annotations

from dataclasses import replace

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
        "text_N": np.arange(label.size),
        "unsafe_GN": unsafe.reshape(len(unsafe), -1),
        "p_GN": p.reshape(len(unsafe), -1),
    }
    return GuardSheet(**(parts | changes))


def with_variant(sheet, name, said_GN):
    """The sheet with a variant of each text, as its guards say of it; None where a text has none."""
    said = [list(row) for row in said_GN]
    at = np.array([i for i in range(sheet.label_N.size) if said[0][i] is not None])
    more = np.array([[row[i] for i in at] for row in said], dtype=np.int8)
    columns = ("label_N", "language_N", "prompt_N", "category_N", "half_N", "text_N")
    parts = {c: np.concatenate([getattr(sheet, c), getattr(sheet, c)[at]]) for c in columns}
    variant_N = np.full(at.size, len(sheet.variants))
    return replace(
        sheet,
        **parts,
        variants=(*sheet.variants, name),
        variant_N=np.concatenate([sheet.variant_N, variant_N]),
        unsafe_GN=np.concatenate([sheet.unsafe_GN, more], axis=1),
        p_GN=np.concatenate([sheet.p_GN, np.full(more.shape, np.nan)], axis=1),
    )


def by_metric(estimates, metric, **about):
    return [
        e
        for e in estimates
        if e.metric == metric and all(getattr(e, name) == value for name, value in about.items())
    ]
