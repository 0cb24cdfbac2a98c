from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from safeglot.backends.estimators.comet_heads import APART, design_of
from safeglot.backends.estimators.comet_model import CometWeights, Inert, settings
from safeglot.errors import UsageError


class Words:
    """A tokenizer of words: each has the id of its length."""

    cls_token_id, sep_token_id, pad_token_id = 100, 102, 1

    def __call__(self, text: str, **options: bool) -> dict[str, list[int]]:
        assert options["add_special_tokens"] is False
        return {"input_ids": [len(word) for word in text.split()]}


MODEL = CometWeights(
    encoder=SimpleNamespace(config=SimpleNamespace(max_position_embeddings=514)),
    tokenizer=Words(),
    design=design_of({}, {"class_identifier": "unified_metric"}),
    head={},
    device="cpu",
)


def test_the_translation_comes_first_with_two_marks_between():
    assert MODEL.tokens("la casa", "the old house") == ([100, 2, 4, 102, 102, 3, 3, 5, 102],)
    assert MODEL.tokens("", "") == ([100, 102, 102, 102],)


def test_each_text_has_its_own_sequence_where_the_model_reads_them_apart():
    design = design_of({}, {"class_identifier": APART})
    assert replace(MODEL, design=design).tokens("la casa", "the old house") == (
        [100, 2, 4, 102],
        [100, 3, 3, 5, 102],
    )


def test_two_positions_are_not_for_tokens():
    assert MODEL.limit == 512


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "model.ckpt").write_bytes(b"")
    return tmp_path


def test_settings_are_those_of_hparams(folder):
    (folder / "hparams.yaml").write_text("class_identifier: unified_metric\nsent_layer: mix\n")
    assert settings(folder) == {"class_identifier": "unified_metric", "sent_layer": "mix"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [1", "is no plain YAML"),
        ("!!python/object/apply:os.getcwd []", "is no plain YAML"),
        ("- a\n- b\n", "holds no settings"),
    ],
)
def test_settings_that_cannot_be_read_are_refused(folder, text, why):
    (folder / "hparams.yaml").write_text(text)
    with pytest.raises(UsageError, match=why):
        settings(folder)


def test_a_folder_without_a_comet_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"there is no hparams\.yaml"):
        settings(tmp_path)
    (tmp_path / "hparams.yaml").write_text("{}")
    with pytest.raises(UsageError, match=r"there is no checkpoints"):
        settings(tmp_path)


def test_what_a_checkpoint_pickles_beside_tensors_takes_all_and_keeps_nothing():
    inert = Inert("path", mode="min")
    inert.__setstate__({"best": 1})
    assert vars(inert) == {}
