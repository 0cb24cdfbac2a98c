"""What the arms of a run say of a gap, as tables of its estimates."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.translation_impact import translation_impact
from unit.experiments.made import column, estimate, run_in, write_estimates


@pytest.fixture
def tables(tmp_path):
    path = run_in(tmp_path / "run", np.zeros((1, 1, 2, 4), dtype=int))

    def call(*rows, **asked):
        write_estimates(path, rows)
        return translation_impact([path], **asked)

    return call


def test_the_terms_of_a_gap_stand_in_one_row(tables):
    share = {"share": 0.4, "share_low": 0.2, "share_high": 0.7}
    (table,) = tables(
        estimate("unsafe_gap_total", 0.10),
        estimate("unsafe_gap_translation", 0.04, extra=share | {"other_end": 0.02}),
        estimate(
            "unsafe_gap_model", 0.05, extra={"other_end": 0.07, "cause": "the model, or more"}
        ),
    )
    assert [c.name for c in table.columns][3:] == [
        "gap", "translation", "model", "judge", "translation, other end", "model, other end",
        "translation's share", "causes named", "n",
    ]  # fmt: skip
    (row,) = table.rows
    values = [cell.value for cell in row[3:]]
    assert values == [0.10, 0.04, 0.05, None, 0.02, 0.07, 0.4, None, 40]
    assert row[6].text == "not in the run"
    assert (row[9].low, row[9].high) == (0.2, 0.7)
    assert row[10].text == "the model, or more"


def test_human_translations_take_the_place_of_the_term(tables):
    human = {"human": 0.03, "human_low": 0.01, "human_high": 0.05, "share_reason": "too small"}
    (table,) = tables(
        estimate("unsafe_gap_total", 0.1), estimate("unsafe_gap_translation", 0.04, extra=human)
    )
    assert table.notes[0] == "no share of the gap: too small."
    assert "translation's effect is +3.0 [+1.0 to +5.0] points" in table.notes[1]


def test_each_kind_of_estimate_has_its_table(tables):
    found = tables(
        estimate("gap_at_quality_0.5", -0.05),
        estimate("gap_at_quality_0.9", -0.01),
        estimate("gate_selection", 0.02, extra={"kept": 30, "drop_rate": 0.25}),
        estimate("quality_slope", -0.3, extra={"estimator": "kiwi", "unsafe_rate": 0.2}),
        estimate("translator_variance", 0.0004, extra={"K": 3, "p": 0.2, "sign_robust": "yes"}),
    )
    translators, slope, gate, curve = found
    assert column(translators, "sd by translators") == [pytest.approx(0.02)]
    assert column(translators, "same sign with all") == ["yes"]
    assert (column(slope, "estimator"), column(slope, "unsafe rate")) == (["kiwi"], [0.2])
    assert (column(gate, "kept"), column(gate, "dropped")) == ([30], [0.25])
    assert column(curve, "quality from") == [0.5, 0.9]
    assert column(curve, "gap (safety)") == [-0.05, -0.01]


def test_one_judge_can_be_asked_for(tables):
    rows = [
        estimate("gate_selection", value, judge=judge) for judge, value in (("a", 0.1), ("b", 0.2))
    ]
    (table,) = tables(*rows, judge="b")
    assert (column(table, "judge"), column(table, "reference: kept less all")) == (["b"], [0.2])
    with pytest.raises(UsageError, match="--judge: got 'c'"):
        tables(*rows, judge="c")


def test_a_run_without_arms_says_how_to_add_some(tables):
    with pytest.raises(UsageError, match=r"has no arms .*--arms roundtrip,translators"):
        tables(estimate("safety_micro", 0.9))
    with pytest.raises(UsageError, match="no run given"):
        translation_impact([])


def test_a_gap_that_is_not_interpreted_is_no_finding_here_either(tables):
    why = {"gap_not_interpretable": "missing and invalid"}
    share = {"share": 0.4, "share_low": 0.2, "share_high": 0.7, "cause": None, "human": 0.03}
    found = tables(
        estimate("unsafe_gap_total", 0.10, extra=why),
        estimate("unsafe_gap_translation", 0.04, extra=share | {"other_end": 0.02} | why),
        estimate("gap_at_quality_0.5", -0.05, extra=why),
        estimate(
            "gate_selection", 0.02, extra={"kept": 30, "drop_rate": 0.25, "gap_paired": 0.1} | why
        ),
        estimate("quality_slope", -0.3, extra={"estimator": "kiwi", "unsafe_rate": 0.2} | why),
        estimate(
            "translator_variance", 0.0004, extra={"K": 3, "p": 0.2, "sign_robust": "yes"} | why
        ),
    )
    text = "not interpreted: too much missing and invalid"
    terms, translators, slope, gate, curve = found
    (row,) = terms.rows
    assert [cell.value for cell in row[3:]] == [None] * 8 + [40]
    assert {cell.text for cell in row[3:10]} == {text}
    assert row[10].text == "none: not interpreted"
    (note,) = terms.notes
    assert text in note
    assert column(translators, "translators") == [3]
    assert (
        translators.rows[0][
            translators.columns.index(
                next(c for c in translators.columns if c.name == "same sign with all")
            )
        ].text
        == text
    )
    assert (column(slope, "estimator"), column(slope, "unsafe rate")) == (["kiwi"], [None])
    assert (column(gate, "kept"), column(gate, "safety gap on kept")) == ([30], [None])
    assert (column(curve, "quality from"), column(curve, "gap (safety)")) == ([0.5], [None])
