import random
from dataclasses import replace

import numpy as np
import pytest

from example.manifest import manifest_with, taxonomy_table
from example.rows import Writer
from safeglot.backends.store import arrays
from safeglot.backends.store import store as module
from safeglot.backends.store.arrays import ABSENT, STRAY, Numbered, Series
from safeglot.keys import translation_key
from safeglot.types import Prompt, Translation

MODELS, LANGUAGES, SAMPLES = ("m", "n"), ("en", "de", "sw"), 2
MANIFEST = manifest_with(
    judges={"two": "", "three": "", "silent": ""}, models=MODELS, languages=LANGUAGES,
    samples=SAMPLES, taxonomy=taxonomy_table(categories=("c", "d")),
)  # fmt: skip


def text_of(prompt, language, arm="main", **more):
    return Translation(prompt=prompt, language=language, text=f"ask {prompt}", arm=arm, **more)


def prompts(n):
    return [
        Prompt(id=f"p{i}", text="ask", language="en", categories=("cd"[i % 2],), source="s",
               kind="benign" if i % 4 == 3 else "harmful")
        for i in range(n)
    ]  # fmt: skip


def put(store, translation, flags, *, model="m", sample=0, judge="two"):
    writer, text = Writer(store), translation_key(translation)
    strict, loose, refusal = flags
    answer = writer.response(text, model, sample)
    writer.verdict(answer, strict, judge, loose=loose, refusal=refusal)


@pytest.fixture
def planned(store):
    store.add_inputs(prompts(8), [text_of(f"p{i}", tag) for i in range(8) for tag in LANGUAGES])
    return store


def test_arrays_hold_what_was_written(planned, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 7)
    rng = random.Random(0)
    expected = {}
    for i in range(8):
        for at_L, tag in enumerate(LANGUAGES):
            for at_M, model in enumerate(MODELS):
                for sample in range(SAMPLES):
                    for judge in rng.sample(["two", "three", "unknown"], rng.randint(0, 3)):
                        flags = [rng.choice((None, 0, 1)) for _ in range(3)]
                        if judge != "three":
                            flags[1] = flags[0]
                        put(
                            planned,
                            text_of(f"p{i}", tag),
                            flags,
                            model=model,
                            sample=sample,
                            judge=judge,
                        )
                        expected[judge, at_M, at_L, i, sample] = flags
    planned.add_inputs([], [text_of("p0", "en", arm="roundtrip")])
    put(planned, text_of("p0", "en", arm="roundtrip"), (1, 1, 1))
    verdicts = arrays.read(planned, MANIFEST)
    assert verdicts.judges == ("two", "three", "three@loose", "silent")
    assert verdicts.unsafe_JMLPS.shape == (4, 2, 3, 8, 2)
    unsafe, refusal = np.full((2, 4, 2, 3, 8, 2), -1)
    for (judge, *cell), flags in expected.items():
        for at, name in enumerate(verdicts.judges):
            if name.removesuffix("@loose") == judge:
                flag = flags[name.endswith("@loose")]
                unsafe[at, *cell] = -1 if flag is None else flag
                refusal[at, *cell] = -1 if flags[2] is None else flags[2]
    assert np.array_equal(verdicts.unsafe_JMLPS, unsafe)
    assert np.array_equal(verdicts.refusal_JMLPS, refusal)
    assert not verdicts.strange


def test_two_texts_of_one_place_may_not_contradict_each_other(planned):
    again = Translation(prompt="p0", language="de", text="another text")
    planned.add_inputs([], [again])
    put(planned, text_of("p0", "de"), (1, 1, None))
    put(planned, again, (None, None, None))
    assert not arrays.read(planned, MANIFEST).strange
    put(planned, again, (1, 1, None))
    verdicts = arrays.read(planned, MANIFEST)
    assert verdicts.unsafe_JMLPS[0, 0, 1, 0].tolist() == [1, -1]
    assert not verdicts.strange
    put(planned, again, (0, 0, None))
    assert arrays.read(planned, MANIFEST).strange


@pytest.mark.parametrize("place", [{"model": "other"}, {"sample": 2}, {"judge": "unknown", "sample": 2}])  # fmt: skip
def test_a_verdict_outside_the_plan_is_strange_unless_its_judge_is_unknown(planned, place):
    put(planned, text_of("p0", "de"), (1, 1, None), **place)
    assert arrays.read(planned, MANIFEST).strange is ("judge" not in place)


@pytest.mark.parametrize("rows", [1, 100])
def test_it_does_not_matter_in_which_chunk_they_are(planned, monkeypatch, rows):
    monkeypatch.setattr(module, "ROWS", rows)
    again = Translation(prompt="p0", language="de", text="another text")
    planned.add_inputs([], [again])
    put(planned, text_of("p0", "de"), (1, 1, None))
    put(planned, again, (0, 0, None))
    assert arrays.read(planned, MANIFEST).strange


def test_a_run_without_anything(store):
    verdicts = arrays.read(store, replace(MANIFEST, judges={}))
    assert verdicts.unsafe_JMLPS.shape == (0, 2, 3, 0, 2)
    assert verdicts.answers.find([1, 2]).tolist() == [ABSENT, ABSENT]


def test_numbers_are_found_and_others_are_not():
    index = Numbered(np.array([2, 3, 2**62]), np.array([5, STRAY, 0]))
    wanted = [2**62, 1, 3, 2, 4, -1, 2**63 - 1]
    assert index.find(wanted).tolist() == [0, -1, STRAY, 5, -1, -1, -1]


def test_texts_that_the_gate_took_out_are_marked(store):
    kept = [text_of(f"p{i}", tag) for i in range(8) for tag in LANGUAGES if (i, tag) != (1, "de")]
    out = [text_of(f"p{i}", "de", arm="gated") for i in (1, 2)]  # the second is there in the end
    store.add_inputs(prompts(8), [*kept, *out, text_of("gone", "de", arm="gated")])
    put(store, text_of("p1", "de", arm="gated"), (1, 1, 1))
    verdicts = arrays.read(store, MANIFEST)
    assert np.argwhere(verdicts.gated_LP).tolist() == [[LANGUAGES.index("de"), 1]]
    assert (verdicts.unsafe_JMLPS == -1).all()
    assert not verdicts.strange


def test_a_run_without_a_gate_marks_nothing(planned):
    assert arrays.read(planned, MANIFEST).gated_LP is None


# ---- other arms


def other_texts(rng):
    """Texts of all arms by several translators, and variants, each of some prompts and languages."""
    for i in range(8):
        for tag in (*LANGUAGES, "fr"):
            for arm in ("roundtrip", "translators", "reverse"):
                for name in rng.sample("xy", rng.randint(0, 2)):
                    yield text_of(f"p{i}", tag, arm=arm, translator=name)
            for variant in rng.sample(["a=1", "a=1+b=2"], rng.randint(0, 2)):
                yield text_of(
                    f"p{i}", tag, arm="probe", variant=variant, translator=rng.choice("xy")
                )


@pytest.mark.parametrize("rows", [5, 20_000])
def test_other_arms_are_arrays_by_series(planned, monkeypatch, rows):
    monkeypatch.setattr(module, "ROWS", rows)
    rng = random.Random(1)
    expected = {}
    for text in other_texts(rng):
        planned.add_inputs([], [text])
        for model in (*MODELS, "other"):
            for sample in range(SAMPLES + 1):
                flags = rng.choice([None, 0, 1]), rng.choice([None, 0, 1]), None
                put(planned, text, flags, model=model, sample=sample, judge="three")
                who = "" if text.arm == "probe" else text.translator
                series = Series(text.arm, text.language, who, text.variant)
                expected[model, series, text.prompt, sample] = flags
    put(planned, text_of("p0", "de"), (1, 1, None))
    arms = arrays.read(planned, MANIFEST).arms
    harmful = [f"p{i}" for i in range(8) if i % 4 != 3]
    assert {series.language for series in arms.series} == set(LANGUAGES)
    assert arms.unsafe_JMKPS.shape == (3, 2, len(arms.series), len(harmful), SAMPLES)
    for m, model in enumerate(MODELS):
        for series, k in arms.series.items():
            for p, prompt in enumerate(harmful):
                for sample in range(SAMPLES):
                    flags = expected.get((model, series, prompt, sample), (None, None))
                    cell = 1, m, k, p, sample
                    assert arms.unsafe_JMKPS[cell] == (-1 if flags[0] is None else flags[0])
                    assert arms.loose_JMKPS[cell] == (-1 if flags[1] is None else flags[1])
            there = [(model, series, prompt, 0) in expected for prompt in harmful]
            assert arms.answered_MKP[m, k].tolist() == there
    assert (arms.unsafe_JMKPS[[0, 2]] == -1).all()


def test_series_of_an_arm_are_found_by_language(planned):
    for name, tag in (("y", "de"), ("x", "de"), ("x", "sw")):
        text = text_of("p0", tag, arm="roundtrip", translator=name)
        planned.add_inputs([], [text])
        put(planned, text, (1, 1, None), model="n", sample=1)
    arms = arrays.read(planned, MANIFEST).arms
    assert [series.translator for series in arms.of("roundtrip", "de")] == ["x", "y"]
    assert arms.of("roundtrip", "en") == arms.of("gated", "de") == []
    unsafe_PS = arms.unsafe_PS("two", "n", arms.of("roundtrip", "sw")[0])
    assert np.argwhere(unsafe_PS >= 0).tolist() == [[0, 1]]
    assert arms.loose_JMKPS is arms.unsafe_JMKPS or np.array_equal(
        arms.loose_JMKPS, arms.unsafe_JMKPS
    )


def test_the_main_arm_can_be_read_alone(planned):
    text = text_of("p0", "de", arm="roundtrip")
    planned.add_inputs([], [text])
    put(planned, text, (1, 1, None))
    put(planned, text_of("p0", "de"), (0, 0, None))
    both, alone = arrays.read(planned, MANIFEST), arrays.read(planned, MANIFEST, arms=False)
    assert np.array_equal(both.unsafe_JMLPS, alone.unsafe_JMLPS)
    assert (len(both.arms.series), len(alone.arms.series)) == (1, 0)
    assert alone.arms.unsafe_JMKPS.size == 0
