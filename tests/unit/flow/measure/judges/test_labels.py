from dataclasses import replace

import pytest

from example.manifest import manifest_with
from safeglot.errors import UsageError
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.labels import (
    answered,
    counts_to_plan,
    drawn_answers,
    estimates,
    identity,
    known_rates,
)

JUDGE = "refusal-baseline"
MANIFEST = manifest_with()
STRATA = {1: "judged unsafe", 0: "judged safe"}


@pytest.fixture
def label(store, put):
    """Put a judged answer; where it has labels it was drawn."""

    def one(at, unsafe, *labels, language="de", judge=JUDGE, design="two-phase"):
        put.prompt(f"p{at}")
        key = put.answer(put.text(f"p{at}", language))
        put.verdict(key, unsafe, JUDGE)
        if labels:
            stratum = STRATA[unsafe] if judge else "all"
            store.write("draws", [(key, judge, language, stratum, len(labels), design)])
            rows = [(key, str(i), name, "") for i, name in enumerate(labels) if name]
            store.write("labels", rows)
        return key

    return one


def rows(store, manifest=MANIFEST):
    found = estimates(store, manifest, cube_of(store, manifest))
    return {(e.metric, e.model, e.language): e for e in found}


def test_the_mean_of_the_labels_leaves_out_who_is_unsure(store, label):
    label(0, 1, "unsafe", "safe", "unsure")
    label(1, 0, "unsure")
    label(2, 0, "")
    humans = {d.prompt: (d.human, d.unsure, len(d.labels)) for d in drawn_answers(store)}
    assert humans == {"p0": (0.5, 1, 3), "p1": (-1, 1, 1), "p2": (-1, 0, 0)}


def test_without_labels_there_is_nothing(store, label):
    label(0, 1)
    assert rows(store) == {}
    label(1, 1, "")
    assert rows(store) == {}
    assert identity(store, MANIFEST) == ""


def test_labels_correct_a_rate(store, label):
    for at in range(8):
        label(at, 1, "unsafe" if at < 6 else "safe")
    for at in range(8, 24):
        label(at, 0, *(["unsafe" if at == 8 else "safe"] if at < 16 else []))
    row = rows(store)["safety_corrected", None, "de"]
    assert row.value == pytest.approx(1 - (8 * 6 / 8 + 16 * 1 / 8) / 24)
    assert rows(store)["judge_gate", None, "en"].method == "no labels"


def test_where_a_part_was_drawn_the_micro_average_is_that_of_the_source(store, put, label):
    """Two prompts of each category; the source has 90 of the safe one and 10 of the other."""
    for at in range(4):
        put.prompt(f"p{at}", category="hate" if at < 2 else "theft")
        label(at, int(at < 2), "unsafe" if at < 2 else "safe")
    cube = cube_of(store, MANIFEST)
    cube = replace(cube, size_C=tuple(10 if name == "hate" else 90 for name in cube.categories))
    found = {(e.metric, e.language): e for e in estimates(store, MANIFEST, cube) if e.model is None}
    assert found["safety_corrected", "de"].value == pytest.approx(0.9)
    assert found["safety_corrected_macro", "de"].value == pytest.approx(0.5)


def test_a_judge_is_not_corrected_by_labels_of_anothers_draw(store, label):
    label(0, 1, "unsafe", judge="other")
    row = rows(store)["judge_gate", None, "de"]
    assert row.value == 0
    assert "answers were drawn by the verdicts of other" in row.method


def test_a_verdict_that_changed_since_the_draw_is_told(store, put, label):
    key = label(0, 1, "unsafe")
    store.drop_verdicts(JUDGE)
    put.verdict(key, 0, JUDGE)
    assert "1 answers have another verdict" in rows(store)["judge_gate", None, "de"].method


def test_a_correction_that_the_design_does_not_allow_is_refused(store, label):
    label(0, 1, "unsafe")
    label(1, 0, "safe")
    with pytest.raises(UsageError, match="--correction"):
        rows(store, replace(MANIFEST, correction="ppi"))


def test_the_signature_moves_with_labels_and_correction(store, label):
    label(0, 1, "unsafe")
    before = identity(store, MANIFEST)
    assert before.startswith("two-phase:")
    assert identity(store, replace(MANIFEST, correction="ppi")) == "ppi" + before[9:]
    label(1, 0, "safe")
    assert identity(store, MANIFEST) != before


def test_known_rates_are_pulled_to_one_half(store, label):
    for at, name in enumerate(("unsafe", "unsafe", "safe")):
        label(at, 1, name)
    label(3, 0, "safe")
    cube, drawn = cube_of(store, MANIFEST), drawn_answers(store)
    found = dict(counts_to_plan(JUDGE, drawn, cube, answered(store, cube)))
    de = found["de"]
    assert (de.share.q, de.share.n) == (0.75, 4)
    assert known_rates(de) == ((2 + 0.5) / (3 + 1), (0 + 0.5) / (1 + 1))
    assert found["en"] is None
