from __future__ import annotations

import json

import pytest

from safeglot.backends.estimators.metricx_model import (
    EDITIONS,
    MetricXWeights,
    _config,
    edition_of,
    stored,
)
from safeglot.errors import UsageError


class Letters:
    """A tokenizer that gives each character its code and sets an end mark, as mT5's does."""

    eos_token_id, pad_token_id = 1, 0

    def __call__(self, text: str, **_: bool) -> dict[str, list[int]]:
        return {"input_ids": [*map(ord, text), self.eos_token_id]}


def model(edition: str) -> MetricXWeights:
    return MetricXWeights(
        model=None, row=None, tokenizer=Letters(), edition=EDITIONS[edition], device="cpu"
    )


def text(sequences: tuple[list[int]]) -> str:
    return "".join(map(chr, *sequences))


def test_each_edition_shows_the_texts_in_its_order_without_an_end_mark():
    assert text(model("23").tokens("ja", "yes")) == "candidate: ja source: yes"
    assert text(model("24").tokens("ja", "yes")) == "source: yes candidate: ja"


def test_braces_in_a_text_are_text():
    assert text(model("24").tokens("{src}", "{mt} {0}")) == "source: {mt} {0} candidate: {src}"


def test_one_token_less_than_in_training_where_the_end_mark_counted():
    assert [model(edition).limit for edition in ("23", "24")] == [1023, 1535]


@pytest.mark.parametrize(
    ("name", "limit"),
    [("google/metricx-23-qe-xxl-v2p0", 1024), ("a/MetricX-24-hybrid-xl-v2p6-bfloat16", 1536)],
)
def test_the_name_states_the_edition(name, limit):
    assert edition_of(name).limit == limit


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("google/metricx-23-xl-v2p0", "needs a reference"),
        ("my-model", "does not tell which"),
        ("google/metricx-25-qe-xl", "does not tell which"),
    ],
)
def test_a_name_that_states_no_edition_without_reference_is_refused(name, why):
    with pytest.raises(UsageError, match=why):
        edition_of(name)


def test_a_folder_of_another_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no readable config\.json of a MetricX model"):
        _config(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UsageError, match="not that of an mT5"):
        _config(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "mt5", "d_model": 8}')
    assert _config(tmp_path)["d_model"] == 8


def test_weights_are_looked_for_in_files_and_indexes(tmp_path):
    with pytest.raises(UsageError, match=r"no model\.safetensors and no pytorch_model\.bin"):
        stored(tmp_path, "lm_head.weight")
    index = {"weight_map": {"shared.weight": "model-00001.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert stored(tmp_path, "lm_head.weight") is None
