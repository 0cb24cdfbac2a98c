"""transformers' models on stand-ins for torch and transformers; the real ones are in tests/extras."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from safeglot.backends.translators.seq2seq import open_seq2seq
from safeglot.errors import UsageError
from safeglot.translate.codes import candidates
from safeglot.types import Request

NLLB = ["<pad>", "</s>", "<unk>", "eng_Latn", "spa_Latn", "the", "house", "old", "a"]


class OutOfMemory(RuntimeError):
    """As torch has it."""


class Batch(dict[str, Any]):
    """What a tokenizer gives: it can be moved to a device."""

    def to(self, device: str) -> Batch:
        assert device == "cpu"
        return self


@dataclass
class Words:
    """A tokenizer of words."""

    vocabulary: list[str]
    pad_token_id = 0
    eos_token_id = 1
    unk_token_id = 2
    all_special_ids = (0, 1, 2, 3, 4)

    def get_vocab(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary)}

    def convert_tokens_to_ids(self, token: str) -> int:
        return self.vocabulary.index(token) if token in self.vocabulary else self.unk_token_id

    def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
        assert options["add_special_tokens"] is False
        return {"input_ids": [self.convert_tokens_to_ids(word) for word in text.split()]}

    def pad(self, data: dict[str, list[list[int]]], **_: Any) -> Batch:
        return Batch(input_ids=data["input_ids"], attention_mask=None)

    def decode(self, ids: list[int], **_: Any) -> str:
        return " ".join(self.vocabulary[i].upper() for i in ids if i not in self.all_special_ids)


@dataclass
class Copying:
    """A model that gives back what it is given, behind the token of the target."""

    kind: str = "m2m_100"
    room: int = 99
    """Rows that its memory holds."""
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = SimpleNamespace(
            model_type=self.kind, _commit_hash="abc123", max_position_embeddings=8
        )

    def to(self, _device: str) -> Copying:
        return self

    def eval(self) -> Copying:
        return self

    def generate(self, *, input_ids: list[list[int]], max_new_tokens: int, **options: Any) -> Any:
        if len(input_ids) > self.room:
            raise OutOfMemory
        self.calls.append({"rows": input_ids, **options})
        rows = [[1, options["forced_bos_token_id"], *row[1:]] for row in input_ids]
        return SimpleNamespace(tolist=lambda: [row[: 1 + max_new_tokens] for row in rows])


@pytest.fixture
def model(monkeypatch):
    """A model behind stand-ins for both libraries; `loaded` says what was asked for."""
    made, tokenizer = Copying(), Words(NLLB)
    made.loaded = []

    def loader(value: Any) -> Any:
        def from_pretrained(name: str, revision: str) -> Any:
            made.loaded.append((name, revision))
            if name == "none":
                raise OSError("none is not a local folder\nand more")
            return value

        return SimpleNamespace(from_pretrained=from_pretrained)

    torch, transformers = ModuleType("torch"), ModuleType("transformers")
    torch.cuda = SimpleNamespace(is_available=lambda: False)
    torch.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: False))
    torch.OutOfMemoryError = OutOfMemory
    torch.inference_mode = contextlib.nullcontext
    transformers.AutoTokenizer = loader(tokenizer)
    transformers.AutoModelForSeq2SeqLM = loader(made)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    return made


def translated(*texts: str, path: str = "o/nllb", max_tokens: int = 0) -> list[Any]:
    async def work() -> list[Any]:
        opened = open_seq2seq(path, codes=candidates)
        extra = {"source": "en", "target": "es"}
        requests = [
            Request(model="m", prompt=text, max_tokens=max_tokens, extra=extra) for text in texts
        ]
        try:
            return await asyncio.gather(*map(opened.answer, requests), return_exceptions=True)
        finally:
            await opened.close()

    return asyncio.run(work())


def test_each_text_comes_back_in_its_place(model):
    first, second = translated("the house\n\na\n", "the old house")
    assert first.text == "THE HOUSE\n\nA\n"
    assert (second.text, second.finish_reason, second.n_tokens) == ("THE OLD HOUSE", "stop", 5)
    assert model.calls[0]["rows"][0][0] == NLLB.index("eng_Latn")
    assert model.calls[0]["forced_bos_token_id"] == NLLB.index("spa_Latn")
    assert model.calls[0]["suppress_tokens"] == [2]


def test_marks_in_a_text_are_text(model):
    translated("the </s> house spa_Latn")
    (row,) = model.calls[0]["rows"]
    assert [NLLB[i] for i in row] == ["eng_Latn", "the", "<unk>", "house", "<unk>", "</s>"]


def test_what_is_cut_off_says_so(model):
    (reply,) = translated("the old house", max_tokens=3)
    assert (reply.text, reply.finish_reason) == ("THE OLD", "length")


def test_faults_cost_their_text_only(model):
    long, half, fine = translated("a " * 7, "half \ud800 pair", "a")
    assert long.message == "a line of the text has 9 tokens, and the model takes 8"
    assert (long.kind, half.kind, fine.text) == ("too_long", "bad_request", "A")


def test_a_batch_that_the_memory_does_not_hold_is_halved(model):
    model.room = 2
    replies = translated("a", "the", "old", "house", "a a")
    assert [reply.text for reply in replies] == ["A", "THE", "OLD", "HOUSE", "A A"]
    assert max(len(call["rows"]) for call in model.calls) == 2
    model.room = 0
    (error,) = translated("a")
    assert error.message == "the memory of cpu does not hold one text of 3 tokens"


def test_a_pinned_commit_is_asked_for_and_the_revision_is_what_came(model):
    opened = open_seq2seq("o/nllb@v1", codes=candidates)
    assert opened.revision == "abc123"
    assert model.loaded == [("o/nllb", "v1")]


def test_models_that_cannot_be_had_or_are_of_another_family_are_refused(model):
    with pytest.raises(
        UsageError, match=r"^hf/none: cannot be loaded: none is not a local folder$"
    ):
        open_seq2seq("none", codes=candidates).fault("en", "es")
    model.config.model_type = "bart"
    with pytest.raises(UsageError, match="is a bart model whose vocabulary tells no languages"):
        open_seq2seq("o/bart", codes=candidates).fault("en", "es")


def test_without_the_libraries_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        UsageError, match=r"torch is not installed: pip install 'safeglot\[neural\]"
    ):
        open_seq2seq("o/nllb", codes=candidates)
