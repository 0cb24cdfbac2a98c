"""Probes of a store."""

import numpy as np
import pytest

from example.translated import FAILED, GATED, GUARD, OTHER, UNMADE, UNSOUND, N, translated
from safeglot.backends.store import arrays
from safeglot.flow.measure import probes
from safeglot.flow.measure.answers import read_traits
from safeglot.flow.measure.cube import cube_of
from safeglot.score.probes.contrasts import LATIN


def estimates_of(store, manifest):
    verdicts = arrays.read(store, manifest)
    cube = cube_of(store, manifest, verdicts)
    cut = read_traits(store, verdicts.answers)[2]
    return probes.estimates(store, manifest, cube, verdicts, truncated_MLPS=cut, level=0.95)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    silent = {("h10", "ru", "probe")}
    store, manifest = translated(tmp_path_factory.mktemp("probed") / "run.db", silent=silent)
    yield store, manifest
    store.close()


@pytest.fixture(scope="module")
def told(run):
    store, manifest = run
    rows = estimates_of(store, manifest)
    names = ("variant", "parent", "factor")
    keys = [
        (e.metric, e.judge, e.model, e.language, *(e.extra.get(n) for n in names)) for e in rows
    ]
    assert len(set(keys)) == len(rows)
    return dict(zip(keys, rows, strict=True))


def unsafe_of(store, tag, arm="main", variant=""):
    query = (
        "SELECT t.prompt, v.unsafe FROM verdicts v JOIN steps s ON s.id = v.step "
        "JOIN keyed k ON k.id = v.response JOIN translations t ON t.id = k.translation "
        "WHERE s.name = ? AND k.model = 'm' AND "
        "t.language = ? AND t.arm = ? AND t.variant = ?"
    )
    found = dict(store.rows(query, (GUARD, tag, arm, variant)))
    return np.array([found.get(f"h{i}", np.nan) for i in range(N)], dtype=float)


def test_effects_are_within_the_kept_prompts(run, told):
    store, _ = run
    row = told["probe_effect", GUARD, "m", "sw", "framing=story", "language", None]
    d = unsafe_of(store, "sw", "probe", "framing=story") - unsafe_of(store, "sw")
    sound = np.array([i not in GATED | set(FAILED) | UNSOUND for i in range(N)])
    assert row.value == pytest.approx(d[sound].mean())
    assert (row.n, row.missing, row.extra["unkept"]) == (sound.sum(), 0, len(UNSOUND))
    assert row.extra["effect_with_unkept"] == pytest.approx(np.nanmean(d))


def test_both_parents_and_the_interaction(run, told):
    store, _ = run
    name = "codeswitch=word"
    y = unsafe_of(store, "sw", "probe", name)
    for parent, tag in (("language", "sw"), ("reference", "en")):
        row = told["probe_effect", GUARD, "m", "sw", name, parent, None]
        assert row.value == pytest.approx(np.nanmean(y - unsafe_of(store, tag)))
    here = y - unsafe_of(store, "sw")
    there = unsafe_of(store, "en", "probe", name) - unsafe_of(store, "en")
    row = told["probe_interaction", GUARD, "m", "sw", name, None, None]
    assert row.extra["unmade"] == len(UNMADE)
    assert row.value == pytest.approx(np.nanmean(here - there))
    assert ("probe_effect", GUARD, "m", "en", name, "reference", None) not in told


def test_factors_in_any_order_are_one_variant(told):
    name = "codeswitch=word+framing=story"
    assert told["probe_unsafe", GUARD, "m", "sw", name, None, None].n == N - 14 - len(
        UNSOUND | UNMADE
    )
    assert told["factor_effect", GUARD, "m", "sw", name, None, "framing=story"].value is not None


def test_transliteration_only_where_the_script_is_another(told):
    row = told["probe_effect", GUARD, "m", "sw", "translit=latin", None, None]
    assert (row.value, row.method) == (None, LATIN)
    assert ("probe_unsafe", GUARD, "m", "sw", "translit=latin", None, None) not in told
    assert told["probe_effect", GUARD, "m", "ru", "translit=latin", "reference", None].n == N - 1


def test_missing_verdicts_are_counted(told):
    row = told["probe_unsafe", GUARD, "m", "ru", "framing=story", None, None]
    assert (row.n, row.missing) == (N - 1, 1)


def test_every_judge_and_model_has_them(told):
    of = {(judge, model) for _, judge, model, *_ in told}
    assert of == {(judge, model) for judge in (GUARD, OTHER) for model in ("m", "k")}


def test_without_probes_nothing_is_told(tmp_path):
    store, manifest = translated(tmp_path / "run.db", probes=False)
    assert estimates_of(store, manifest) == []
    store.close()
