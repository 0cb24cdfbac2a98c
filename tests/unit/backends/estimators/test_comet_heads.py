from __future__ import annotations

import pytest

from safeglot.backends.estimators.comet_heads import APART, design_of, needed
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


def test_the_head_of_wmt22_cometkiwi():
    design = design_of(STORED, HPARAMS)
    assert (design.layer, design.transformation, design.layer_norm) == (None, "softmax", False)
    names = needed(design, 25)
    assert "estimator.ff.6.weight" in names
    assert "layerwise_attention.scalar_parameters.24" in names
    assert len(names) == 6 + 25 + 1


def test_sparsemax_stays_where_nothing_patches_it():
    published = {**HPARAMS, "layer_transformation": "sparsemax"}
    assert design_of(STORED, published).transformation == "sparsemax"
    assert design_of({}, published).transformation == "sparsemax"


def test_what_the_checkpoint_says_goes_before_hparams():
    design = design_of({**STORED, "hidden_sizes": [8], "sent_layer": 3}, HPARAMS)
    assert (design.hidden, design.layer) == (1, 3)
    assert needed(design, 25) == [
        "estimator.ff.0.weight",
        "estimator.ff.0.bias",
        "estimator.ff.3.weight",
        "estimator.ff.3.bias",
    ]


def test_what_neither_says_is_as_in_comet():
    design = design_of({}, {"class_identifier": "unified_metric"})
    assert (design.layer, design.transformation, design.layer_norm) == (None, "sparsemax", True)
    assert (design.hidden, design.activation, design.final_activation) == (2, "Tanh", None)


def test_the_head_of_a_model_that_reads_each_text_by_itself():
    design = design_of({}, {"class_identifier": APART, "layer": "mix", "sent_layer": 3})
    assert (design.apart, design.pool, design.layer) == (True, "avg", None)
    assert (design.transformation, design.layer_norm, design.hidden) == ("softmax", True, 2)
    assert not design_of({}, HPARAMS).apart


def test_a_single_layer_is_not_normed():
    design = design_of({}, {**HPARAMS, "sent_layer": "24", "layer_norm": True})
    assert (design.layer, design.layer_norm) == (24, False)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"class_identifier": "xcomet_metric"}, "class_identifier is 'xcomet_metric'"),
        ({"input_segments": ["mt", "ref"]}, "reads no source"),
        ({"layer_transformation": "entmax"}, "layer_transformation is 'entmax'"),
        ({"class_identifier": APART, "pool": "default"}, "pool is 'default'; allowed are avg"),
    ],
)
def test_other_models_are_refused(changes, why):
    with pytest.raises(UsageError, match=why):
        design_of({}, {**HPARAMS, **changes})
