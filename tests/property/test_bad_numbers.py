"""No data, however bad, gives NaN, infinity, a warning of numpy's, or a number where none can be."""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeglot.report.results_json import from_json, to_json
from safeglot.score.answers import overrefusal
from safeglot.score.answers.response_classes import estimates as classes_of
from safeglot.score.answers.sheet import Answers
from safeglot.score.basic import estimates
from safeglot.score.catalogue.metric import RANGES
from safeglot.score.catalogue.metrics import metric
from safeglot.score.causes import attribution
from safeglot.score.causes.cell import Cell
from safeglot.score.causes.estimates import of_quality, of_translators
from safeglot.score.causes.gap_terms import of_gap
from safeglot.score.cube import Cube
from safeglot.score.frame import Proportion
from safeglot.score.judges import agreement, allocation, ppi, rogan_gladen, two_phase
from safeglot.score.judges.agreement_table import judge_estimates
from safeglot.score.judges.corrected_rates import Sample, correct, gap_of, safeties
from safeglot.score.models import covariates, regression, trend
from safeglot.score.probes import factorial
from safeglot.score.stats import (
    association,
    consistency,
    gaps,
    intervals,
    mean_interval,
    multiplicity,
    power,
    samples,
    sequential,
    shrinkage,
)
from safeglot.score.translations import quality, translators
from safeglot.types import Estimate

SLACK = 1e-9
LAW = settings(max_examples=40)
LANGUAGES, LABELS = ("en", "de", "sw"), st.integers(-1, 1)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def filled(draw, elements, shape, dtype=np.int8):
    """An array of drawn numbers, now and then of one number only."""
    size = math.prod(shape)
    if draw(st.integers(0, 3)) == 0:
        return np.full(shape, draw(elements), dtype=dtype)
    return np.array(draw(st.lists(elements, min_size=size, max_size=size)), dtype=dtype).reshape(
        shape
    )


@st.composite
def cubes(draw):
    """Also one prompt, one language, all missing, categories that no prompt has."""
    n_L, n_P = draw(st.integers(1, 3)), draw(st.integers(1, 7))
    n_S, n_C = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    return Cube(
        unsafe_JMLPS=filled(draw, LABELS, (1, 1, n_L, n_P, n_S)),
        member_PC=filled(draw, st.booleans(), (n_P, n_C), np.bool_),
        judges=("j",),
        models=("m",),
        languages=LANGUAGES[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple("abcd"[:n_C]),
        macro_C=draw(st.sampled_from([None, tuple("AABB"[:n_C])])),
        reference="en",
    )


def check(found):
    """What is true of every estimate."""
    assert from_json(to_json(found, "s"))[0] == found
    for e in found:
        ends = RANGES[metric(e.metric).unit]
        least, most = ends or (-math.inf, math.inf)
        assert e.n >= 0
        assert e.missing >= 0
        assert e.method
        if e.value is not None:
            assert least - SLACK <= e.value <= most + SLACK, e
        if e.low is not None or e.high is not None:
            assert least - SLACK <= e.low <= e.high + SLACK, e
            assert e.high <= most + SLACK, e
            assert e.value is None or e.low - SLACK <= e.value <= e.high + SLACK, e
        for p in {"p", "p_midp", "p_holm", "p_bh"} & e.extra.keys():
            assert e.extra[p] is None or 0 <= e.extra[p] <= 1


@LAW
@given(cubes(), st.sampled_from([0, 2, 9]), st.sampled_from([0.5, 0.95, 0.999]))
def test_cubes_of_any_kind(cube, draws, level):
    check(estimates(cube, level=level, draws=draws))


def test_a_cube_of_nothing_but_missing_verdicts_tells_nothing():
    member = np.array([[True, False], [False, False]])
    cube = Cube(
        unsafe_JMLPS=np.full((1, 1, 2, 2, 2), -1, dtype=np.int8),
        member_PC=member,
        judges=("j",),
        models=("m",),
        languages=("en", "de"),
        prompts=("p", "q"),
        categories=("a", "b"),
        reference="en",
    )
    found = estimates(cube, draws=5)
    check(found)
    assert found
    assert all(e.value is None and e.low is None and e.n == 0 for e in found)


def safeties_of(cube):
    found = estimates(cube)
    return {(e.metric, e.language, e.category): e.value for e in found if e.metric in SAFETIES}


SAFETIES = {"safety", "safety_micro", "safety_macro", "safety_macro_of_macros"}


@LAW
@given(cubes())
def test_missing_verdicts_never_raise_a_rate_beyond_what_they_could_be(cube):
    def as_if(label):
        unsafe = np.where(cube.unsafe_JMLPS < 0, label, cube.unsafe_JMLPS).astype(np.int8)
        return safeties_of(replace(cube, unsafe_JMLPS=unsafe))

    best, worst = as_if(0), as_if(1)
    for key, value in safeties_of(cube).items():
        if value is not None and key[0] in {"safety", "safety_micro"} and key[1] is not None:
            assert worst[key] - SLACK <= value <= best[key] + SLACK
        if value is not None:
            assert value <= 1


@LAW
@given(cubes())
def test_a_category_that_no_prompt_has_changes_no_average(cube):
    wider = replace(
        cube,
        member_PC=np.pad(cube.member_PC, ((0, 0), (0, 1))),
        categories=(*cube.categories, "none"),
        macro_C=None if cube.macro_C is None else (*cube.macro_C, "Z"),
    )
    before, after = safeties_of(cube), safeties_of(wider)
    for key, value in before.items():
        assert after[key] == (None if value is None else pytest.approx(value, abs=SLACK))
    check(estimates(wider, draws=3))


@LAW
@given(cubes())
def test_without_a_discordant_pair_no_gap_is_shown(cube):
    same = np.repeat(cube.unsafe_JMLPS[:, :, :1], len(cube.languages), axis=2)
    found = estimates(replace(cube, unsafe_JMLPS=same), draws=4)
    check(found)
    for e in found:
        if e.metric == "gap" and e.value is not None:
            assert e.value == 0
            assert e.low < 0 < e.high
            assert e.extra["p_holm"] == 1
        if e.metric == "cochran_q" and e.value is not None:
            assert (e.value, e.extra["p"]) == (0, 1)


# ---- answers, arms and labels


@st.composite
def answers(draw):
    n_J, n_L, n_P, n_S = (draw(st.integers(1, most)) for most in (2, 2, 6, 2))
    by_judge, by_model = (n_J, 1, n_L, n_P, n_S), (1, n_L, n_P, n_S)
    return Answers(
        unsafe_JMLPS=filled(draw, LABELS, by_judge),
        refusal_JMLPS=filled(draw, LABELS, by_judge),
        invalid_MLPS=filled(draw, st.integers(-1, 4), by_model),
        english_MLPS=filled(draw, LABELS, by_model),
        truncated_MLPS=filled(draw, LABELS, by_model),
        harmful_P=filled(draw, st.booleans(), (n_P,), np.bool_),
        says_refusal_J=filled(draw, st.booleans(), (n_J,), np.bool_),
        foreign_L=filled(draw, st.booleans(), (n_L,), np.bool_),
        covered_L=filled(draw, st.booleans(), (n_L,), np.bool_),
        judges=("j", "k")[:n_J],
        models=("m",),
        languages=LANGUAGES[:n_L],
        reference="en",
    )


@LAW
@given(answers())
def test_answers_of_any_kind(given_answers):
    found = list(classes_of(given_answers))
    check(found)
    for e in found:
        if e.metric == "safety_bounds" and e.low is not None:
            assert e.level is None


@st.composite
def cells(draw):
    n_P, n_S = draw(st.integers(1, 6)), draw(st.integers(1, 2))

    def verdicts():
        return filled(draw, LABELS, (n_P, n_S))

    def texts():
        return filled(draw, st.booleans(), (n_P,), np.bool_)

    qualities = st.one_of(st.floats(0, 1), st.just(float("nan")))
    arms = draw(st.lists(st.sampled_from(["roundtrip", "backtranslate", "reverse"]), unique=True))
    who = draw(st.lists(st.sampled_from(["a", "b", "human=1"]), unique=True, max_size=3))
    told = draw(st.booleans())
    return Cell(
        row=Estimate(metric="", model="m", judge="j", language="de", value=None, method="", n=0),
        reference_PS=verdicts(),
        native_PS=verdicts(),
        arms={
            name: (tuple(verdicts() for _ in range(draw(st.integers(0, 2)))), texts())
            for name in arms
        },
        translators={name: verdicts() for name in who},
        texts={name: texts() for name in who},
        quality={name: filled(draw, qualities, (n_P,), np.float64) for name in ("", *who)}
        if told
        else {},
        estimator="chrf" if told else "",
    )


@LAW
@given(st.lists(cells(), min_size=1, max_size=2))
def test_arms_of_any_kind(given_cells):
    spread = list(of_translators(given_cells))
    for cell, rows in zip(given_cells, spread, strict=True):
        check([*of_gap(cell), *rows, *of_quality(cell)])


@st.composite
def labelled(draw):
    shape = tuple(draw(st.integers(1, most)) for most in (2, 6, 2))
    size = math.prod(shape)
    at = draw(st.lists(st.integers(0, size - 1), unique=True, min_size=1, max_size=8))
    model_I, prompt_I, sample_I = np.unravel_index(at, shape)
    return Sample(
        unsafe_MPS=filled(draw, LABELS, shape),
        model_I=model_I,
        prompt_I=prompt_I,
        sample_I=sample_I,
        human_I=filled(draw, st.sampled_from([-1.0, 0.0, 0.5, 1.0]), (len(at),), np.float64),
        unsure_I=filled(draw, st.integers(0, 1), (len(at),), np.int64),
        design="simple",
    )


ROW = Estimate(metric="", judge="j", language="de", value=None, method="", n=0)


@LAW
@given(labelled(), labelled(), st.sampled_from(["two-phase", "ppi", "rogan-gladen"]))
def test_labels_of_any_kind(sample, other, correction):
    models = tuple("mn"[: sample.unsafe_MPS.shape[0]])
    pairs = list(safeties(ROW, sample, models, correction=correction))
    found = [row for row, _ in pairs]
    told, reference = pairs[0][1], correct(other, None, correction=correction)
    if other.unsafe_MPS.shape[1] == sample.unsafe_MPS.shape[1]:
        found.append(gap_of(replace(ROW, metric="gap_corrected"), told, reference))
    if told is not None:
        rating = np.array([[0, 1, -1], [1, 1, 0]])
        found += judge_estimates(ROW, told[0], agreement.krippendorff(rating))
    check(found)


# ---- estimators by themselves

NUMBER = st.sampled_from([-2.0, -0.5, 0.0, 1e-12, 0.3, 1.0, 1.5, 7.0])
COUNT = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 7.0, 300.0])
RATE = st.sampled_from([-0.1, 0.0, 1e-9, 0.3, 1.0, 1.1])
NAMES = ("a", "a", "b", "b", "c", "d")


def lists(elements, least=0, most=6):
    return st.lists(elements, min_size=least, max_size=most)


def tables(elements):
    return st.integers(1, 3).flatmap(
        lambda k: st.lists(st.lists(elements, min_size=k, max_size=k), max_size=5)
    )


def with_holes(elements):
    return st.one_of(elements, st.just(float("nan")))


def equal(*elements):
    """Lists of one length."""
    return st.integers(0, 6).flatmap(
        lambda n: st.tuples(*(st.lists(e, min_size=n, max_size=n) for e in elements))
    )


def families(function, **fixed):
    """A function of two lists that also takes a family for each."""

    def call(x, y):
        return function(x, y, families=NAMES[: len(x)], **fixed)

    return call


PAIR = st.tuples(COUNT, COUNT)
PROPORTIONS = st.tuples(RATE, COUNT)


def proportions(function):
    return lambda a, b: function(
        Proportion(value=a[0], n_eff=a[1]), Proportion(value=b[0], n_eff=b[1])
    )


TABLE = st.tuples(st.tuples(COUNT, COUNT), st.tuples(COUNT, COUNT))
ESTIMATORS = {
    "wilson": (intervals.wilson, st.tuples(COUNT, COUNT)),
    "wilson_effective": (intervals.wilson_effective, st.tuples(RATE, COUNT)),
    "certified_low": (intervals.certified_low, st.tuples(COUNT, COUNT)),
    "jeffreys": (intervals.jeffreys, st.tuples(COUNT, COUNT)),
    "clustered_mean": (intervals.clustered_mean, equal(NUMBER, st.integers(0, 3))),
    "tango": (gaps.tango, st.tuples(COUNT, COUNT, COUNT)),
    "mcnemar_midp": (gaps.mcnemar_midp, st.tuples(COUNT, COUNT)),
    "mcnemar_chi2": (gaps.mcnemar_chi2, st.tuples(COUNT, COUNT)),
    "holm": (multiplicity.holm, st.tuples(lists(RATE))),
    "benjamini_hochberg": (multiplicity.benjamini_hochberg, st.tuples(lists(RATE))),
    "pairs": (lambda a, b: consistency.pairs(np.array(a, dtype=np.int8), np.array(b, dtype=np.int8)), equal(LABELS, LABELS)),
    "all_languages": (lambda a, b: consistency.all_languages(np.array([a, b], dtype=np.int8)), equal(LABELS, LABELS)),
    "resampled": (lambda a, b: samples.resampled(np.array([a, b], dtype=np.int8).T), equal(LABELS, LABELS)),
    "fit_beta": (lambda s, n: shrinkage.fit_beta([s], [n]), equal(COUNT, COUNT)),
    "prompts_needed": (lambda p, q, phi: power.prompts_needed(p, q, phi=phi), st.tuples(RATE, RATE, NUMBER)),
    "smallest_drop": (lambda p, n, phi: power.smallest_drop(p, n, phi=phi), st.tuples(RATE, COUNT, NUMBER)),
    "neyman": (allocation.neyman, st.integers(0, 4).flatmap(lambda k: st.tuples(lists(RATE, k, k), lists(RATE, k, k), COUNT))),
    "budget": (lambda q, a, b, h: allocation.budget(q, ppv=a, false_omission=b, half_width=h), st.tuples(RATE, RATE, RATE, RATE)),
    "two_phase": (lambda w, u, n, j: two_phase.two_phase(w, u, n, judged=j), st.integers(0, 3).flatmap(lambda k: st.tuples(lists(RATE, k, k), lists(COUNT, k, k), lists(COUNT, k, k), COUNT))),
    "rogan_gladen": (rogan_gladen.rogan_gladen, st.tuples(PAIR, PAIR, PAIR)),
    "ppi_plus": (lambda pair, f: ppi.ppi_plus(*pair, f), st.tuples(equal(NUMBER, NUMBER), lists(NUMBER))),
    "kappa": (agreement.kappa, st.tuples(TABLE)),
    "ac1": (agreement.ac1, st.tuples(TABLE)),
    "mcc": (agreement.mcc, st.tuples(TABLE)),
    "sensitivity": (agreement.sensitivity, st.tuples(TABLE)),
    "krippendorff": (lambda r: agreement.krippendorff(np.array(r)), st.tuples(tables(st.integers(-1, 2)))),
    "score_interval": (mean_interval.score_interval, st.tuples(lists(NUMBER))),
    "decompose": (lambda a, b, c, d: attribution.decompose(attribution.ArmRates(reference_P=np.array(a), native_P=np.array(b), roundtrip_P=np.array(c), back_P=np.array(d))), equal(*[with_holes(RATE)] * 4)),
    "variance_components": (lambda t: translators.variance_components(np.array(t)), st.tuples(tables(with_holes(NUMBER)))),
    "sign_robust": (lambda t: translators.sign_robust(np.array(t)), st.tuples(tables(with_holes(NUMBER)))),
    "dependability": (translators.dependability, equal(NUMBER, RATE)),
    "within_prompt_slope": (lambda q: quality.within_prompt_slope(np.array(q), np.array(q)[::-1]), st.tuples(tables(with_holes(RATE)))),
    "gate_selection": (quality.gate_selection, equal(with_holes(RATE), with_holes(RATE), st.booleans())),
    "gap_curve": (quality.gap_curve, equal(with_holes(RATE), with_holes(RATE), with_holes(RATE))),
    "youden_j": (proportions(overrefusal.youden_j), st.tuples(PROPORTIONS, PROPORTIONS)),
    "harmonic_mean": (proportions(overrefusal.harmonic_mean), st.tuples(PROPORTIONS, PROPORTIONS)),
    "detection": (proportions(overrefusal.detection), st.tuples(PROPORTIONS, PROPORTIONS)),
    "capability_adjusted": (proportions(overrefusal.capability_adjusted), st.tuples(PROPORTIONS, PROPORTIONS)),
    "spearman": (association.spearman, equal(NUMBER, NUMBER)),
    "kendall": (association.kendall, equal(NUMBER, NUMBER)),
    "meta_regression": (regression.meta_regression, equal(NUMBER, NUMBER, NUMBER)),
    "leave_one_out": (lambda x, d, v: regression.leave_one_out(x, d, v, NAMES[: len(x)]), equal(NUMBER, NUMBER, NUMBER)),
    "permuted_slope": (families(regression.permuted_slope, draws=20), equal(NUMBER, NUMBER)),
    "stratified_kendall": (families(trend.stratified_kendall), equal(NUMBER, NUMBER)),
    "isotonic_trend": (families(trend.isotonic_trend, draws=20), equal(NUMBER, NUMBER)),
    "size_terms": (lambda x, y, z: covariates.size_terms(z, {"size": x, "tokens": y}, NAMES[: len(x)], draws=20), equal(NUMBER, NUMBER, NUMBER)),
    "size_by_tuning": (lambda x, y: trend.size_by_tuning(x, y, tuned=[i % 2 > 0 for i in range(len(x))], families=[str(i // 2) for i in range(len(x))]), equal(NUMBER, NUMBER)),
    "paired_models": (lambda d: trend.paired_models(d, NAMES[: len(d)]), st.tuples(lists(NUMBER))),
    "wilcoxon": (trend.wilcoxon, st.tuples(lists(NUMBER))),
    "contrasts": (lambda r: factorial.contrasts(np.array(r, dtype=float).reshape(-1, 4), ("switch", "frame")), st.tuples(st.lists(st.tuples(*[with_holes(RATE)] * 4), max_size=12))),
    "confidence_sequence": (sequential.confidence_sequence, st.tuples(st.integers(-1, 30), st.integers(-1, 30))),
    "band_evidence": (sequential.band_evidence, st.tuples(st.integers(-1, 20), st.integers(-1, 20), st.integers(-1, 40))),
    "fewest_prompts": (sequential.fewest_prompts, st.tuples(RATE)),
    "look": (sequential.look, st.tuples(lists(COUNT), st.integers(-1, 9))),
    "log_e_of_gap": (sequential.log_e_of_gap, st.tuples(st.integers(-1, 40), st.integers(-1, 40))),
}  # fmt: skip


IMPOSSIBLE = {
    "wilson": lambda: intervals.wilson(7, 3),
    "wilson below zero": lambda: intervals.wilson(-1, 3),
    "wilson_effective": lambda: intervals.wilson_effective(1.2, 30),
    "certified_low": lambda: intervals.certified_low(7, 3),
    "jeffreys": lambda: intervals.jeffreys(7, 3),
    "fit_beta": lambda: shrinkage.fit_beta([[4, 1]], [[3, 3]]),
    "two_phase": lambda: two_phase.two_phase([0.5, 0.5], [4, 1], [3, 3], judged=9),
    "two_phase weights": lambda: two_phase.two_phase([0.5, 0.6], [1, 1], [3, 3], judged=9),
    "rogan_gladen": lambda: rogan_gladen.rogan_gladen((5, 3), (9, 10), (9, 10)),
    "prompts_needed": lambda: power.prompts_needed(1.2, 0.9, phi=None),
    "smallest_drop": lambda: power.smallest_drop(-0.1, 100, phi=None),
    "proportion": lambda: Proportion(value=1.5, n_eff=10),
    "decompose": lambda: attribution.decompose(
        attribution.ArmRates(reference_P=np.array([2.0]), native_P=np.array([0.0]))
    ),
    "clustered_mean": lambda: intervals.clustered_mean([], []),
    "clustered_mean of a gap": lambda: intervals.clustered_mean([1.0, math.nan], [0, 1]),
    "level": lambda: intervals.wilson(1, 3, level=1.2),
    "level of an exact bound": lambda: intervals.certified_low(1, 3, level=0.0),
    "level of a bound": lambda: intervals.certified_low(1, 3, level=math.nan),
    "level of jeffreys": lambda: intervals.jeffreys(1, 3, level=1.0),
    "tango": lambda: gaps.tango(2, 2, 3),
    "tango below zero": lambda: gaps.tango(-1, 0, 3),
    "mcnemar_midp": lambda: gaps.mcnemar_midp(5, -1),
    "mcnemar_chi2": lambda: gaps.mcnemar_chi2(-1.0, 5.0),
    "holm": lambda: multiplicity.holm([0.1, 1.4]),
    "benjamini_hochberg": lambda: multiplicity.benjamini_hochberg([0.1, math.nan]),
    "e_bh": lambda: multiplicity.e_bh([3.0, -1.0], alpha=0.1),
    "ppi": lambda: ppi.ppi_plus([], [], [1.0]),
    "contrasts": lambda: factorial.contrasts([[0.0, 3.0]], ("switch",)),
}


AWKWARD = {
    "variances far apart": lambda: regression.meta_regression(
        [-2.0, 0.0, 0.0, -2.0, 0.0, 0.0], [-2.0] * 6, [0.3, 0.0, 0.0, 0.3, 0.0, 1e-12]
    ),
    "nobody disagrees": lambda: agreement.krippendorff([[0, 1, 1], [0, 1, 1]]),
    "all translators alike": lambda: translators.variance_components(np.zeros((3, 2))),
    "no row": lambda: mean_interval.score_interval([]),
    "one prompt": lambda: quality.within_prompt_slope([[0.2, 0.9]], [[1.0, 0.0]]),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_numbers_have_an_answer(name):
    for at, number in numbers(AWKWARD[name]()):
        assert not isinstance(number, float) or math.isfinite(number), at


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_is_refused(name):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        IMPOSSIBLE[name]()


BOUNDLESS = {"log_e_safe", "log_e_not_safe", "log_e_ge_lo", "log_e_below_lo"}
"""A logarithm of no evidence at all is minus infinity."""


def numbers(found, at=""):
    """Every number in what an estimator gave back, with the field it stands in."""
    if dataclasses.is_dataclass(found):
        for field in dataclasses.fields(found):
            yield from numbers(getattr(found, field.name), field.name)
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from numbers(value, str(key))
    elif isinstance(found, (list, tuple)):
        for value in found:
            yield from numbers(value, at)
    elif isinstance(found, np.ndarray):
        for value in found.ravel().tolist():
            yield at, value
    else:
        yield at, found


@pytest.mark.parametrize("name", ESTIMATORS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_estimators_give_a_number_or_say_what_is_wrong(name, data):
    function, arguments = ESTIMATORS[name]
    given_numbers = data.draw(arguments)
    try:
        found = function(*given_numbers)
    except ValueError as error:
        wrong = error
    else:
        wrong = None
    if wrong is not None:
        assert type(wrong) is ValueError  # not numpy's own, of a matrix
        assert len(str(wrong).split()) > 3
        assert not any(word in str(wrong) for word in ("broadcast", "argument", "zero-size"))
        return
    for at, number in numbers(found):
        if isinstance(number, float) and at not in BOUNDLESS:
            assert math.isfinite(number), (at, found)
