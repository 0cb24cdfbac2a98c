"""One test per category for whether the languages differ at all, before any two are compared."""

from __future__ import annotations

from dataclasses import replace

from safeglot.score.frame import Extra, Sheet, empty_row
from safeglot.score.safety.interpretable import lacking
from safeglot.score.stats.multiplicity import corrected_where
from safeglot.score.stats.omnibus import cochran_q
from safeglot.types import Estimate


def omnibus_tests(sheet: Sheet) -> list[Estimate]:
    """Return `cochran_q` of each category, corrected over the categories.

    `n` counts prompts with a verdict in every language that has any in the category. With fewer
    than two such languages there is nothing to compare, and no data. Where a language lacks too
    much, the row says why it is not to be interpreted; the corrections go over all tests.
    """
    frame, cube = sheet.frame, sheet.frame.cube
    test = cochran_q(sheet.unsafe_LPS, frame.by_category)
    planned_C = cube.member_PC[cube.planned_LP.all(axis=0)].sum(axis=0)
    holm_C, bh_C, by_C = corrected_where(test.p_H, test.n_H > 0)
    method = "Cochran's Q with Box's epsilon, complete cases"
    if cube.samples > 1:
        method += ", means of a prompt's samples"
    rows, lacks = [], lacking(sheet, frame.by_category)
    for c, category in enumerate(cube.categories):
        row = replace(sheet.row_of("cochran_q", None, category), level=None)
        n, missing = int(test.n_H[c]), max(int(planned_C[c] - test.n_H[c]), 0)
        if not n:
            rows.append(empty_row(row, missing, lacks.reason_of_any("test_not_interpretable", c)))
            continue
        extra: Extra = {
            "df": float(test.df_H[c]),
            "epsilon": float(test.epsilon_H[c]),
            "p": float(test.p_H[c]),
            "p_holm": float(holm_C[c]),
            "p_bh": float(bh_C[c]),
            "p_by": float(by_C[c]),
            "p_chi2": float(test.p_chi2_H[c]),
            "eta2": float(test.eta2_H[c]),
            "n_languages": int(test.languages_H[c]),
            **lacks.reason_of_any("test_not_interpretable", c),
        }
        value = float(test.q_H[c])
        rows.append(replace(row, value=value, n=n, missing=missing, method=method, extra=extra))
    return rows
