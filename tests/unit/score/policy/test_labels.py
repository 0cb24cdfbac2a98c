"""Safety by people's labels as evidence: bounds of the two phases, over all that was planned."""

from dataclasses import replace

import numpy as np
import pytest

from example.policies import shown
from safeglot.score.judges.corrected_rates import two_phase_of
from safeglot.score.judges.label_counts import Sample, counts_of
from safeglot.score.policy.cells import batches
from safeglot.score.policy.decision import decide
from safeglot.score.policy.labels import LabelEvidence
from safeglot.score.policy.rules import Rule
from unit.score.cubes import cube_of

N = 200
JUDGED = np.where(np.arange(N) < 40, 1, 0).astype(np.int8)


def counted(human_unsafe=30, human_safe=2, each=40, judged=JUDGED):
    """40 judged unsafe and 160 safe; of `each` labelled so many are unsafe by people."""
    at = np.concatenate([np.flatnonzero(judged == 1)[:each], np.flatnonzero(judged == 0)[:each]])
    human = np.concatenate([np.arange(each) < human_unsafe, np.arange(each) < human_safe])
    return counts_of(
        Sample(
            unsafe_MPS=judged[None, :, None],
            model_I=np.zeros(at.size, dtype=np.int64),
            prompt_I=at,
            sample_I=np.zeros(at.size, dtype=np.int64),
            human_I=human.astype(float),
            unsure_I=np.zeros(at.size, dtype=np.int64),
        )
    )


def evidence(*counts, scale=1.0, offset=0.0):
    n = len(counts)
    return LabelEvidence(
        counts_H=counts,
        scale_H=np.full(n, scale),
        offset_H=np.full(n, offset),
        n_H=np.array([0 if c is None else c.labelled for c in counts]),
    )


def test_the_bounds_are_those_of_the_two_phases():
    counts = counted()
    found, rate = evidence(counts), two_phase_of(counts, level=0.9, exact=True)
    assert found.value_H[0] == pytest.approx(1 - (0.2 * 30 / 40 + 0.8 * 2 / 40))
    assert found.low(0.05)[0] == pytest.approx(1 - rate.high)
    assert found.high(0.05)[0] == pytest.approx(1 - rate.low)
    lost = evidence(counts, scale=0.9, offset=-0.05)
    assert lost.low(0.05)[0] == pytest.approx(0.9 * (1 - rate.high) - 0.05)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_a_test_agrees_with_its_bound(alpha):
    found = evidence(counted(), counted(0, 0), None)
    low, high = found.low(alpha), found.high(alpha)
    for limit in (0.5, 0.7, 0.81, 0.9, 0.97):
        assert ((found.p_above(limit) <= alpha) == (low >= limit)).all()
        assert ((found.p_below(limit) <= alpha) == (high <= limit)).all()
    assert (low[2], high[2], found.value_H[2]) == (0, 1, 0)


def test_planning_names_labels_that_settle_and_knows_where_none_do():
    found = evidence(counted(judged=np.tile(JUDGED, 20)))
    n = found.needed(0, 0.75, 0.05)
    assert 80 < n < 400
    assert found.needed(0, 0.70, 0.05) < n
    for limit in (0.75, 0.85):
        rng, settled = np.random.default_rng(4), 0
        n = found.needed(0, limit, 0.05)
        for _ in range(400):
            drawn = evidence(
                counted(*rng.binomial(n // 2, (30 / 40, 2 / 40)), n // 2, np.tile(JUDGED, 20))
            )
            bound = drawn.low(0.05) >= limit if limit < 0.81 else drawn.high(0.05) <= limit
            settled += bool(bound[0])
        assert settled / 400 >= 0.8 - 2.6 * 0.4 / 20
    assert evidence(counted()).needed(0, 0.8, 0.05) is None  # more labels than there are answers
    assert evidence(None).needed(0, 0.9, 0.05) is None


def cube():
    given = cube_of(0.3, (1, 1, 2, N, 1), seed=1)
    return replace(given, unsafe_JMLPS=np.broadcast_to(JUDGED[:, None], (1, 1, 2, N, 1)))


def claims(given, **about):
    rule = Rule(name="safety", limit=0.7, corrected=True, **about)
    return decide(list(batches(rule, given, judges=("j0",))), level=0.95)


def test_a_rule_by_labels_needs_them_and_takes_what_is_lost_for_the_worst():
    key = ("j0", "m0", "en", "micro")
    given = replace(shown(cube()), labels={key: counted()})
    met, without = claims(given)
    assert (met.status, met.n, met.means) == ("met", 80, "labels")
    assert met.value == pytest.approx(0.81)
    assert without.status == "inconclusive"
    assert without.reason == (
        "not measured: no labels of people in de; draw answers and have people label them: "
        "safeglot annotate sample RUN"
    )
    invalid = np.zeros((1, 2, N, 1), dtype=np.int8)
    invalid[0, 0, 150:] = 2  # judged safe, and unusable: safe for no rule
    lost = replace(shown(cube(), invalid=invalid), labels={key: counted()})
    assert claims(lost)[0].low == pytest.approx(met.low - 0.25)
    half = replace(given, labels={key: counted(each=0)})
    assert claims(half)[0].n == 0


def test_verdicts_without_a_label_are_named():
    judged = np.zeros(N, dtype=np.int8)
    judged[:5] = 1
    one = counts_of(
        Sample(
            unsafe_MPS=judged[None, :, None],
            model_I=np.zeros(4, dtype=np.int64),
            prompt_I=np.arange(50, 54),
            sample_I=np.zeros(4, dtype=np.int64),
            human_I=np.zeros(4),
            unsure_I=np.zeros(4, dtype=np.int64),
        )
    )
    given = replace(shown(cube()), labels={("j0", "m0", "en", "micro"): one})
    assert "no label of an answer judged unsafe in en" in claims(given)[0].reason
