"""Coverage of what human labels give: corrected rates and gaps, the judge's own error rates."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.judges import agreement
from safeglot.score.judges.agreement import krippendorff, table_of
from safeglot.score.judges.agreement_table import judge_estimates
from safeglot.score.judges.corrected_rates import correct, gap_of, judge_term_of, safety_of
from safeglot.score.judges.label_counts import RateScope, Sample
from safeglot.types import Estimate
from simulation.measured import Tally, wald

RUNS = 250
SHARE = 0.5
SETTINGS = (
    # unsafe rate, sensitivity, specificity, prompts, labels a language
    (0.01, 0.85, 0.97, 2000, 200),
    (0.05, 0.85, 0.97, 2000, 200),
    (0.05, 0.70, 0.94, 600, 100),
    (0.12, 0.70, 0.94, 2000, 400),
    (0.12, 0.95, 0.995, 300, 60),
    (0.40, 0.80, 0.90, 300, 120),
)
N_MODELS = 2
SHIFT = 1.3
"""The other language's unsafe rate over the reference's."""
GRID = "6 settings: unsafe 0.01 to 0.4, sensitivity 0.7 to 0.95, 60 to 400 labels"
ROW = Estimate(metric="", judge="j", language="de", value=None, method="", n=0)
PANEL = (
    "judge_sensitivity",
    "judge_specificity",
    "judge_ppv",
    "judge_false_omission",
    "judge_agreement",
    "judge_kappa",
    "judge_ac1",
    "judge_mcc",
)


def _verdicts(rng, rates, setting):
    """Truth and verdicts of two languages, the prompts shared by models and languages; (2, M, P, 1)."""
    _, sensitivity, specificity, prompts, _ = setting
    common = rng.standard_normal((1, 1, prompts))
    own = rng.standard_normal((2, N_MODELS, prompts))
    cut = special.ndtri(np.asarray(rates))[:, None, None]
    unsafe = np.sqrt(SHARE) * common + np.sqrt(1 - SHARE) * own < cut
    chance = np.where(unsafe, sensitivity, 1 - specificity)
    verdict = rng.random(unsafe.shape) < chance
    return unsafe[..., None], verdict[..., None].astype(np.int8)


def _labelled(rng, unsafe_MPS, verdict_MPS, labels):
    """Half of the labels for each verdict, as far as there are so many answers."""
    flat = verdict_MPS.ravel()
    chosen = [rng.permutation(np.flatnonzero(flat == verdict))[: labels // 2] for verdict in (1, 0)]
    at = np.concatenate(chosen)
    model_I, prompt_I, sample_I = np.unravel_index(at, verdict_MPS.shape)
    return Sample(
        unsafe_MPS=verdict_MPS,
        model_I=model_I,
        prompt_I=prompt_I,
        sample_I=sample_I,
        human_I=unsafe_MPS.ravel()[at].astype(np.float64),
        unsure_I=np.zeros(at.size, dtype=np.int64),
    )


def _panel_truth(rate, setting):
    """What the estimates would say of endless labels; `rate` is (runs,)."""
    _, sensitivity, specificity, *_ = setting
    q = rate * sensitivity + (1 - rate) * (1 - specificity)
    ppv, omitted = rate * sensitivity / q, rate * (1 - sensitivity) / (1 - q)
    tables = [table_of(*each) for each in zip(q, ppv, omitted, strict=True)]
    mixed = [
        np.array([f(table) for table in tables])
        for f in (agreement.raw, agreement.kappa, agreement.ac1, agreement.mcc)
    ]
    return dict(zip(PANEL, (sensitivity, specificity, ppv, omitted, *mixed), strict=True))


def corrected(seed):
    """Two-phase correction pooled over models, its gap, and the agreement with people."""
    rng = np.random.default_rng(seed)
    names = ("safety_corrected", "safety_corrected of one model", "gap_corrected", *PANEL)
    tallies = {name: Tally(interval=f"`{name}`", grid=GRID) for name in names}
    alpha = krippendorff(np.zeros((1, 1)))
    for setting in SETTINGS:
        reference = setting[0] * rng.uniform(0.7, 1.4, size=RUNS)
        other = reference * SHIFT
        truth = _panel_truth(other, setting) | {
            "safety_corrected": 1 - other,
            "safety_corrected of one model": 1 - other,
            "gap_corrected": reference - other,
        }
        found = {name: [] for name in names}
        for rates in zip(reference, other, strict=True):
            unsafe, verdict = _verdicts(rng, rates, setting)
            samples = [_labelled(rng, unsafe[i], verdict[i], setting[4]) for i in range(2)]
            told_en, told = (correct(sample, None) for sample in samples)
            one = correct(samples[1], 0)
            found["safety_corrected"].append(_ends(safety_of(ROW, told, 0)))
            found["safety_corrected of one model"].append(_ends(safety_of(ROW, one, 0)))
            found["gap_corrected"].append(_ends(gap_of(ROW, told, told_en)))
            for estimate in judge_estimates(ROW, told[0], alpha):
                if estimate.metric in PANEL:
                    found[estimate.metric].append(_ends(estimate))
        for name, tally in tallies.items():
            value, low, high, se = np.array(found[name]).T
            naive = wald(value, se) if name.startswith("safety_corrected") else None
            tally.add(truth[name], (low, high), naive)
    return [tally.row() for tally in tallies.values()]


def _ends(e):
    """What says nothing claims nothing: the widest interval."""
    se = e.extra.get("se")
    se = 1.0 if se is None else se
    if e.low is None or e.high is None:
        return 0.0, -1.0, 1.0, se
    return 0.0 if e.value is None else e.value, e.low, e.high, se


UNREAD = (
    # share unread of unsafe and of safe answers, prompts, labels a language
    (0.10, 0.01, 1500, 240),
    (0.30, 0.02, 800, 180),
    (0.05, 0.05, 1500, 240),
)
UNREAD_GRID = (
    "unsafe 0.05 and 0.12, 5% to 30% of unsafe answers unread, 180 to 240 labels in three strata"
)
REPEATED_GRID = (
    "5 answers a prompt that go together, unsafe 0.05 and 0.2, 60 to 200 prompts, half labelled"
)


def unread(seed):
    """Corrected rates where unsafe answers go unread more often than safe ones."""
    rng = np.random.default_rng(seed)
    names = (
        "safety_corrected",
        "safety_corrected_macro",
        "gap_corrected",
        "unsafe_gap_judge_labels",
    )
    tallies = {
        name: Tally(interval=f"`{name}`, unread verdicts", grid=UNREAD_GRID) for name in names
    }
    for of_unsafe, of_safe, prompts, labels in UNREAD:
        for rate in (0.05, 0.12):
            found = {name: [] for name in names}
            rates = np.array([rate, rate * SHIFT])
            member = np.zeros((prompts, 4), dtype=bool)
            member[np.arange(prompts), rng.choice(4, prompts, p=(0.55, 0.25, 0.15, 0.05))] = True
            scope = RateScope(member_PK=member, share_K=np.full(4, 0.25), average="macro")
            for _ in range(RUNS):
                setting = (rate, 0.80, 0.96, prompts, labels)
                unsafe, verdict = _verdicts(rng, rates, setting)
                lost = rng.random(unsafe.shape) < np.where(unsafe, of_unsafe, of_safe)
                verdict[lost] = -1
                samples = [_of_strata(rng, unsafe[i], verdict[i], labels) for i in range(2)]
                told_en, told = (correct(sample, None) for sample in samples)
                found["safety_corrected"].append(_ends(safety_of(ROW, told, 0)))
                macro = correct(samples[1], None, scope=scope)
                found["safety_corrected_macro"].append(_ends(safety_of(ROW, macro, 0)))
                found["gap_corrected"].append(_ends(gap_of(ROW, told, told_en)))
                found["unsafe_gap_judge_labels"].append(_ends(judge_term_of(ROW, told, told_en)))
            judged = [
                (r * (1 - of_unsafe) * 0.80 + (1 - r) * (1 - of_safe) * 0.04)
                / (r * (1 - of_unsafe) + (1 - r) * (1 - of_safe))
                for r in rates
            ]
            truth = {
                "safety_corrected": 1 - rates[1],
                "safety_corrected_macro": 1 - rates[1],
                "gap_corrected": rates[0] - rates[1],
                "unsafe_gap_judge_labels": judged[1] - judged[0] - (rates[1] - rates[0]),
            }
            for name, tally in tallies.items():
                _, low, high, _ = np.array(found[name]).T
                tally.add(np.full(RUNS, truth[name]), (low, high))
    return [tally.row() for tally in tallies.values()]


def _of_strata(rng, unsafe_MPS, verdict_MPS, labels):
    """A third of the labels for each verdict and for none, as far as there are so many answers."""
    flat = verdict_MPS.ravel()
    chosen = [
        rng.permutation(np.flatnonzero(flat == verdict))[: labels // 3] for verdict in (1, 0, -1)
    ]
    at = np.concatenate(chosen)
    model_I, prompt_I, sample_I = np.unravel_index(at, verdict_MPS.shape)
    return Sample(
        unsafe_MPS=verdict_MPS,
        model_I=model_I,
        prompt_I=prompt_I,
        sample_I=sample_I,
        human_I=unsafe_MPS.ravel()[at].astype(np.float64),
        unsure_I=np.zeros(at.size, dtype=np.int64),
        answered_MPS=np.ones(verdict_MPS.shape, dtype=np.bool_),
    )


def repeated(seed):
    """PPI++ on several answers a prompt: clustered by prompt; without, coverage was .51 to .87."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="PPI++, clustered by prompt", grid=REPEATED_GRID)
    for prompts in (60, 200):
        for rate in (0.05, 0.2):
            ends = []
            for _ in range(RUNS):
                own_P = rng.beta(rate * 2, (1 - rate) * 2, size=prompts)
                unsafe = rng.random((5, prompts)) < own_P
                chance = np.where(unsafe, 0.85, 0.05)
                verdict = (rng.random(unsafe.shape) < chance).astype(np.int8)[..., None]
                at = rng.permutation(verdict.size)[: verdict.size // 2]
                model_I, prompt_I, sample_I = np.unravel_index(at, verdict.shape)
                sample = Sample(
                    unsafe_MPS=verdict,
                    model_I=model_I,
                    prompt_I=prompt_I,
                    sample_I=sample_I,
                    human_I=unsafe.ravel()[at].astype(np.float64),
                    unsure_I=np.zeros(at.size, dtype=np.int64),
                    design="simple",
                )
                ends.append(_ends(safety_of(ROW, correct(sample, None, correction="ppi"), 0)))
            _, low, high, _ = np.array(ends).T
            tally.add(np.full(RUNS, 1 - rate), (low, high))
    return [tally.row()]


def annotators(seed):
    """Krippendorff's alpha among two or three people who err in one label of twelve."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="`annotator_alpha`", grid="10 to 100 answers, unsafe 0.1 to 0.5")
    for units in (10, 25, 100):
        for rate in (0.1, 0.3, 0.5):
            for people in (2, 3):
                ends = [_alpha(rng, units, rate, people) for _ in range(RUNS // 4)]
                wrong = 1 / 12
                seen = rate * (1 - wrong) + (1 - rate) * wrong
                truth = 1 - wrong * (1 - wrong) / (seen * (1 - seen))
                tally.add(truth, tuple(np.array(ends).T))
    return [tally.row()]


def _alpha(rng, units, rate, people):
    unsafe = rng.random(units) < rate
    rating = (unsafe ^ (rng.random((people, units)) < 1 / 12)).astype(np.int64)
    found = krippendorff(rating)
    return (-1.0, 1.0) if found.low is None else (found.low, found.high)
