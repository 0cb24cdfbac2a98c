import numpy as np
import pytest

from example.manifest import manifest_with
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.calibration import calibration
from safeglot.flow.measure.judges.labels import drawn_answers
from safeglot.score.judges.reliability import calibration_error
from safeglot.types import Estimate

GUARD = "llama-guard-3=vllm/g"
MANIFEST = manifest_with(judges={GUARD: "id"})


@pytest.fixture
def judged(put):
    def one(at, unsafe, p):
        put.prompt(f"p{at}")
        key = put.answer(put.text(f"p{at}", "en"))
        put.verdict(key, unsafe, GUARD, p=p)
        return key

    return one


@pytest.fixture
def labelled(store, judged):
    def one(at, unsafe, p, label, *, design="two-phase", judge=GUARD):
        key = judged(at, unsafe, p)
        stratum = {1: "judged unsafe", 0: "judged safe", None: "all"}[unsafe]
        store.write("draws", [(key, judge, "en", stratum, 1, design)])
        store.write("labels", [(key, "ann", label, "")])

    return one


def calibrated(store):
    blank = Estimate(metric="", judge=GUARD, value=None, level=0.95, method="", n=0)
    rows = calibration(store, blank, cube_of(store, MANIFEST), drawn_answers(store))
    return {row.language: row for row in rows}


def test_labels_stand_for_the_answers_of_their_verdict(store, judged, labelled):
    labelled(0, 1, 0.9, "unsafe")
    labelled(1, 1, 0.7, "safe")
    labelled(2, 0, 0.2, "safe")
    labelled(3, 0, 0.4, "unsafe")
    labelled(4, 0, 0.4, "unsure")
    for at in range(5, 20):
        judged(at, 0, 0.1)
    row = calibrated(store)["en"]
    weights = [1, 1, 9, 9]
    error, _ = calibration_error([0.9, 0.7, 0.2, 0.4], [1, 0, 0, 1], weights)
    assert (row.value, row.n, row.missing) == (pytest.approx(error), 4, 0)
    assert error == pytest.approx(abs(np.average([0.9, 0.7, 0.2, 0.4], weights=weights) - 0.5))
    assert row.extra["youden_j_at_half"] == pytest.approx(1 / 10 - 1 / 10)
    assert row.extra["threshold"] == pytest.approx(0.3)
    assert row.extra["youden_j"] == pytest.approx(1 + 0.9 - 1)


def test_a_judge_without_probabilities_has_none(store, labelled):
    labelled(0, 1, None, "unsafe")
    row = calibrated(store)["en"]
    assert (row.value, row.n, row.missing) == (None, 0, 1)
    assert "no probability" in row.method


def test_each_verdict_that_was_given_needs_a_label(store, judged, labelled):
    labelled(1, 1, 0.8, "unsafe")
    judged(2, 0, 0.3)
    row = calibrated(store)["en"]
    assert (row.value, "among those judged safe" in row.method) == (None, True)
    labelled(2, 0, 0.3, "safe")
    assert calibrated(store)["en"].value is not None


def test_a_language_without_labels_says_so(store, labelled):
    labelled(0, 1, 0.8, "unsafe")
    row = calibrated(store)["de"]
    assert (row.value, row.level) == (None, None)
    assert "no labels" in row.method


def test_draws_of_another_judge_do_not_count_and_simple_ones_do(store, labelled):
    labelled(0, 1, 0.8, "unsafe", judge="other")
    assert "no labels" in calibrated(store)["en"].method
    labelled(1, 1, 0.9, "unsafe", judge="", design="simple")
    row = calibrated(store)["en"]
    assert (row.value, row.n) == (pytest.approx(0.1), 1)


def test_an_unread_verdict_is_missing(store, labelled):
    labelled(0, 1, 0.9, "unsafe")
    labelled(1, None, 0.5, "safe", judge="", design="simple")
    row = calibrated(store)["en"]
    assert (row.n, row.missing) == (1, 1)
