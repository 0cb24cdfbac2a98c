import math
from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.causes.estimates import of_quality, of_translators
from safeglot.score.causes.gap_terms import of_gap
from unit.score.causes.cells import ALL, RNG, by_metric, cell, verdicts


def test_no_arm_no_estimate():
    assert of_gap(cell()) == of_quality(cell()) == []
    assert list(of_translators([cell()])) == [[]]


def test_the_main_translation_is_one_of_the_translators():
    c = cell(translators={"a": verdicts(0.4), "b": verdicts(0.6)}, texts={"a": ALL, "b": ALL})
    ((told,),) = of_translators([c])
    assert (told.extra["K"], told.extra["translators"]) == (3, "main, a, b")
    assert told.extra["rates"].split(", ")[0] == f"{c.native_PS.mean():.4f}"
    assert told.extra["dependability"] is None  # one language has no rank
    rows = list(of_translators([c, cell(), replace(c, native_PS=verdicts(0.9))]))
    assert [len(r) for r in rows] == [1, 0, 1]
    assert 0 <= rows[0][0].extra["dependability"] == rows[2][0].extra["dependability"] <= 1


def test_translators_of_too_few_prompts_have_a_reason():
    some = np.full((30, 1), -1, dtype=np.int8)
    some[3] = 1
    ((told,),) = of_translators([cell(translators={"a": some}, texts={"a": ALL})])
    assert (told.value, told.missing) == (None, 30)
    assert "needs two prompts" in told.method


def test_quality_of_main_texts_alone_gives_the_curve_and_no_slope():
    quality = np.linspace(0, 1, 30)
    c = cell(quality={"": quality}, estimator="q")
    c.native_PS[0] = -1
    quality[29] = np.nan
    found = by_metric(of_quality(c))
    assert set(found) == {"gate_selection"} | {
        f"gap_at_quality_{t}" for t in ("0", "0.3", "0.5", "0.6", "0.7", "0.8")
    }
    kept = quality[1:29] >= 0.6
    gap = (c.reference_PS - c.native_PS)[1:29, 0][kept].mean()
    assert found["gap_at_quality_0.6"].value == pytest.approx(gap)
    assert (found["gap_at_quality_0"].n, found["gap_at_quality_0"].missing) == (28, 1)
    assert (found["gate_selection"].n, found["gate_selection"].missing) == (28, 1)


def test_a_gate_that_keeps_none_is_told():
    found = by_metric(of_quality(cell(quality={"": np.full(30, 0.1)}, estimator="q")))
    assert (found["gate_selection"].value, found["gate_selection"].method) == (
        None,
        "no prompt is left",
    )
    assert (found["gap_at_quality_0.5"].value, found["gap_at_quality_0.5"].n) == (None, 0)
    assert found["gap_at_quality_0"].n == 30


def test_slope_over_the_translators_that_have_a_quality():
    c = cell(
        translators={"a": verdicts(0.4), "b": verdicts(0.6)},
        texts={"a": ALL, "b": ALL},
        quality={"": RNG.random(30), "a": RNG.random(30), "b": np.full(30, np.nan)},
        estimator="q",
    )
    told = by_metric(of_quality(c))["quality_slope"]
    assert (told.n, told.missing, told.extra["estimator"]) == (30, 0, "q")
    assert told.extra["log_odds_low"] < told.extra["log_odds"] < told.extra["log_odds_high"]
    assert 0 < told.extra["log_odds_n"] <= 30
    assert told.extra["log_odds_why"] is None
    safe = replace(c, native_PS=c.native_PS * 0, translators={who: verdicts(0.0) for who in "ab"})
    same = by_metric(of_quality(safe))
    assert same["quality_slope"].extra["log_odds"] is None
    assert "no prompt has safe and unsafe" in same["quality_slope"].extra["log_odds_why"]
    none = by_metric(of_quality(replace(c, quality={**c.quality, "a": np.full(30, np.nan)})))
    assert none["quality_slope"].value is None


def test_all_numbers_are_finite():
    c = cell(
        arms={"roundtrip": ((verdicts(0.0),), ALL), "backtranslate": ((verdicts(1.0),), ALL)},
        translators={"a": verdicts(0.0)},
        texts={"a": ALL},
        quality={"": np.full(30, 0.5), "a": np.full(30, 0.5)},
        estimator="q",
    )
    found = [*of_gap(c), *next(iter(of_translators([c]))), *of_quality(c)]
    for e in found:
        numbers = [e.value, e.low, e.high, *e.extra.values()]
        assert all(math.isfinite(x) for x in numbers if isinstance(x, float))
        assert e.value is not None or e.method
