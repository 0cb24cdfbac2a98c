"""Made-up sheets of labelled texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from safeglot.score.guards.draws import LabelDraw
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


def drawn_sheet(**changes):
    """Of 100 answers that guard a calls unsafe 20 have a label, of 900 others 30; guard b says otherwise of some."""
    label = [1] * 15 + [0] * 5 + [1] * 3 + [0] * 27
    first = [1] * 20 + [0] * 30
    second = [1] * 12 + [0] * 8 + [1, 1, 0] + [1] * 2 + [0] * 25
    draw = LabelDraw(
        judge="a",
        names=("judged unsafe", "judged safe"),
        verdict_H=np.array([1, 0], dtype=np.int8),
        language_H=np.array([0, 0]),
        size_H=np.array([100, 900]),
        prompts_L=np.array([400]),
        stratum_N=np.repeat([0, 1], [20, 30]),
    )
    return replace(sheet_of([label], [[first], [second]], draw=draw), **changes)


def two_languages(strata=2):
    """The same draw in two languages, of which guard b finds less in the second; or each a single stratum."""
    one = drawn_sheet()
    said = np.tile(one.unsafe_GN, 2)
    said[1, 50:58] = 0
    if strata == 1:
        at, sizes, verdicts = np.zeros(50, dtype=np.int64), [1000], [-1]
    else:
        at, sizes, verdicts = one.draw.stratum_N, [100, 900], [1, 0]
    draw = replace(
        one.draw,
        judge="a" if strata == 2 else "",
        names=one.draw.names[:strata] * 2,
        verdict_H=np.array(verdicts * 2, dtype=np.int8),
        language_H=np.repeat([0, 1], strata),
        size_H=np.array(sizes * 2),
        prompts_L=np.array([400, 400]),
        stratum_N=np.concatenate([at, at + strata]),
    )
    label = np.tile(one.label_N, 2).reshape(2, -1)
    return sheet_of(label, said.reshape(2, 2, -1), draw=draw)
