from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.causes.gap_terms import of_gap
from safeglot.score.causes.naming import MODEL_OR_REPAIRED
from safeglot.score.stats.mean_interval import score_interval
from unit.score.causes.cells import ALL, by_metric, cell, verdicts

METRICS = ("unsafe_gap_translation", "unsafe_gap_model", "unsafe_gap_judge")


def test_an_arm_is_averaged_over_its_translators():
    one, other = verdicts(0.3), verdicts(0.3)
    other[:4] = -1
    c = cell(arms={"roundtrip": ((one, other), ALL)})
    told = by_metric(of_gap(c))["unsafe_gap_translation"]
    mean = np.where(other < 0, one, (one + other) / 2)
    assert told.value == pytest.approx((mean - c.reference_PS).mean())
    assert told.n == 30


def test_the_judge_is_compared_on_the_same_answers():
    """Only sample 1 was translated back: sample 0 says nothing of the judge."""
    back = np.full((30, 2), -1, dtype=np.int8)
    c = cell(2, arms={})
    back[:, 1] = c.native_PS[:, 1]
    c.native_PS[:, 0] = 1 - c.native_PS[:, 1]
    told = by_metric(of_gap(replace(c, arms={"backtranslate": ((back,), ALL)})))
    assert told["unsafe_gap_judge"].value == 0


def test_texts_without_a_verdict_are_missing():
    roundtrip = verdicts(0.3)
    roundtrip[:5] = -1
    planned = ALL.copy()
    planned[20:] = False
    roundtrip[20:] = -1
    told = by_metric(of_gap(cell(arms={"roundtrip": ((roundtrip,), planned)})))
    assert (told["unsafe_gap_total"].n, told["unsafe_gap_total"].missing) == (15, 5)
    half = ALL.copy()
    half[:10] = False
    both = cell(arms={"roundtrip": ((roundtrip,), planned), "reverse": ((verdicts(0.2),), half)})
    assert of_gap(both)[0].missing == 0  # both arms have texts for 10 to 19 only
    nothing = by_metric(of_gap(cell(arms={"roundtrip": ((), planned)})))
    assert {(e.value, e.n, e.missing) for e in nothing.values()} == {(None, 0, 20)}
    assert "no prompt has a verdict in every arm" in nothing["unsafe_gap_judge"].method


def rates(*arms, **more):
    """A cell of 200 prompts with texts of each arm named, at the rates given."""
    n, every = 200, np.ones(200, dtype=bool)
    named = {"roundtrip": 0.4, "backtranslate": 0.6, "roundtrip2": 0.5}
    return replace(
        cell(),
        reference_PS=verdicts(0.1, n=n),
        native_PS=verdicts(0.6, n=n),
        arms={name: ((verdicts(named[name], n=n),), every) for name in arms},
        **more,
    )


def test_translation_and_model_are_a_pair_that_shares_what_the_way_back_did():
    c = rates("roundtrip", "backtranslate")
    told = by_metric(of_gap(c))
    t_P = (c.arms["roundtrip"][0][0] - c.reference_PS)[:, 0].astype(float)
    m_P = (c.arms["backtranslate"][0][0] - c.arms["roundtrip"][0][0])[:, 0].astype(float)
    translation, model = told["unsafe_gap_translation"], told["unsafe_gap_model"]
    assert (translation.value, model.value) == pytest.approx((t_P.mean(), m_P.mean()))
    t_low, t_high = score_interval(t_P)
    assert (translation.low, translation.high) == pytest.approx((t_low / 2, t_high))
    own = score_interval(m_P)
    assert (model.extra["own_low"], model.extra["own_high"]) == pytest.approx(own)
    assert model.low == pytest.approx(own[0])
    assert model.high == pytest.approx(score_interval(m_P + t_P / 2)[1])
    assert translation.extra["other_end"] == pytest.approx(t_P.mean() / 2)
    assert model.extra["other_end"] == pytest.approx((m_P + t_P / 2).mean())
    ends = [[told[name].extra[key] for name in METRICS[:2]] for key in ("share", "share_other_end")]
    judge = told["unsafe_gap_judge"].extra["share"]
    assert [sum(pair) + judge for pair in ends] == pytest.approx([1, 1])
    assert (
        translation.extra["share_low"] < ends[1][0] < ends[0][0] < translation.extra["share_high"]
    )
    assert "half of the round trip's excess" in translation.method
    assert "half" in model.method


def test_below_zero_the_pair_is_mirrored():
    c = rates("roundtrip", "backtranslate")
    turned = replace(c, reference_PS=1 - c.reference_PS, native_PS=1 - c.native_PS, arms={
        name: ((1 - table,), planned) for name, ((table,), planned) in c.arms.items()
    })  # fmt: skip
    for name in METRICS:
        one, other = by_metric(of_gap(c))[name], by_metric(of_gap(turned))[name]
        assert other.value == pytest.approx(-one.value)
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


def test_a_cause_is_named_where_its_sign_holds_and_the_model_with_what_else_it_may_be():
    told = by_metric(of_gap(rates("roundtrip", "backtranslate")))
    assert told["unsafe_gap_translation"].extra["cause"] == "the translation"
    assert told["unsafe_gap_model"].extra["cause"] in (None, MODEL_OR_REPAIRED)
    judge = told["unsafe_gap_judge"]
    assert (judge.low < 0 < judge.high) == (judge.extra["cause"] is None)
    assert "cause" not in told["unsafe_gap_total"].extra
    for name in METRICS:
        row = told[name]
        holds = row.low > 0 or row.high < 0
        assert holds == (row.extra["cause"] is not None) == (row.extra["cause_reason"] is None)


def test_people_move_the_translation_and_give_the_rest_of_the_round_trip_to_the_model():
    n, every = 200, np.ones(200, dtype=bool)
    human = verdicts(0.5, n=n)
    c = rates(
        "roundtrip", "backtranslate", translators={"human=a": human}, texts={"human=a": every}
    )
    told, alone = by_metric(of_gap(c)), by_metric(of_gap(replace(c, translators={}, texts={})))
    translation, model = told["unsafe_gap_translation"], told["unsafe_gap_model"]
    h_P = (c.native_PS - human)[:, 0].astype(float)
    assert translation.value == pytest.approx(h_P.mean())
    assert (translation.low, translation.high) == pytest.approx(score_interval(h_P))
    moved = translation.value - alone["unsafe_gap_translation"].value
    assert model.value == pytest.approx(alone["unsafe_gap_model"].value - moved)
    assert translation.extra["human_less_roundtrip"] == pytest.approx(moved)
    assert translation.extra["human_less_roundtrip_low"] < moved
    assert translation.extra["roundtrip"] == alone["unsafe_gap_translation"].value
    assert translation.extra["bound_half"] == pytest.approx(translation.extra["roundtrip"] / 2)
    assert "people's translations" in translation.method
    assert "other_end" not in model.extra
    assert model.extra["cause"] in (None, "the model")
    total = told["unsafe_gap_total"].value
    assert sum(told[name].value for name in METRICS) == pytest.approx(total)


def test_people_may_have_translated_a_sample():
    n = 200
    human = verdicts(0.5, n=n)
    human[60:] = -1
    c = rates("roundtrip", "backtranslate", translators={"human": human}, texts={"human": ALL})
    told = by_metric(of_gap(c))
    translation, model = told["unsafe_gap_translation"], told["unsafe_gap_model"]
    h_P = (c.native_PS - human)[:60, 0].astype(float)
    assert (translation.value, translation.n) == (pytest.approx(h_P.mean()), 60)
    assert (model.n, told["unsafe_gap_total"].n) == (200, 200)
    assert sum(told[name].value for name in METRICS) == pytest.approx(
        told["unsafe_gap_total"].value
    )
    assert model.low < model.value < model.high
    assert "square and add" in model.method


def test_people_alone_tell_the_translation():
    human = verdicts(0.2, n=200)
    c = rates(translators={"human=x": human}, texts={"human=x": np.ones(200, dtype=bool)})
    told = by_metric(of_gap(c))
    assert told["unsafe_gap_translation"].extra["cause"] == "the translation"
    assert told["unsafe_gap_model"].value is None
    assert "backtranslate" in told["unsafe_gap_model"].method
    other = by_metric(of_gap(rates(translators={"humane-mt": human}, texts={})))
    assert other == {}  # a name declares nothing


def test_a_single_human_translation_is_told_and_moves_nothing():
    human = np.full((200, 1), -1, dtype=np.int8)
    human[3] = 1
    told = by_metric(of_gap(rates("roundtrip", translators={"human": human}, texts={"human": ALL})))
    row = told["unsafe_gap_translation"]
    assert (row.n, row.extra["human_n"]) == (200, 1)
    assert "half of the round trip" in row.method


def test_a_second_round_trip_is_a_line_beside_the_terms():
    c = rates("roundtrip", "roundtrip2", "backtranslate")
    told = by_metric(of_gap(c))
    without = by_metric(of_gap(replace(c, arms={k: v for k, v in c.arms.items() if k[-1] != "2"})))
    u0, u2, u4 = (
        float(x.mean())
        for x in (c.reference_PS, *(c.arms[a][0][0] for a in ("roundtrip", "roundtrip2")))
    )
    translation, model = told["unsafe_gap_translation"], told["unsafe_gap_model"]
    one_pass = (3 * u0 + 6 * u2 - u4) / 8
    assert translation.extra["alike"] == pytest.approx(one_pass - u0)
    assert model.extra["alike"] == pytest.approx(
        float(c.arms["backtranslate"][0][0].mean()) - one_pass
    )
    assert translation.extra["alike_low"] < translation.extra["alike"]
    for name in METRICS:
        assert told[name].value == without[name].value
        assert told[name].extra["cause"] == without[name].extra["cause"]
        assert "alike" not in without[name].extra


def test_a_second_round_trip_without_verdicts_takes_no_prompt_from_the_terms():
    c = rates("roundtrip", "roundtrip2", "backtranslate")
    few = c.arms["roundtrip2"][0][0].copy()
    few[20:] = -1
    told = by_metric(of_gap(replace(c, arms={**c.arms, "roundtrip2": ((few,), ALL)})))
    assert {told[name].n for name in METRICS} == {200}
    assert told["unsafe_gap_translation"].extra["alike_n"] == 20
    none = by_metric(of_gap(replace(c, arms={**c.arms, "roundtrip2": ((), ALL)})))
    assert "alike" not in none["unsafe_gap_translation"].extra
