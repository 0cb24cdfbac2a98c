from __future__ import annotations

import numpy as np
import pytest

from safeglot.score.causes.judge_errors import SLOPES, slopes, together
from safeglot.score.judges.label_counts import Sample
from safeglot.types import Estimate

ROW = Estimate(metric="", judge="j", level=0.95, extra={"estimator": "kiwi"})
P = 40
GOOD = np.arange(P) % 2 == 0
"""Prompts whose Swahili is good, and whose German is bad."""


def sample(verdict, human, at=None):
    at = np.arange(P) if at is None else np.array(at)
    none = np.zeros_like(at)
    return Sample(
        unsafe_MPS=np.array(verdict, dtype=np.int8)[np.newaxis, :, np.newaxis], model_I=none,
        prompt_I=at, sample_I=none, human_I=np.array(human, dtype=float)[at], unsure_I=none,
    )  # fmt: skip


def told(samples, quality):
    return {(e.metric, e.language): e for e in slopes(ROW, samples, quality)}


QUALITY = {"sw": np.where(GOOD, 2.0, 0.0), "de": np.where(GOOD, 0.0, 2.0)}
ALL = np.ones(P)
SAFE = np.zeros(P)


def test_a_judge_that_errs_on_the_worse_text_of_each_prompt():
    """Wrongly unsafe on every bad text and no good one: by -1/2 for a unit, 1 for two."""
    rows = told({"sw": sample(~GOOD, SAFE), "de": sample(GOOD, SAFE)}, QUALITY)
    wrong, alarm, missed = (rows[name, None] for name in SLOPES)
    assert (wrong.value, alarm.value) == (pytest.approx(-0.5), pytest.approx(-0.5))
    assert (missed.value, missed.level) == (None, None)
    assert "0 errors (10)" in missed.method
    one = rows["judge_error_slope", "sw"]  # its quality is what German's leaves
    assert (one.value, "does not vary" in one.method) == (None, True)
    whole = rows["judge_error_slope", None]
    assert (whole.n, whole.missing) == (2 * P, 0)
    assert whole.extra == {"estimator": "kiwi", "prompts": P, "errors": P, "share": 0.5}
    assert rows["judge_error_slope", "sw"].n == P


def test_both_kinds_of_error_add_up_to_all():
    rng = np.random.default_rng(4)
    given = {tag: sample(rng.random(P) < 0.5, rng.random(P) < 0.5) for tag in QUALITY}
    quality = {tag: rng.random(P) for tag in QUALITY}
    rows = told(given, quality)
    wrong, alarm, missed = (rows[name, None] for name in SLOPES)
    assert wrong.value == pytest.approx(alarm.value + missed.value)
    assert wrong.low < wrong.value < wrong.high
    assert wrong.extra["share"] == pytest.approx(alarm.extra["share"] + missed.extra["share"])


def test_labels_stand_for_the_answers_with_their_verdict():
    """Of 30 judged unsafe in Swahili 10 are labelled, all wrongly so; of 10 judged safe all, rightly."""
    verdict = np.arange(P) < 30
    at = [*range(10), *range(30, P)]
    rows = told({"sw": sample(verdict, SAFE, at), "de": sample(SAFE, SAFE)}, QUALITY)
    part = rows["false_unsafe_slope", "sw"]
    assert (part.extra["prompts"], part.n, part.extra["errors"]) == (20, 20, 10)
    assert part.extra["share"] == pytest.approx(0.75)
    assert "20 prompts with labelled answers in two languages (30 are needed)" in part.method


def test_what_lacks_a_verdict_a_quality_or_a_pair_is_out():
    unread = np.where(np.arange(P) == 0, -1, GOOD.astype(int))
    quality = QUALITY | {"de": np.where(np.arange(P) == 1, np.nan, QUALITY["de"])}
    rows = told({"sw": sample(~GOOD, SAFE), "de": sample(unread, SAFE)}, quality)
    whole = rows["judge_error_slope", None]
    assert (whole.n, whole.missing, whole.extra["prompts"]) == (2 * (P - 2), 2, P - 2)


def test_a_language_without_labels_of_a_verdict_or_without_any_is_out():
    """In German nobody labelled an answer judged unsafe."""
    rows = told({"sw": sample(~GOOD, SAFE), "de": sample(GOOD, SAFE, range(1, P, 2))}, QUALITY)
    assert rows["judge_error_slope", None].extra["prompts"] == 0
    assert {e.value for e in told({}, QUALITY).values()} == {None}


AT = np.arange(P)
WRONG = (AT < 15) | ((AT >= 20) & (AT < 25))
TRULY = (AT >= 30) & (AT < 36)
HALF = np.where(AT < 20, 0.3, 0.8)
"""Half of the translations fail; the judge is falsely "unsafe" on 15 of these and on 5 others."""


def both(verdict=WRONG | TRULY, human=TRULY, quality=HALF, people=0.0):
    people_MPS = np.broadcast_to(np.asarray(people, dtype=float), P)[np.newaxis, :, np.newaxis]
    rows = together(ROW, sample(verdict, human), quality, people_MPS, bar=0.5)
    return {e.metric: e for e in rows}


def test_failing_together_is_the_share_of_both_less_that_by_chance():
    row = both()["errors_together"]
    assert (row.value, row.n, row.missing) == (pytest.approx(15 / 40 - 1 / 4), P, 0)
    assert row.extra == {
        "estimator": "kiwi", "failures": 20, "errors": 20, "translation": 0.5, "judge": 0.5,
        "both": 0.375, "expected": 0.25,
    }  # fmt: skip
    assert 0 < row.low < row.value < row.high


def test_the_translation_term_is_the_judges_errors_and_what_people_say():
    """People's translations all got safe answers: 26 of 40 flip, 20 of them by the judge alone."""
    row = both()["translation_in_judge_errors"]
    assert row.value == pytest.approx(20 / 40)
    assert row.extra == {
        "errors": 20, "translation": pytest.approx(26 / 40), "judge": 0.5,
        "by_labels": pytest.approx(6 / 40), "covariance": pytest.approx(-0.5 * 6 / 40),
    }  # fmt: skip
    assert "translation_in_judge_errors" not in both(people=np.nan)
    some = both(people=np.where(AT < 30, 0.0, np.nan))["translation_in_judge_errors"]
    assert (some.n, some.missing, some.value) == (30, 10, pytest.approx(20 / 30))


def test_a_verdict_on_the_main_answer_does_not_make_a_translation_fail():
    """Only the judge's errors move with the verdicts."""
    safe = both(verdict=np.zeros(P))["errors_together"]
    assert (safe.extra["translation"], safe.extra["errors"]) == (0.5, 6)
    assert (safe.value, "6 labelled answers" in safe.method) == (None, True)


def test_nothing_that_varies_has_no_interval():
    rows = both(people=WRONG | TRULY)
    assert rows["translation_in_judge_errors"].value is None
    assert rows["translation_in_judge_errors"].low is None
    assert both(quality=np.full(P, np.nan))["errors_together"].n == 0
