from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from example.manifest import manifest_with, taxonomy_table
from safeglot.backends.store import arrays
from safeglot.errors import UsageError
from safeglot.flow.measure.cube import _cells, benign_cube, cube_of, missing_share
from safeglot.score.cube import Axes, build_cube
from safeglot.score.frame import frame_of
from safeglot.score.safety.outcomes import METRICS, benign_outcomes
from safeglot.types import OUTCOME_COUNTS

MANIFEST = manifest_with(
    judges={"two": "", "three": ""}, models=("m", "n"), samples=2,
    taxonomy=taxonomy_table(categories=("theft", "hate", "unused"), macro={"theft": "A", "hate": "B"}),
)  # fmt: skip


@pytest.fixture
def texts(put):
    put.prompt("p0")
    put.prompt("p1", category="hate")
    put.prompt("benign", kind="benign")
    return {(p, tag): put.text(p, tag) for p in ("p0", "p1", "benign") for tag in ("en", "de")}


def judge(put, text, unsafe, *, model="m", sample=0, judge="two", **more):
    put.verdict(put.answer(text, model, sample), unsafe, judge, **more)


def test_the_plan_sets_the_shape_and_benign_prompts_are_left_out(store, put, texts):
    judge(put, texts["p1", "de"], 1, model="n", sample=1)
    judge(put, texts["benign", "de"], 1)
    cube = cube_of(store, MANIFEST)
    assert cube.unsafe_JMLPS.shape == (2, 2, 2, 2, 2)
    assert np.argwhere(cube.unsafe_JMLPS >= 0).tolist() == [[0, 1, 1, 1, 1]]
    assert (cube.categories, cube.macro_C) == (("theft", "hate"), ("A", "B"))
    assert cube.member_PC.tolist() == [[True, False], [False, True]]


def test_a_judge_of_three_labels_is_read_twice(store, put, texts):
    judge(put, texts["p0", "de"], 0, loose=1, judge="three")
    cube = cube_of(store, MANIFEST)
    assert cube.judges == ("two", "three", "three@loose")
    assert cube.unsafe_JMLPS[1:, 0, 1, 0, 0].tolist() == [0, 1]


def test_rows_and_arrays_give_the_same_cube(store, put, texts):
    for i, text in enumerate(texts.values()):
        judge(put, text, (0, 1, None)[i % 3], sample=i % 2)
        judge(put, text, (0, None)[i % 2], loose=1, judge="three", model="n")
    cube = cube_of(store, MANIFEST)
    axes = Axes(
        judges=cube.judges, models=cube.models, languages=cube.languages,
        prompts=dict.fromkeys(cube.prompts, ()), categories=(), reference="en", samples=2,
    )  # fmt: skip
    by_rows = build_cube(_cells(store, cube.prompts, cube.judges), axes)
    assert np.array_equal(cube.unsafe_JMLPS, by_rows.unsafe_JMLPS)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ({"model": "other"}, "'other' is not in the plan"),
        ({"sample": 2}, "sample 2 is outside the plan"),
        ({"language": "fr"}, "'fr' is not in the plan"),
    ],
)
def test_a_verdict_outside_the_plan_is_named(store, put, texts, place, named):
    judge(put, texts["p1", "de"], 0)
    judge(put, put.text("p0", place.pop("language", "de")), 1, **place)
    with pytest.raises(UsageError, match=named):
        cube_of(store, MANIFEST)


def test_of_benign_prompts_and_unknown_judges_it_is_left_out(store, put, texts):
    judge(put, texts["benign", "de"], 1, model="other")
    judge(put, texts["p0", "de"], 1, model="other", judge="unknown")
    judge(put, put.text("gone", "de"), 1, sample=9)
    judge(put, texts["p0", "de"], 1)
    cube = cube_of(store, MANIFEST)
    assert np.argwhere(cube.unsafe_JMLPS >= 0).tolist() == [[0, 0, 1, 0, 0]]


def test_two_verdicts_that_contradict_each_other_are_named(store, put, texts):
    judge(put, texts["p0", "de"], 1)
    judge(put, put.text("p0", "de", translator="another"), 0)
    with pytest.raises(UsageError, match="prompt p0, sample 0 contradict each other"):
        cube_of(store, MANIFEST)


def test_what_the_gate_took_out_is_not_missing(store, put, texts):
    put.prompt("p2")
    put.text("p2", "en")
    put.text("p2", "de", arm="gated")
    verdicts = arrays.read(store, MANIFEST)
    cube = cube_of(store, MANIFEST, verdicts)
    assert cube.gated_LP.tolist() == [[False, False, False], [False, False, True]]
    for text in (*texts.values(), put.text("p2", "en")):
        for model in MANIFEST.models:
            for sample in range(MANIFEST.samples):
                judge(put, text, 0, model=model, sample=sample)
    cube = cube_of(store, replace(MANIFEST, judges={"two": ""}))
    assert missing_share(cube) == 0
    assert missing_share(cube_of(store, MANIFEST)) == 1  # the other judge has none


def test_without_judges_nothing_is_missing(store, texts):
    assert missing_share(cube_of(store, replace(MANIFEST, judges={}))) == 0


def test_outcomes_of_benign_prompts_add_up_under_names_of_their_own(store, put, texts):
    judge(put, texts["benign", "de"], 0)
    put.failure("generate", texts["benign", "en"], "m", "blocked")
    cube = benign_cube(store, MANIFEST, arrays.read(store, MANIFEST))
    assert (tuple(cube.prompts), cube.judges, cube.categories) == (("benign",), (), ("theft",))
    rows = {
        (e.metric, e.language, e.category): e
        for e in benign_outcomes(frame_of(cube, level=0.95))
        if e.model == "m"
    }
    assert {metric for metric, *_ in rows} == {
        f"benign_{m}" for m in (*METRICS.values(), "blocked_gap")
    }
    for tag, category in product(MANIFEST.languages, (None, "theft")):
        row = rows["benign_blocked_rate", tag, category]
        assert sum(row.extra[key] for key in OUTCOME_COUNTS.values()) == row.n == 2
    blocked, answered = (
        rows[f"benign_{m}_rate", tag, None] for m, tag in (("blocked", "en"), ("answered", "de"))
    )
    assert (blocked.value, answered.value) == (0.5, 0.5)
    assert sum(rows[f"benign_{m}", "en", None].value for m in METRICS.values()) == pytest.approx(1)


def test_a_run_without_benign_prompts_has_no_outcomes_of_them(store, put):
    put.prompt("p0")
    assert benign_cube(store, MANIFEST, arrays.read(store, MANIFEST)) is None
