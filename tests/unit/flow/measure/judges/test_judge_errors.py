import numpy as np
import pytest

from example.manifest import manifest_with
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.judge_errors import estimates
from safeglot.types import Estimate

JUDGE, N = "refusal-baseline", 40
MANIFEST = manifest_with(languages=("en", "de", "sw"), judges={JUDGE: "id", "other": "id"})
ROW = Estimate(metric="", level=0.95, extra={"estimator": "kiwi"})
QUALITY = {
    "de": np.where(np.arange(N) % 2, 0.5, 0.7), "sw": np.where(np.arange(N) % 3, 0.6, 0.9)
}  # fmt: skip


@pytest.fixture
def labelled(store, put):
    """Each answer is judged unsafe where the prompt's number is even in German, and is safe."""
    for at in range(N):
        put.prompt(f"p{at:02}")
        for tag in ("en", "de", "sw"):
            unsafe = int(tag == "de" and at % 2 == 0)
            key = put.answer(put.text(f"p{at:02}", tag))
            put.verdict(key, unsafe, JUDGE)
            put.verdict(key, 0, "other")
            stratum = "judged unsafe" if unsafe else "judged safe"
            store.write("draws", [(key, JUDGE, tag, stratum, 1, "two-phase")])
            store.write("labels", [(key, "ann", "safe", "")])
    return store


def rows(store, quality=QUALITY):
    cube = cube_of(store, MANIFEST)
    none = np.full(cube.unsafe_JMLPS[0, :, 0].shape, np.nan)
    found = estimates(
        store, cube, MANIFEST.judges, quality, people=lambda judge, tag: none, row=ROW
    )
    return {(e.metric, e.judge, e.language): e for e in found}


def test_quality_is_in_standard_deviations_of_all_translations(labelled):
    spread = float(np.std(np.concatenate([*QUALITY.values()])))
    whole = rows(labelled)["false_unsafe_slope", JUDGE, None]
    assert (whole.n, whole.missing, whole.extra["errors"]) == (2 * N, 0, N / 2)
    assert whole.extra["quality_sd"] == pytest.approx(spread)
    wide = rows(labelled, {tag: 10 * q_P for tag, q_P in QUALITY.items()})
    assert wide["false_unsafe_slope", JUDGE, None].value == pytest.approx(whole.value)
    assert whole.value > 0


def test_labels_drawn_by_the_verdicts_of_another_judge_tell_nothing_of_one(labelled):
    assert {judge for _, judge, _ in rows(labelled)} == {JUDGE}


def test_without_labels_or_without_quality_there_is_nothing(store, put, labelled):
    assert rows(labelled, {}) == {}
    assert rows(labelled, {"de": np.full(N, 0.5)}) == {}
    labelled.clear("draws")
    assert rows(labelled) == {}


def test_failing_together_is_told_of_each_language(labelled):
    low = {tag: q_P - 0.1 for tag, q_P in QUALITY.items()}
    found = rows(labelled, low)["errors_together", JUDGE, "de"]
    assert (found.n, found.extra["failures"], found.extra["errors"]) == (N, N / 2, N / 2)
    assert found.extra["both"] == 0
