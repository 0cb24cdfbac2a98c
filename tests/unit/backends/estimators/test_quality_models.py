from __future__ import annotations

import importlib.util

import pytest

from safeglot.backends.estimators import comet_heads, comet_model, metricx_model, quality_models
from safeglot.errors import UsageError

HPARAMS = {
    "class_identifier": "unified_metric",
    "layer_transformation": "sparsemax_patch",
    "layer_norm": False,
    "hidden_sizes": [3072, 1024],
    "activations": "Tanh",
    "sent_layer": "mix",
    "input_segments": ["mt", "src"],
}
STORED = {**HPARAMS, "layer_transformation": "sparsemax"}
without_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is not None, reason="torch is installed here"
)


def test_the_plan_of_wmt22_cometkiwi():
    design = comet_heads.design_of(STORED, HPARAMS)
    assert (design.layer, design.transformation, design.layer_norm) == (None, "softmax", False)
    names = comet_heads.needed(design, 25)
    assert "estimator.ff.6.weight" in names
    assert "layerwise_attention.scalar_parameters.24" in names
    assert len(names) == 6 + 25 + 1


def test_sparsemax_stays_where_nothing_patches_it():
    published = {**HPARAMS, "layer_transformation": "sparsemax"}
    assert comet_heads.design_of(STORED, published).transformation == "sparsemax"
    assert comet_heads.design_of({}, published).transformation == "sparsemax"


def test_what_the_checkpoint_says_goes_before_hparams():
    design = comet_heads.design_of({**STORED, "hidden_sizes": [8], "sent_layer": 3}, HPARAMS)
    assert (design.hidden, design.layer) == (1, 3)
    assert comet_heads.needed(design, 25) == [
        "estimator.ff.0.weight",
        "estimator.ff.0.bias",
        "estimator.ff.3.weight",
        "estimator.ff.3.bias",
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"class_identifier": "xcomet_metric"}, "class_identifier is 'xcomet_metric'"),
        ({"input_segments": ["mt", "ref"]}, "reads no source"),
        ({"layer_transformation": "entmax"}, "layer_transformation is 'entmax'"),
    ],
)
def test_other_models_are_refused(changes, why):
    with pytest.raises(UsageError, match=why):
        comet_heads.design_of({}, {**HPARAMS, **changes})


def test_a_folder_without_a_comet_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"there is no hparams\.yaml"):
        comet_model.settings(tmp_path)
    (tmp_path / "hparams.yaml").write_text("{}")
    with pytest.raises(UsageError, match=r"there is no checkpoints"):
        comet_model.settings(tmp_path)


def test_a_folder_is_its_own_place_and_its_files_are_its_revision(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"x" * 200_000)
    place, revision = quality_models.locate(str(tmp_path))
    assert place == tmp_path
    assert revision == quality_models.fingerprint(tmp_path)
    (tmp_path / "a.bin").write_bytes(b"x" * 199_999 + b"y")
    assert quality_models.fingerprint(tmp_path) != revision
    (tmp_path / "a.bin").write_bytes(b"x" * 200_000)
    assert quality_models.fingerprint(tmp_path) == revision
    (tmp_path / "a.bin").rename(tmp_path / "b.bin")
    assert quality_models.fingerprint(tmp_path) != revision


@without_torch
def test_says_what_to_install(tmp_path):
    with pytest.raises(UsageError, match=r"cometkiwi: needs torch .*safeglot\[neural\]"):
        quality_models.cometkiwi(tmp_path, tmp_path)
    with pytest.raises(UsageError, match=r"metricx: needs torch .*safeglot\[neural\]"):
        quality_models.metricx(tmp_path, tmp_path)


def test_number_formats():
    quality_models.check("bfloat16")
    with pytest.raises(UsageError, match="dtype is 'float16'; allowed are float32, bfloat16"):
        quality_models.check("float16")


@pytest.mark.parametrize(
    ("name", "limit"),
    [("google/metricx-23-qe-xxl-v2p0", 1024), ("a/metricx-24-hybrid-xl-v2p6-bfloat16", 1536)],
)
def test_the_name_tells_the_edition(name, limit):
    assert metricx_model.edition_of(name).limit == limit


@pytest.mark.parametrize(
    ("name", "why"),
    [("google/metricx-23-xl-v2p0", "needs a reference"), ("my-model", "does not tell which")],
)
def test_a_name_that_tells_no_edition_without_reference_is_refused(name, why):
    with pytest.raises(UsageError, match=why):
        metricx_model.edition_of(name)
