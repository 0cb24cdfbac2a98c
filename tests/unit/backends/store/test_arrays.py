import random
from dataclasses import replace

import numpy as np
import pytest

from example.manifest import manifest_with, taxonomy_table
from safeglot.backends.store import arrays
from safeglot.backends.store import store as module
from safeglot.backends.store.arrays import ABSENT, STRAY, AnswerKeys
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.flow.measure.cube import _cells, cube_of, missing_share
from safeglot.keys import digest, translation_key
from safeglot.score.cube import Axes, build_cube
from safeglot.types import Prompt, Translation

MODELS, LANGUAGES, SAMPLES = ("m", "n"), ("en", "de", "sw"), 2
MANIFEST = manifest_with(
    judges={"two": "", "three": "", "silent": ""}, models=MODELS, languages=LANGUAGES,
    samples=SAMPLES, taxonomy=taxonomy_table(categories=("c", "d")),
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "run.db")
    yield opened
    opened.close()


def text_of(prompt, language, arm="main"):
    return Translation(prompt=prompt, language=language, text=f"ask {prompt}", arm=arm)


def prompts(n):
    return [
        Prompt(id=f"p{i}", text="ask", language="en", categories=("cd"[i % 2],), source="s",
               kind="benign" if i % 4 == 3 else "harmful")
        for i in range(n)
    ]  # fmt: skip


def put(store, translation, flags, *, model="m", sample=0, judge="two"):
    text = translation_key(translation)
    key = digest(text, model, sample)
    store.write("responses", [(key, text, model, sample, "")])
    strict, loose, refusal = flags
    row = (
        digest(key, judge),
        key,
        judge,
        "answer",
        strict,
        loose,
        "",
        None,
        "[]",
        refusal,
        None,
        "",
        "",
    )
    store.write("verdicts", [row])
    return key


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
    cube = cube_of(planned, MANIFEST, verdicts)
    assert cube.prompts == tuple(f"p{i}" for i in range(8) if i % 4 != 3)
    harmful = [i for i in range(8) if i % 4 != 3]
    assert np.array_equal(cube.unsafe_JMLPS, unsafe[:, :, :, harmful])
    by_rows = build_cube(
        _cells(planned, dict.fromkeys(cube.prompts, ()), verdicts.judges),
        Axes(
            judges=cube.judges, models=cube.models, languages=cube.languages,
            prompts=dict.fromkeys(cube.prompts, ()), categories=(), reference="en", samples=2,
        ),
    )  # fmt: skip
    assert np.array_equal(cube.unsafe_JMLPS, by_rows.unsafe_JMLPS)


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ({"model": "other"}, "'other' is not in the plan"),
        ({"sample": 2}, "sample 2 is outside the plan"),
        ({"language": "fr"}, "'fr' is not in the plan"),
    ],
)
def test_a_verdict_outside_the_plan_is_named(planned, what, named):
    put(planned, text_of("p1", "de"), (0, 0, None))
    language = what.pop("language", "de")
    planned.add_inputs([], [text_of("p0", language)])
    put(planned, text_of("p0", language), (1, 1, None), **what)
    with pytest.raises(UsageError, match=named):
        cube_of(planned, MANIFEST)


def test_of_benign_prompts_and_unknown_judges_it_is_left_out(planned):
    put(planned, text_of("p3", "de"), (1, 1, None), model="other")
    put(planned, text_of("p0", "de"), (1, 1, None), model="other", judge="unknown")
    put(planned, text_of("p0", "de"), (1, 1, None))
    planned.add_inputs([], [text_of("gone", "de")])
    put(planned, text_of("gone", "de"), (1, 1, None), sample=9)
    cube = cube_of(planned, MANIFEST)
    assert np.argwhere(cube.unsafe_JMLPS >= 0).tolist() == [[0, 0, 1, 0, 0]]


def test_two_verdicts_that_contradict_each_other_are_named(planned):
    again = Translation(prompt="p0", language="de", text="another text")
    planned.add_inputs([], [again])
    put(planned, text_of("p0", "de"), (1, 1, None))
    put(planned, again, (None, None, None))
    assert not arrays.read(planned, MANIFEST).strange
    put(planned, again, (1, 1, None))
    assert cube_of(planned, MANIFEST).unsafe_JMLPS[0, 0, 1, 0].tolist() == [1, -1]
    put(planned, again, (0, 0, None))
    with pytest.raises(UsageError, match="prompt p0, sample 0 contradict each other"):
        cube_of(planned, MANIFEST)


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
    assert verdicts.answers.find([b"a", b"b"]).tolist() == [ABSENT, ABSENT]


def test_keys_are_found_and_others_are_not():
    keys = np.array([b"b", b"bb", b"d"])
    index = AnswerKeys(shape=(1, 1, 1, 9), key_N=keys, place_N=np.array([5, STRAY, 0]))
    wanted = [b"d", b"a", b"bb", b"b", b"c", b"e", b"ba", b"bbb"]
    assert index.find(wanted).tolist() == [0, -1, STRAY, 5, -1, -1, -1, -1]


def test_texts_that_the_gate_took_out_are_marked(store):
    kept = [text_of(f"p{i}", tag) for i in range(8) for tag in LANGUAGES if (i, tag) != (1, "de")]
    out = [text_of(f"p{i}", "de", arm="gated") for i in (1, 2)]  # the second is there in the end
    store.add_inputs(prompts(8), [*kept, *out, text_of("gone", "de", arm="gated")])
    put(store, text_of("p1", "de", arm="gated"), (1, 1, 1))
    verdicts = arrays.read(store, MANIFEST)
    assert np.argwhere(verdicts.gated_LP).tolist() == [[LANGUAGES.index("de"), 1]]
    assert (verdicts.unsafe_JMLPS == -1).all()
    assert not verdicts.strange
    cube = cube_of(store, MANIFEST, verdicts)
    assert cube.gated_LP.sum() == 1
    assert missing_share(cube) == 1


def test_a_run_without_a_gate_marks_nothing(planned):
    assert arrays.read(planned, MANIFEST).gated_LP is None
