from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from safeglot.translate.base import Scale
from safeglot.translate.choice.choice import CandidateTable, Gate, choose, mean_ranks, why_gated

UP, DOWN = Scale(worst=0.0, best=1.0), Scale(worst=25.0, best=0.0)


PROXY = Scale(worst=0.0, best=1.0, proxy=True)
ROUND = Scale(worst=0.0, best=1.0, proxy=True, machine_only=True)


def table(
    quality, *, passed=None, brought=None, groups=None, scales=(UP,), languages=("sw",),
    language=None,
):  # fmt: skip
    quality = np.array(quality, dtype=float)
    quality = quality if quality.ndim == 2 else quality[:, np.newaxis]
    n = len(quality)
    group = np.array(list(range(n)) if groups is None else groups, dtype=int)
    return CandidateTable(
        groups=int(group.max()) + 1 if n else 0,
        group_N=group,
        language_N=np.zeros(n, dtype=int) if language is None else np.array(language),
        order_N=np.arange(n),
        passed_N=np.ones(n, dtype=bool) if passed is None else np.array(passed),
        brought_N=np.zeros(n, dtype=bool) if brought is None else np.array(brought),
        quality_NE=quality,
        languages=languages,
        estimators=tuple(f"e{i}" for i in range(quality.shape[1])),
        scales=scales,
    )


def outcomes(found):
    return [found.outcome(g) for g in range(len(found.row_G))]


def test_the_best_of_those_that_pass_is_kept():
    found = choose(table([0.7, 0.9, 0.99], groups=[0, 0, 0], passed=[True, True, False]), Gate())
    assert found.row_G.tolist() == [1]
    assert outcomes(found) == ["kept"]


def test_a_worse_rank_over_the_threshold_is_kept_before_a_better_one_under_it():
    # by ranks the first is best (0.45 is low only for e0), but e0 is what gates
    found = choose(
        table([[0.45, 0.99], [0.5, 0.1]], groups=[0, 0], scales=(UP, UP)),
        Gate(by_language={"sw": {"e0": 0.5}}),
    )
    assert found.row_G.tolist() == [1]


def test_what_is_under_the_threshold_is_gated_and_what_fails_the_checks_is_failed():
    given_ = table([0.41, 0.9, 0.3], groups=[0, 1, 2], passed=[True, False, False])
    found = choose(given_, Gate(threshold=0.5))
    assert outcomes(found) == ["gated", "failed", "failed"]
    assert found.row_G.tolist() == [0, -1, -1]
    assert why_gated(given_, Gate(threshold=0.5), 0) == "quality: e0 0.41 < 0.5"


def test_no_gate_keeps_all_that_pass():
    assert outcomes(choose(table([0.01, 0.02]), Gate(threshold=None))) == ["kept", "kept"]


def test_an_estimator_that_counts_errors_ranks_the_other_way_and_gates_only_when_told():
    given_ = table([[3.0], [1.0]], groups=[0, 0], scales=(DOWN,))
    assert choose(given_, Gate(threshold=0.5)).row_G.tolist() == [1]
    gate = Gate(by_language={"sw": {"e0": 0.5}})
    assert outcomes(choose(given_, gate)) == ["gated"]
    assert why_gated(given_, gate, 1) == "quality: e0 1 > 0.5"


def test_a_proxy_ranks_nothing_so_that_the_first_given_is_chosen():
    found = choose(table([0.6, 0.9], groups=[0, 0], scales=(PROXY,)), Gate())
    assert (found.row_G.tolist(), outcomes(found)) == ([0], ["kept"])
    assert np.isnan(found.rank_N).all()


def test_a_proxy_ranks_nothing_beside_an_estimator_that_does():
    both = table([[0.9, 0.6], [0.6, 0.9]], groups=[0, 0], scales=(UP, PROXY))
    assert choose(both, Gate()).rank_N.tolist() == [0.75, 0.25]


def test_a_round_trip_gates_what_was_chosen_and_chooses_no_other():
    given_ = table([0.4, 0.9], groups=[0, 0], scales=(ROUND,))
    found = choose(given_, Gate(threshold=0.5))
    assert (found.row_G.tolist(), outcomes(found)) == ([0], ["gated"])
    assert why_gated(given_, Gate(threshold=0.5), 0) == "quality: e0 0.4 < 0.5"


def test_a_round_trip_does_not_gate_what_was_brought():
    # MultiJail: the proxy's mean is .40 for people's Italian and .54 for a machine's
    given_ = table([0.1, 0.1], brought=[True, False], scales=(ROUND,))
    assert outcomes(choose(given_, Gate(threshold=0.5))) == ["kept", "gated"]


def test_other_estimators_gate_what_was_brought_and_are_the_only_reason_told():
    given_ = table([[0.1, 0.2]], brought=[True], scales=(ROUND, PROXY))
    assert outcomes(choose(given_, Gate(threshold=0.5))) == ["gated"]
    assert why_gated(given_, Gate(threshold=0.5), 0) == "quality: e1 0.2 < 0.5"


def test_candidates_without_a_number_go_by_the_order_and_are_not_stopped():
    found = choose(table([np.nan, np.nan], groups=[0, 0]), Gate())
    assert (found.row_G.tolist(), outcomes(found)) == ([0], ["kept"])
    assert np.isnan(found.rank_N).all()


def test_a_told_candidate_comes_before_one_of_which_nothing_is_told():
    assert choose(table([np.nan, 0.6], groups=[0, 0]), Gate()).row_G.tolist() == [1]


def test_ranks_are_within_a_language():
    ranks = mean_ranks(table([0.1, 0.2, 0.8, 0.9], languages=("sw", "de"), language=[0, 0, 1, 1]))
    assert ranks.tolist() == [0.25, 0.75, 0.25, 0.75]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_ranks_are_those_of_scipy(values):
    ranks = mean_ranks(table([v / 10 for v in values]))
    assert ranks == pytest.approx((stats.rankdata(values) - 0.5) / len(values))


def test_a_wide_scale_counts_no_more_than_a_narrow_one():
    # e0 says the first by far, e1 the second by little: they are even, and the first given wins
    found = choose(
        table([[0.99, 0.50], [0.01, 0.51]], groups=[0, 0], scales=(UP, UP)), Gate(threshold=None)
    )
    assert found.rank_N.tolist() == [0.5, 0.5]
    assert found.row_G.tolist() == [0]


def test_a_language_of_its_own_threshold():
    two = table([0.45, 0.45], languages=("sw", "de"), language=[0, 1])
    assert outcomes(choose(two, Gate(threshold=0.5, by_language={"sw": 0.4}))) == ["kept", "gated"]
    assert outcomes(choose(two, Gate(threshold=0.5, by_language={"sw": None}))) == ["kept", "gated"]


@pytest.mark.parametrize("gate", [Gate(), Gate(threshold=None)])
def test_no_candidates_at_all(gate):
    none = table(np.zeros((0, 1)))
    assert choose(none, gate).row_G.size == 0


QUALITY = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans(), st.floats(0, 1) | st.none()),
    min_size=1,
    max_size=30,
)


@given(rows=QUALITY, threshold=st.floats(0, 1))
def test_what_is_chosen_passed_and_no_better_one_was_there(rows, threshold):
    groups = [3 * p + language for p, language, _, _ in rows]
    quality = [np.nan if q is None else q for *_, q in rows]
    given_ = table(
        quality, groups=groups, passed=[ok for _, _, ok, _ in rows],
        languages=("a", "b", "c"), language=[language for _, language, _, _ in rows],
    )  # fmt: skip
    found = choose(given_, Gate(threshold=threshold))
    for group in range(given_.groups):
        members = [i for i, g in enumerate(groups) if g == group and rows[i][2]]
        row = found.row_G[group]
        assert (row >= 0) == bool(members)
        if row < 0:
            continue
        assert row in members
        over = [i for i in members if np.isnan(quality[i]) or quality[i] >= threshold]
        assert found.kept_G[group] == bool(over)
        told = [quality[i] for i in over or members if not np.isnan(quality[i])]
        assert not told or quality[row] == max(told)
        strict = choose(given_, Gate(threshold=min(1.0, threshold + 0.1)))
        assert strict.kept_G.sum() <= found.kept_G.sum()
