"""CTranslate2's models on stand-ins for its libraries; the real ones are tested in tests/extras."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from safeglot.backends.translators.ct2 import Ct2Model, open_ct2
from safeglot.errors import ModelError, UsageError
from safeglot.translate.codes import candidates
from safeglot.types import Request

BATCHES: list[dict[str, Any]] = []


class Words:
    """Pieces are words with a mark before them; tokens of languages are no pieces."""

    def __init__(self, model_file: str) -> None:
        self.model_file = model_file

    def encode(self, text: str, out_type: type) -> list[str]:
        text.encode()  # raises UnicodeError where sentencepiece does
        return [f"\u2581{word}" for word in text.split()]

    def decode(self, pieces: list[str]) -> str:
        return " ".join(piece.removeprefix("\u2581") for piece in pieces)

    def piece_to_id(self, token: str) -> int:
        return int(token.startswith("\u2581"))

    def unk_id(self) -> int:
        return 0


class Shouting:
    """Translates into capitals behind the prefix; what is longer than the limit has no end."""

    def __init__(self, folder: str, **device: Any) -> None:
        if (Path(folder) / "model.bin").read_bytes() == b"damaged":
            raise RuntimeError("unsupported binary version")

    def translate_batch(self, batch: list[list[str]], **options: Any) -> list[Any]:
        BATCHES.append({"batch": batch, **options})
        prefixes = options["target_prefix"] or [[]] * len(batch)
        results = []
        for tokens, prefix in zip(batch, prefixes, strict=True):
            words = [token.upper() for token in tokens if token.startswith("\u2581")]
            made = [*prefix, *words, "</s>"]
            results.append(SimpleNamespace(hypotheses=[made[: options["max_decoding_length"]]]))
        return results


@pytest.fixture(autouse=True)
def libraries(monkeypatch):
    for name, attribute, value in (
        ("ctranslate2", "Translator", Shouting),
        ("sentencepiece", "SentencePieceProcessor", Words),
    ):
        module = ModuleType(name)
        setattr(module, attribute, value)
        monkeypatch.setitem(sys.modules, name, module)
    BATCHES.clear()


def folder(place: Path, vocabulary: list[str], *pieces: str, **config: Any) -> Path:
    place.mkdir(exist_ok=True)
    (place / "model.bin").write_bytes(b"weights")
    (place / "config.json").write_text(json.dumps(config))
    (place / "shared_vocabulary.json").write_text(json.dumps(vocabulary))
    for name in pieces:
        (place / name).write_bytes(b"pieces")
    return place


@pytest.fixture
def opus(tmp_path: Path) -> Path:
    return folder(tmp_path / "opus-mt-en-es", ["\u2581a"], "source.spm", "target.spm")


@pytest.fixture
def nllb(tmp_path: Path) -> Path:
    tokens = ["eng_Latn", "spa_Latn", "\u2581a"]
    return folder(tmp_path / "nllb", tokens, "sentencepiece.bpe.model")


def translated(place: Path, *texts: str, max_tokens: int = 0, target: str = "es") -> list[Any]:
    async def work() -> list[Any]:
        model = open_ct2(str(place), codes=candidates)
        extra = {"source": "en", "target": target}
        requests = [
            Request(model="m", prompt=text, max_tokens=max_tokens, extra=extra) for text in texts
        ]
        try:
            return await asyncio.gather(*map(model.answer, requests), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(work())


def test_lines_are_translated_without_the_marks_of_the_model(opus):
    (reply,) = translated(opus, "the house\n- a tree\n")
    assert reply.text == "THE HOUSE\n- A TREE\n"
    assert (reply.finish_reason, reply.n_tokens) == ("stop", 7)
    assert BATCHES[0]["batch"][0] == ["\u2581the", "\u2581house", "</s>"]
    assert BATCHES[0]["target_prefix"] is None


def test_a_model_of_many_languages_is_told_both(nllb):
    (reply,) = translated(nllb, "the house")
    assert (reply.text, reply.n_tokens) == ("THE HOUSE", 3)
    (batch,) = BATCHES
    assert batch["batch"] == [["eng_Latn", "\u2581the", "\u2581house", "</s>"]]
    assert batch["target_prefix"] == [["spa_Latn"]]


def test_an_end_mark_is_set_once(tmp_path):
    place = folder(tmp_path / "opus-mt-en-es", ["\u2581a"], "source.spm", add_source_eos=True)
    translated(place, "the house")
    assert BATCHES[0]["batch"] == [["\u2581the", "\u2581house"]]


def test_what_is_cut_off_says_so(opus):
    (reply,) = translated(opus, "one two three", max_tokens=2)
    assert (reply.text, reply.finish_reason) == ("ONE TWO", "length")


def test_faults_cost_their_text_only(opus):
    long, half, fine = translated(opus, "a " * 600, "half \ud800 pair", "the house")
    assert (long.kind, half.kind) == ("too_long", "bad_request")
    assert "has 601 tokens, and the model takes 512" in long.message
    assert fine.text == "THE HOUSE"
    (error,) = translated(opus, "the house", target="de")
    assert "translates from en to es, not from en to de" in error.message


def test_weights_that_cannot_be_loaded_fail_the_request(opus):
    (opus / "model.bin").write_bytes(b"damaged")
    (error,) = translated(opus, "the house")
    assert isinstance(error, ModelError)
    assert "cannot load" in error.message
    assert "unsupported binary version" in error.message


def test_the_revision_is_that_of_the_files_and_the_beam(opus):
    first = Ct2Model(opus, codes=candidates).revision
    assert first.endswith(" beam=4")
    assert Ct2Model(opus, codes=candidates, beam_size=1).revision == f"{first[:12]} beam=1"
    (opus / "model.bin").write_bytes(b"weightz")
    assert Ct2Model(opus, codes=candidates).revision != first


def test_folders_that_are_no_models_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no model\.bin"):
        open_ct2(str(tmp_path), codes=candidates)
    place = folder(tmp_path / "opus-mt-en-es", ["\u2581a"])
    with pytest.raises(UsageError, match=r"a marian model needs source\.spm beside model\.bin"):
        open_ct2(str(place), codes=candidates)
    (place / "config.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        open_ct2(str(place), codes=candidates)


def test_without_the_libraries_it_says_what_to_install(opus, monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(UsageError, match=r"ctranslate2 is not installed: pip install"):
        open_ct2(str(opus), codes=candidates)
