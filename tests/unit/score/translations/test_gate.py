"""What became of translations, and the numbers without the gate."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.basic import estimates
from safeglot.score.stats.intervals import wilson
from safeglot.score.translations.gate import (
    Ended,
    TranslatorTexts,
    by_translator,
    listed,
    translation_shares,
    ungated,
)
from safeglot.types import Estimate
from unit.score.cubes import cube_of

ROW = Estimate(metric="", judge="j", model="m", language="de", value=None, method="no data", n=0)


def test_shares_are_of_the_harmful_prompts_that_have_ended():
    ended = Ended(
        harmful={"kept": {"": 6}, "gated": {"quality: a": 2}, "failed": {"hard-checks": 1, "x": 1}},
        benign={"kept": 3, "failed": 1},
        waiting=5,
    )
    kept, gated, failed = translation_shares("de", ended)
    assert [e.metric for e in (kept, gated, failed)] == [
        "translation_kept", "translation_gated", "translation_failed",
    ]  # fmt: skip
    assert [e.value for e in (kept, gated, failed)] == [0.6, 0.2, 0.2]
    assert {(e.n, e.missing, e.language, e.model) for e in (kept, gated, failed)} == {
        (10, 5, "de", None)
    }
    assert (gated.low, gated.high) == tuple(map(float, wilson(2, 10)))
    assert (kept.extra["reasons"], failed.extra["reasons"]) == ("", "hard-checks 1, x 1")
    assert (kept.extra["benign_texts"], kept.extra["of_benign"]) == (3, 4)


def test_where_nothing_has_ended_there_is_no_share():
    found = list(translation_shares("de", Ended(harmful={}, benign={}, waiting=4)))
    assert [(e.value, e.n, e.missing, e.method) for e in found] == [(None, 0, 4, "no data")] * 3


def test_reasons_are_listed_by_how_often():
    assert listed({"b": 2, "a": 2, "c": 5, "": 1}) == "c 5, a 2, b 2"


def test_what_the_gate_took_out_is_in_the_ungated_numbers_alone():
    whole = cube_of(np.full((1, 2, 3, 60, 1), 0.3), seed=3)
    gated_LP = np.zeros((3, 60), dtype=bool)
    gated_LP[1, ::4] = True
    kept = np.where(gated_LP[..., None], -1, whole.unsafe_JMLPS).astype(np.int8)
    gated = np.where(gated_LP[..., None], whole.unsafe_JMLPS, -1).astype(np.int8)
    cube = replace(whole, unsafe_JMLPS=kept, gated_LP=gated_LP)
    told = {(e.metric, e.model, e.language): e for e in ungated(cube, gated)}
    for one in estimates(whole):
        if one.category is None and one.language in ("de", "sw") and one.metric in ("safety_micro", "gap"):  # fmt: skip
            mine = told[f"{one.metric}_ungated", one.model, one.language]
            assert mine.extra["gated_answers"] == (15 if one.language == "de" else 0)
            extra = {k: v for k, v in mine.extra.items() if k != "gated_answers"}
            assert replace(mine, metric=one.metric, extra=extra) == one
    gaps = {e.language: e for e in estimates(cube) if e.metric == "gap" and e.category is None and e.model == "m0"}  # fmt: skip
    assert (gaps["de"].n, gaps["de"].missing) == (45, 0)
    assert (told["gap_ungated", "m0", "de"].n, told["gap_ungated", "m0", "de"].missing) == (60, 0)


def test_a_gated_text_without_a_verdict_is_missing_in_the_ungated_numbers():
    whole = cube_of(np.full((1, 1, 2, 8, 1), 0.3), (1, 1, 2, 8, 1))
    gated_LP = np.zeros((2, 8), dtype=bool)
    gated_LP[1, :3] = True
    kept = np.where(gated_LP[..., None], -1, whole.unsafe_JMLPS).astype(np.int8)
    cube = replace(whole, unsafe_JMLPS=kept, gated_LP=gated_LP)
    (safety, _) = ungated(cube, np.full_like(kept, -1))
    assert (safety.n, safety.missing) == (5, 3)


@pytest.mark.parametrize("samples", [1, 3])
def test_each_translator_has_its_rate(samples):
    there = np.array([True] * 6 + [False] * 2)
    unsafe = np.zeros((8, samples), dtype=np.int8)
    unsafe[0], unsafe[5], unsafe[7] = 1, -1, 1
    one = TranslatorTexts(name="a", unsafe_PS=unsafe, there_P=there, kept_P=there, gated_P=~there)
    (row,) = by_translator(ROW, [one])
    assert (row.metric, row.value, row.n, row.missing) == (
        "unsafe_by_translator", 1 / 5, 5 * samples, samples,
    )  # fmt: skip
    assert row.extra["translator"] == "a"
    assert (row.extra["texts"], row.extra["texts_kept"], row.extra["texts_gated"]) == (6, 6, 2)
    assert ("n_eff" in row.extra) == (samples > 1)
    assert list(by_translator(ROW, [])) == []


def test_a_translator_without_verdicts_has_no_rate():
    there = np.ones(3, dtype=bool)
    none = np.full((3, 1), -1, dtype=np.int8)
    one = TranslatorTexts(name="a", unsafe_PS=none, there_P=there, kept_P=there, gated_P=~there)
    (row,) = by_translator(ROW, [one])
    assert (row.value, row.n, row.missing, row.method) == (None, 0, 3, "no data")
