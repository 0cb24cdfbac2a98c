from __future__ import annotations

import asyncio
import importlib.util
import json

import pytest

from safeglot.backends.estimators import quality_models
from safeglot.backends.files.fingerprints import folder_fingerprint
from safeglot.errors import UsageError
from safeglot.types import Request

without_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is not None, reason="torch is installed here"
)


def test_a_folder_is_its_own_place_and_its_files_are_its_revision(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"x" * 200_000)
    place, revision = quality_models.locate(str(tmp_path))
    assert place == tmp_path
    assert revision == folder_fingerprint(tmp_path)


@without_torch
def test_says_what_to_install(tmp_path):
    with pytest.raises(UsageError, match=r"COMET: needs torch .*safeglot\[neural\]"):
        quality_models.comet(tmp_path, tmp_path)
    with pytest.raises(UsageError, match=r"metricx: needs torch .*safeglot\[neural\]"):
        quality_models.metricx(tmp_path, tmp_path)


def test_number_formats():
    quality_models.check("bfloat16")
    with pytest.raises(UsageError, match="dtype is 'float16'; allowed are float32, bfloat16"):
        quality_models.check("float16")


class Lengths:
    """A loaded model that gives each pair of texts its number of words."""

    limit = 5

    def __init__(self):
        self.batches = []

    def tokens(self, mt, src):
        return ([len(word) for word in (*mt.split(), *src.split())],)

    def numbers(self, rows):
        self.batches.append(len(rows))
        return [float(len(row)) for (row,) in rows]


def answers(model, *prompts):
    async def work():
        requests = [Request(model="m", prompt=prompt, max_tokens=1) for prompt in prompts]
        try:
            return await asyncio.gather(*map(model.answer, requests), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(work())


def pair(mt, src):
    return json.dumps({"mt": mt, "src": src})


def test_each_request_has_its_number_and_what_is_too_long_a_reason():
    loaded = Lengths()
    model = quality_models.QualityModel(lambda: loaded)
    short, long, other = answers(model, pair("a", "b"), pair("a b c", "d e f"), pair("a b", "c"))
    assert (short.text, other.text) == ("2.0", "3.0")
    assert long.text == "too long: 6 tokens, it takes 5"
    assert (short.n_prompt_tokens, long.n_prompt_tokens, long.n_tokens) == (2, 6, 1)
    assert sum(loaded.batches) == 2


def test_a_request_without_both_texts_is_refused():
    model = quality_models.QualityModel(Lengths)
    for error in answers(model, '{"mt": "a"}', "no JSON", '{"mt": 1, "src": 2}'):
        assert (error.kind, error.transient) == ("bad_request", False)
        assert "the prompt has to be" in error.message


def test_a_model_that_cannot_be_loaded_fails_each_request():
    def load():
        raise UsageError("lacks weights")

    first, second = answers(quality_models.QualityModel(load), pair("a", "b"), pair("c", "d"))
    assert (first.kind, first.message) == (second.kind, second.message)
    assert (first.kind, first.message) == ("bad_request", "lacks weights")


def test_the_encoder_is_named_by_hparams(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "model.ckpt").write_bytes(b"")
    (tmp_path / "hparams.yaml").write_text("pretrained_model: microsoft/infoxlm-large\n")
    assert quality_models.encoder_name(tmp_path) == "microsoft/infoxlm-large"
    (tmp_path / "hparams.yaml").write_text("pretrained_model: ''\n")
    with pytest.raises(UsageError, match="names no pretrained_model"):
        quality_models.encoder_name(tmp_path)
