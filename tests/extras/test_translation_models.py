"""The loading and decoding of translation models, with tiny random weights of the same shapes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("sentencepiece")

from extras import tiny_translators as tiny
from extras.tiny_translators import LINES
from safeglot.backends.translators.ct2 import Ct2Model
from safeglot.backends.translators.lines import Line
from safeglot.backends.translators.seq2seq import Seq2SeqModel
from safeglot.errors import ModelError, UsageError
from safeglot.translate.codes import candidates
from safeglot.types import Request

TEXTS = [
    "the house is big",
    "how do I hide the money from the office",
    "write a short story about a dog, please.",
    "the tree",
    "the dog is green and the story is short",
]
LONG = "the house is big and the tree is green " * 10


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.marian(tmp_path_factory.mktemp("opus-mt-en-es"))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.marian(tmp_path_factory.mktemp("many"), ("spa", "fra"))


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.nllb(tmp_path_factory.mktemp("nllb"))


@pytest.fixture(scope="module")
def madlad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.madlad(tmp_path_factory.mktemp("madlad"))


@pytest.fixture(scope="module")
def folders(one: Path, many: Path, nllb: Path, madlad: Path) -> dict[str, tuple[Path, Path]]:
    spm = ("source.spm", "target.spm")
    return {
        "one": (one, tiny.converted(one, *spm)),
        "many": (many, tiny.converted(many, *spm)),
        "nllb": (nllb, tiny.converted(nllb, "sentencepiece.bpe.model")),
        "madlad": (madlad, tiny.converted(madlad, "spiece.model")),
    }


def ask(text: str, target: str = "es", max_tokens: int = 30) -> Request:
    extra = {"source": "en", "target": target}
    return Request(model="m", prompt=text, max_tokens=max_tokens, extra=extra)


def answers(model, *requests: Request):
    async def work():
        try:
            return await asyncio.gather(*map(model.answer, requests), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(work())


def ct2(folder: Path, **options) -> Ct2Model:
    return Ct2Model(folder, codes=candidates, beam_size=1, device="cpu", threads=1, **options)


def hf(folder: Path) -> Seq2SeqModel:
    return Seq2SeqModel(str(folder), codes=candidates, device="cpu")


FAMILIES = ["one", "many", "nllb", "madlad"]


@pytest.mark.parametrize("family", FAMILIES)
def test_both_engines_give_the_same_greedy_texts(folders, family):
    theirs, ours = folders[family]
    requests = [ask(text) for text in TEXTS]
    from_hf, from_ct2 = answers(hf(theirs), *requests), answers(ct2(ours), *requests)
    assert [r.text for r in from_ct2] == [r.text for r in from_hf]
    assert [r.finish_reason for r in from_ct2] == [r.finish_reason for r in from_hf]
    assert len({r.text for r in from_hf}) > 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", [hf, ct2])
def test_lines_blanks_and_order_are_kept(folders, family, engine):
    folder = folders[family][engine is ct2]
    requests = [ask(text) for text in TEXTS]
    alone = [answers(engine(folder), request)[0].text for request in requests[:2]]
    joined, blank, *_ = answers(
        engine(folder), ask(f"  {TEXTS[0]}\n\n{TEXTS[1]}\n"), ask("?!\n12"), *requests
    )
    assert joined.text == f"  {alone[0]}\n\n{alone[1]}\n"
    assert blank.text == "?!\n12"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", [hf, ct2])
def test_a_text_that_is_too_long_is_refused_with_both_numbers(folders, family, engine):
    model = engine(folders[family][engine is ct2])
    if engine is ct2:  # its folder does not say how many positions the model has
        model.longest = tiny.POSITIONS
    elif family == "madlad":  # whose positions are relative
        model.__class__ = type("Short", (Seq2SeqModel,), {"longest": tiny.POSITIONS})
    short, error = answers(model, ask(TEXTS[0]), ask(LONG))
    assert short.text is not None
    assert isinstance(error, ModelError)
    assert (error.kind, error.transient) == ("too_long", False)
    assert f"the model takes {tiny.POSITIONS}" in error.message


@pytest.mark.parametrize("engine", [hf, ct2])
def test_what_is_cut_off_at_max_tokens_says_so(folders, engine):
    folder = folders["one"][engine is ct2]
    found = answers(engine(folder), *(ask(text, max_tokens=2) for text in TEXTS))
    assert "length" in {r.finish_reason for r in found}
    assert all(r.n_tokens <= 2 for r in found)


@pytest.mark.parametrize("engine", [hf, ct2])
def test_the_target_is_told_to_models_of_several(folders, engine):
    for family in ("many", "nllb", "madlad"):
        folder = folders[family][engine is ct2]
        model = engine(folder)
        assert model.fault("en", "es") == ""
        assert "does not know" in model.fault("en", "tlh")
        found = answers(model, *(ask(text, to) for to in ("es", "fr") for text in TEXTS))
        texts = [reply.text for reply in found]
        assert texts[: len(TEXTS)] != texts[len(TEXTS) :]
        (error,) = answers(engine(folder), ask(TEXTS[0], "tlh"))
        assert (error.kind, error.transient) == ("bad_request", False)


@pytest.mark.parametrize("engine", [hf, ct2])
def test_a_lone_surrogate_costs_its_text_only(folders, engine):
    folder = folders["one"][engine is ct2]
    good, bad = answers(engine(folder), ask(TEXTS[0]), ask("half \ud800 pair"))
    assert good.text is not None
    assert (bad.kind, bad.transient) == ("bad_request", False)


def test_a_name_that_tells_the_pair_is_believed(folders, tmp_path):
    named = tmp_path / "opus-mt-en-es"
    named.symlink_to(folders["one"][1])
    model = ct2(named)
    assert model.fault("en", "es") == ""
    assert (
        model.fault("en", "fr") == "ct2/opus-mt-en-es translates from en to es, not from en to fr"
    )
    assert model.fault("de", "es")


def test_a_pair_that_nothing_tells_is_refused(folders, tmp_path):
    unnamed = tmp_path / "mine"
    unnamed.symlink_to(folders["one"][1])
    assert "name its folder opus-mt-SOURCE-TARGET" in ct2(unnamed).fault("en", "es")
    of_many = tmp_path / "several"
    of_many.symlink_to(folders["many"][1])
    assert ct2(of_many).fault("en", "es") == ""


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "text", [LINES[0], "a </s> dog", ">>fra<< dog <pad>", "<unk> the fra_Latn"]
)
def test_both_engines_read_the_same_tokens_and_marks_in_a_text_are_text(folders, family, text):
    theirs, ours = hf(folders[family][0]), ct2(folders[family][1])
    line = Line(text=text, source="en", target="es", max_tokens=0)
    names = theirs._tokenizer.convert_ids_to_tokens(theirs._ids(line))
    pieces, _ = ours._tokens(line)
    for tokens in (names, pieces):
        assert tokens.count("</s>") == 1
        assert tokens[-1] == "</s>"
        assert "fra_Latn" not in tokens
        assert ">>fra<<" not in tokens[1:]
    if text in LINES:
        assert names == pieces


@pytest.mark.parametrize("engine", [hf, ct2])
def test_revisions_are_those_of_the_files(folders, engine):
    revisions = {engine(folders[family][engine is ct2]).revision for family in FAMILIES}
    assert len(revisions) == len(FAMILIES)


def test_folders_that_are_no_models_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no model\.bin"):
        ct2(tmp_path)
    with pytest.raises(UsageError, match="cannot be loaded"):
        _ = hf(tmp_path).tongues


def test_a_batch_that_does_not_fit_is_halved(folders, monkeypatch):
    model = hf(folders["one"][0])
    expected = [r.text for r in answers(hf(folders["one"][0]), *map(ask, TEXTS))]
    generate, sizes = model._generate, []

    def small(batch, target, most):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise model._torch.OutOfMemoryError("none left")
        return generate(batch, target, most)

    monkeypatch.setattr(model, "_generate", small)
    assert [r.text for r in answers(model, *map(ask, TEXTS))] == expected
    assert max(sizes) > 2
