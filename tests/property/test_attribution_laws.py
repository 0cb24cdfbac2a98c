"""Laws of the attribution of a gap."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from safeglot.score.causes.attribution import ArmRates, decompose
from safeglot.score.stats.mean_interval import score_interval
from safeglot.score.translations.quality import gap_curve, gate_selection, within_prompt_slope
from safeglot.score.translations.translators import Components, sign_robust, variance_components


def tables(columns, least=1):
    """Rates of prompts: thirds, so that averages over translators are there too, and missing ones."""
    cell = st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0, np.nan, 0.0, 1.0])
    return st.integers(least, 25).flatmap(
        lambda n: hnp.arrays(np.float64, (n, columns), elements=cell)
    )


def arms(table):
    e, native, roundtrip, back, reverse = table.T
    return ArmRates(
        reference_P=e, native_P=native, roundtrip_P=roundtrip, back_P=back, reverse_P=reverse
    )


def finite(*numbers):
    return all(number is None or np.isfinite(number) for number in numbers)


@given(tables(5))
def test_terms_sum_to_the_gap_and_are_finite(table):
    found = decompose(arms(table))
    whole = ~np.isnan(table).any(axis=1)
    if not whole.any():
        assert found is None
        return
    assert (found.n, found.dropped) == (whole.sum(), (~whole).sum())
    assert np.isclose(sum(p.value for p in found.parts.values()), found.total.value)
    for part in (found.total, *found.parts.values()):
        assert finite(part.value, part.se, part.low, part.high, part.share, part.share_se)
        assert part.low - 1e-9 <= part.value <= part.high + 1e-9
        assert part is found.total or (part.share is None) == bool(part.share_reason)
    if found.cov is not None:
        assert np.isclose(found.cov.sum(), found.total.se**2)
    shares = [p.share for p in found.parts.values()]
    assert None in shares or np.isclose(sum(shares), 1)


@given(tables(7))
def test_with_people_the_terms_still_sum_to_the_gap_and_a_second_trip_moves_none(table):
    human, twice = table.T[5:]
    rates = arms(table[:, :5])
    found = decompose(replace(rates, human_P=human, roundtrip2_P=twice))
    alone = decompose(rates)
    assert (found is None) == (alone is None)
    if found is None:
        return
    assert np.isclose(sum(p.value for p in found.parts.values()), found.total.value)
    if found.cov is not None:
        assert np.isclose(found.cov.sum(), found.total.se**2)
    for part in found.parts.values():
        low, high = part.interval
        assert finite(low, high, part.se, part.share, part.other_share)
        assert low - 1e-9 <= part.value <= high + 1e-9
        assert part.sign in (-1, 0, 1)
        assert part.sign * part.value >= 0
    if not found.by_people:
        assert found.parts == alone.parts
        for name in ("translation", "model"):
            part = found.parts[name]
            assert part.bounds[0] - 1e-9 <= part.other <= part.bounds[1] + 1e-9
    assert found.parts["judge"] == alone.parts["judge"]
    assert found.total == alone.total


@given(tables(5, least=2), st.randoms(use_true_random=False))
def test_the_order_of_prompts_does_not_matter(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    one, other = decompose(arms(table)), decompose(arms(table[order]))
    assert (one is None) == (other is None)
    if one is not None:
        assert np.isclose(one.total.value, other.total.value)
        assert np.allclose(
            [(p.low, p.high) for p in one.parts.values()],
            [(p.low, p.high) for p in other.parts.values()],
        )


@given(hnp.arrays(np.float64, st.integers(0, 30), elements=st.sampled_from([-1, -0.5, 0, 0.25, 1])))
def test_the_score_interval_mirrors_and_narrows_with_the_level(d):
    low, high = score_interval(d)
    assert np.allclose(score_interval(-d), (-high, -low))
    wide = score_interval(d, level=0.99)
    assert wide[0] <= low + 1e-9
    assert high <= wide[1] + 1e-9
    assert -1 <= low <= high <= 1


@given(tables(3))
def test_components_are_finite_and_sum_to_all_the_variance(table):
    found = variance_components(table)
    if isinstance(found, str):
        assert sign_robust(table) is None
        return
    assert isinstance(found, Components)
    kept = table[~np.isnan(table).any(axis=1)]
    n, k = kept.shape
    squares = (
        found.ms_prompt * (n - 1)
        + found.ms_translator * (k - 1)
        + found.ms_residual * (n - 1) * (k - 1)
    )
    assert np.isclose(squares, ((kept - kept.mean()) ** 2).sum())
    assert finite(found.var_mean, found.se, *(found.interval() or ()))
    assert found.var_mean >= 0


@given(tables(2), st.floats(0, 1))
def test_a_gate_only_takes_prompts_away(table, threshold):
    reference, other = table.T
    quality = np.linspace(0, 1, len(table))
    found = gate_selection(reference, other, quality >= threshold)
    assert 0 <= found.kept <= found.n
    assert found.n + found.dropped == len(table)
    kept = [point.kept for point in gap_curve(reference, other, quality)]
    assert kept == sorted(kept, reverse=True)
    if found.gap_paired is not None:
        assert np.isclose(found.gap_wrong, found.gap_paired + found.selection)


@given(tables(3), st.floats(-5, 5), st.floats(0.1, 10))
def test_the_slope_follows_the_unit_of_quality(table, shift, unit):
    quality = np.sin(np.arange(table.size)).reshape(table.shape)
    one, other = (within_prompt_slope(q, table) for q in (quality, shift + unit * quality))
    if isinstance(one, str):
        assert other == one
        return
    assert np.isclose(other.beta * unit, one.beta)
    assert np.isclose(other.unsafe_adjusted, one.unsafe_adjusted)
    assert 0 <= one.unsafe_adjusted <= 1
