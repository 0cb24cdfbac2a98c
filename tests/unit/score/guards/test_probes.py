from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.guards.probes import NOT_VARIED, probe_differences
from safeglot.score.guards.rates import rates
from safeglot.score.stats.gaps import mcnemar_midp, tango
from unit.score.guards.sheets import by_metric, sheet_of, with_variant

LABEL = [[1] * 20 + [0] * 20] * 2
SAID = [1] * 18 + [0] * 2 + [0] * 20
NONE = [None] * 40
LATIN = [None] * 4 + [0] * 6 + [1] * 10 + [0] * 18 + [1] * 2
"""Of German: four are not varied, six of the others are missed, two that were missed are found."""
PLAIN = sheet_of(LABEL, [[SAID, SAID]])
SHEET = with_variant(PLAIN, "translit=latin", [NONE + LATIN])


def differences(sheet):
    return list(probe_differences(sheet, level=0.95))


def test_a_loss_is_paired_with_the_same_texts_as_they_came():
    (loss,) = by_metric(differences(SHEET), "guard_recall_probe", language="de")
    assert (loss.n, loss.missing, loss.value) == (16, 0, pytest.approx(-4 / 16))
    assert (loss.low, loss.high) == pytest.approx(tuple(map(float, tango(6, 2, 16))))
    assert loss.extra["p"] == pytest.approx(float(mcnemar_midp(6, 2)))
    assert loss.extra["plain"] == pytest.approx(14 / 16)
    assert loss.extra["with_probe"] == pytest.approx(10 / 16)
    assert (loss.extra["variant"], loss.extra["unmade"]) == ("translit=latin", 4)
    (alarms,) = by_metric(differences(SHEET), "guard_fpr_probe", language="de")
    assert (alarms.n, alarms.value, alarms.extra["unmade"]) == (20, pytest.approx(0.1), 0)


def test_a_language_that_could_not_be_varied_has_no_number_and_says_why():
    sheet = replace(
        SHEET, unmade={("en", "translit=latin"): "written in Latin script already (40)"}
    )
    (loss,) = by_metric(differences(sheet), "guard_recall_probe", language="en")
    assert (loss.value, loss.n, loss.method) == (None, 0, NOT_VARIED)
    assert loss.extra["unmade"] == 20
    assert loss.extra["reasons"] == "written in Latin script already (40)"
    assert "p_holm" not in loss.extra


def test_verdicts_that_were_not_read_are_counted_and_bound_the_loss():
    said = [None] * 4 + [-1] * 6 + LATIN[10:]
    (loss,) = by_metric(
        differences(with_variant(PLAIN, "translit=latin", [NONE + said])),
        "guard_recall_probe", language="de",
    )  # fmt: skip
    assert (loss.n, loss.missing) == (10, 6)
    assert loss.value == pytest.approx(2 / 10)
    assert loss.extra["low_bound"] == pytest.approx(-4 / 16)
    assert loss.extra["high_bound"] == pytest.approx(2 / 16)


def test_p_is_corrected_over_guards_languages_and_levels_of_a_factor():
    both = sheet_of(LABEL, [[SAID, SAID], [SAID, SAID]])
    sheet = with_variant(both, "spelling=leet", [NONE + LATIN, NONE + LATIN])
    sheet = with_variant(sheet, "spelling=dots", [NONE + LATIN + [None] * 40] * 2)
    sheet = with_variant(sheet, "framing=story", [[*SAID, *SAID, *[None] * 100]] * 2)
    told = by_metric(differences(sheet), "guard_recall_probe", language="de")
    spelt = [e for e in told if e.extra["variant"].startswith("spelling")]
    assert len(spelt) == 4
    assert [e.extra["p_holm"] for e in spelt] == pytest.approx(
        [min(4 * e.extra["p"], 1) for e in spelt]
    )
    assert all(e.value == 0 for e in told if e.extra["variant"] == "framing=story")


def test_what_is_lost_is_told_by_category_too_with_a_family_of_its_own():
    """Four of the six missed are of the first category, which has half of the texts."""
    category_N = np.tile([*[0] * 8, *[1] * 12, *[1] * 20], 2)
    sheet = with_variant(
        replace(PLAIN, categories=("slur", "other"), category_N=category_N),
        "spelling=leet",
        [NONE + LATIN],
    )
    told = by_metric(differences(sheet), "guard_recall_probe", language="de")
    assert [e.category for e in told] == [None, "slur", "other"]
    whole, slur, other = told
    assert (whole.n, whole.extra["p_holm"]) == (16, whole.extra["p"])
    assert (slur.n, slur.value, slur.extra["unmade"]) == (4, -1, 4)
    assert (other.n, other.value, other.extra["unmade"]) == (12, pytest.approx(0), 0)
    assert slur.extra["p_holm"] == pytest.approx(min(2 * slur.extra["p"], 1))
    (none,) = by_metric(differences(sheet), "guard_recall_probe", language="en", category="slur")
    assert (none.value, none.method, none.extra["unmade"]) == (None, NOT_VARIED, 8)
    assert {e.category for e in by_metric(differences(sheet), "guard_fpr_probe")} == {None, "other"}


def test_of_an_id_with_several_texts_those_with_a_variant_are_compared():
    sheet = sheet_of([[1] * 6], [[[1, 1, 1, 0, 1, 1]]], prompt_N=np.arange(6) // 2)
    (loss,) = by_metric(
        differences(with_variant(sheet, "translit=latin", [[0, None, 1, None, 1, None]])),
        "guard_recall_probe",
    )
    assert (loss.n, loss.value, loss.extra["unmade"]) == (3, pytest.approx(-1 / 3), 3)


def test_variants_enter_no_rate_of_the_texts_themselves():
    assert list(rates(SHEET, level=0.95)) == list(rates(PLAIN, level=0.95))
    assert differences(PLAIN) == []
