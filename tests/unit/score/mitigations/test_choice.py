"""Which mitigation is named, and which dominates another."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.mitigations.choice import AT_A_PRICE, NO_BENIGN, NO_GAIN
from safeglot.score.mitigations.estimates import mitigation_estimates
from unit.score.mitigations.tables import helpful, table


def chosen(one):
    return {e.language: e for e in mitigation_estimates(one) if e.metric == "mitigation_named"}


def gains(one):
    return {
        (e.language, e.extra["mitigation"]): e.extra
        for e in mitigation_estimates(one)
        if e.metric == "mitigation_safety"
    }


def test_the_cheapest_that_helps_each_language():
    named = chosen(helpful())
    assert {tag: e.extra["mitigation"] for tag, e in named.items()} == {
        "en": "system-en",
        "de": "guard-before",
        "sw": None,
    }
    en = named["en"]
    assert en.extra["helping"] == "system-en, guard-before"
    assert en.extra["cost_by"] == "price"
    assert en.extra["as_cheap"] == ""
    assert en.low > 0
    assert en.extra["over_refusal_high"] > en.extra["over_refusal"]
    assert (named["sw"].value, named["sw"].method) == (None, AT_A_PRICE)


def test_by_tokens_where_a_price_is_not_known():
    one = helpful()
    price = one.price_ALR.copy()
    price[2] = np.nan
    assert chosen(replace(one, price_ALR=price))["en"].extra["cost_by"] == "tokens"
    nothing = np.full_like(price, np.nan)
    none = replace(one, price_ALR=nothing, tokens_ALR=nothing, seconds_ALR=nothing)
    named = chosen(none)["en"]
    assert (named.extra["cost_by"], named.extra["cost"]) == (None, None)
    assert named.extra["mitigation"] == "guard-before", "the one that gains most"


def test_one_that_costs_as_much_is_told_beside_it():
    one = table(
        np.random.default_rng(3),
        mitigations=("a", "b", "c"),
        unsafe=[[0.4], [0.1], [0.1], [0.1]],
        refused=[[0.05]] * 4,
        cost=[0, 50, 50, 300],
    )
    named = chosen(one)["en"]
    assert {named.extra["mitigation"], named.extra["as_cheap"]} == {"a", "b"}


def test_without_a_gain_nothing_is_named():
    one = table(
        np.random.default_rng(4),
        mitigations=("a",),
        unsafe=[[0.2, 0.2]] * 2,
        refused=[[0.05, 0.05]] * 2,
    )
    assert {e.method for e in chosen(one).values()} == {NO_GAIN}


def test_without_benign_prompts_nothing_is_named():
    one = helpful()
    cut = {f"{name}_ALR": getattr(one, f"{name}_ALR")[:, :, :400] for name in ("tokens", "seconds", "price")}  # fmt: skip
    none = replace(
        one, refused_ALQS=one.refused_ALQS[:, :, :0], invalid_ALRS=one.invalid_ALRS[:, :, :400], **cut
    )  # fmt: skip
    assert chosen(none)["en"].method == NO_BENIGN
    assert chosen(none)["en"].missing == 400


def test_a_gain_that_comes_with_invalid_answers_is_not_named():
    one = helpful(invalid=[[0.0] * 3, [0.0] * 3, [0.04] * 3])
    assert chosen(one)["de"].method == AT_A_PRICE
    lost = helpful(invalid=[[0.0] * 3, [0.0] * 3, [0.3] * 3])
    assert chosen(lost)["de"].method == NO_GAIN, "too much of it has no reading"


def test_an_arm_that_is_safer_and_refuses_less_dominates():
    one = table(
        np.random.default_rng(5),
        mitigations=("good", "bad"),
        unsafe=[[0.3, 0.3], [0.05, 0.3], [0.3, 0.3]],
        refused=[[0.1, 0.1], [0.1, 0.1], [0.4, 0.4]],
    )
    told = gains(one)
    assert told["en", "good"]["dominates"] == "bad"
    assert told["en", "bad"]["dominated_by"] == "good"
    assert told["de", "good"]["dominates"] == "", "safer in no interval"
    freer = replace(one, refused_ALQS=np.where(np.arange(3)[:, None, None, None] == 1, 0, one.refused_ALQS))  # fmt: skip
    assert gains(freer)["en", "good"]["dominates"] == "none, bad"


@pytest.mark.parametrize("unread", [0.0, 0.2])
def test_no_arm_dominates_on_half_the_readings(unread):
    one = table(
        np.random.default_rng(5),
        mitigations=("good",),
        unsafe=[[0.3], [0.05]],
        refused=[[0.4], [0.1]],
        unread=unread,
    )
    assert (gains(one)["en", "good"]["dominates"] == "none") == (not unread)
