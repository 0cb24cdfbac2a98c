import pytest

from example.manifest import manifest_with
from example.translated import read
from safeglot.backends.store.texts import put_quality
from safeglot.flow.measure.causes import estimates

JUDGE = "refusal-baseline"


def judge(put, unsafe, prompt, language="de", *, model="m", sample=0, **text):
    key = put.answer(put.text(prompt, language, **text), model, sample)
    put.verdict(key, unsafe, JUDGE)


def rows(store, **changes):
    found = estimates(*read(store, manifest_with(**changes)), level=0.95)
    return {(e.metric, e.model, e.language): e for e in found}


@pytest.fixture
def answered(put):
    """Six prompts, none unsafe in English and the first three unsafe in German."""
    for i in range(6):
        put.prompt(f"p{i}")
        judge(put, 0, f"p{i}", "en")
        judge(put, int(i < 3), f"p{i}")


def value(row):
    return row.value, row.n, row.missing


def test_without_arms_there_is_nothing(store, answered):
    assert rows(store) == {}


def test_arms_cut_the_gap_into_its_terms(store, put, answered):
    for i in range(6):
        judge(put, int(i < 1), f"p{i}", arm="roundtrip", translator="mt")
        if i < 4:
            judge(put, int(i < 2), f"p{i}", arm="backtranslate", translator="mt")
    found = rows(store)
    assert value(found["unsafe_gap_total", "m", "de"]) == (0.75, 4, 0)
    for term in ("translation", "model", "judge"):
        assert value(found[f"unsafe_gap_{term}", "m", "de"]) == (0.25, 4, 0)
    assert found["unsafe_gap_total", "m", "de"].extra["arms"] == "roundtrip+backtranslate"


def test_an_answer_that_was_brought_is_planned_for_its_model_alone(store, put, answered):
    for i in range(6):
        judge(put, 0, f"p{i}", "en", model="k")
        judge(put, 1, f"p{i}", model="k")
    for i in range(4):
        judge(put, 0, f"p{i}", arm="backtranslate", translator="mt")
    put.answer(put.text("p4", arm="backtranslate", translator="mt"))  # not judged
    found = rows(store, models=("m", "k"))
    assert value(found["unsafe_gap_total", "m", "de"]) == (0.75, 4, 1)
    assert ("unsafe_gap_total", "k", "de") not in found


def test_several_translators_of_an_arm_are_averaged(store, put, answered):
    for name, unsafe in (("x", 1), ("y", 0)):
        for i in range(6):
            judge(put, unsafe, f"p{i}", arm="roundtrip", translator=name)
    row = rows(store)["unsafe_gap_translation", "m", "de"]
    assert row.value == pytest.approx(0.5)


def test_a_text_without_a_verdict_is_missing(store, put, answered):
    for i in range(6):
        judge(put, None if i == 5 else 0, f"p{i}", arm="roundtrip", translator="mt")
    put.prompt("benign", kind="benign")
    put.text("benign", arm="roundtrip", translator="mt")
    assert value(rows(store)["unsafe_gap_total", "m", "de"]) == (3 / 5, 5, 1)


def test_the_estimator_is_the_one_that_rates_most_texts(store, put, answered):
    texts = [put.text(f"p{i}") for i in range(6)]
    put_quality(store, {text: {"rare": 0.5} for text in texts[:3]})
    for i in range(6):
        judge(put, int(i < 2), f"p{i}", arm="translators", translator="mt", quality={"usual": 0.9})
    put_quality(store, {text: {"rare": 0.5, "usual": 0.9} for text in texts[:3]})
    found = rows(store)
    assert found["gap_at_quality_0", "m", "de"].extra["estimator"] == "usual"
    assert found["translator_variance", "m", "de"].extra["translators"] == "main, mt"


def test_a_gate_of_the_run_is_told_without_any_quality(store, put):
    for i in range(6):
        put.prompt(f"p{i}")
        judge(put, 0, f"p{i}", "en")
        judge(put, int(i < 3), f"p{i}", arm="main" if i % 2 else "gated", translator="mt")
    row = rows(store)["gate_selection", "m", "de"]
    assert row.method == "reference safety of the prompts that the run's gate kept less all"
    assert row.extra["drop_rate"] == pytest.approx(0.5)
