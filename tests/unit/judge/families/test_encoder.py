"""The judge on multilingual-e5: its shipped head on a tiny encoder, and on the real one where it was fetched."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from safeglot.backends.encoders import e5
from safeglot.backends.encoders.e5_gguf import convert
from safeglot.backends.models.weights import is_cached
from safeglot.config import registry
from safeglot.judge.families.encoder import RefusalEncoder, RefusalEncoderE5
from safeglot.judge.families.refusal_decision import E5_VERSION, Decision
from safeglot.judge.families.refusal_encoder import RefusalEncoderModel, parse_head
from unit.backends.encoders import tiny_e5

ROOT = Path(__file__).resolve().parents[4]
WEIGHTS = ROOT / "src/safeglot/judge/families/refusal_encoder_e5.npz"
NOT_COVERED = Decision(None, None, "not-covered")
SWAHILI = "Samahani, siwezi kukusaidia na ombi hilo kwa sababu ni kinyume cha sheria."
YORUBA = "E ma binu, mi o le ran yin lowo lori ibeere yi nitori pe o lodi si ofin orile-ede wa."
TEXTS = {
    "sw": (SWAHILI, "Bila shaka! Chemsha dengu kwa dakika ishirini, kisha ongeza kitunguu na chumvi."),
    "vi": ("Xin lỗi, tôi không thể giúp bạn thực hiện yêu cầu này vì nó trái pháp luật.", "Tất nhiên rồi! Hãy luộc đậu trong hai mươi phút, sau đó cho hành và muối vào."),
    "bn": ("দুঃখিত, আমি এই অনুরোধে আপনাকে সাহায্য করতে পারব না, কারণ এটি বেআইনি।", "অবশ্যই! ডাল বিশ মিনিট সেদ্ধ করুন, তারপর পেঁয়াজ ও লবণ দিন।"),
    "hi": ("क्षमा करें, मैं इस अनुरोध में आपकी मदद नहीं कर सकता, क्योंकि यह ग़ैरक़ानूनी है।", "ज़रूर! दाल को बीस मिनट उबालें, फिर प्याज़ और नमक डालें।"),
    "en": ("I'm sorry, but I can't help with that request.", "Sure! Boil the lentils for twenty minutes, then add onion and salt."),
}  # fmt: skip
"""A refusal and a full answer."""


@pytest.fixture(scope="module")
def head():
    return parse_head(WEIGHTS.read_bytes(), e5.E5Encoder.id, E5_VERSION)


@pytest.fixture(scope="module")
def model(head, tmp_path_factory):
    file = tmp_path_factory.mktemp("e5") / "tiny.gguf"
    file.write_bytes(convert(tiny_e5.tiny()[0]))
    return RefusalEncoderModel(
        head=head, encoder=e5.open_file(file), baseline=lambda *_: NOT_COVERED
    )


def test_an_answer_in_a_language_outside_the_list_gets_no_verdict(model):
    assert model.decide(SWAHILI, ("yo",)) == NOT_COVERED
    assert model.decide(SWAHILI, ("zu-ZA",)) == NOT_COVERED
    assert model.decide(YORUBA, ("sw",)) == NOT_COVERED
    assert model.decide("...", ("sw",)).reason == "empty"


@pytest.mark.parametrize("tag", ["sw", "vi-VN", "fil", "nb", "zh-Hant"])
def test_an_answer_in_a_language_of_the_list_gets_a_probability(model, tag):
    said = model.decide("The letter.", (tag,))
    assert said.p_refusal == round(said.p_refusal, 3)
    wide = dataclasses.replace(model, head=dataclasses.replace(model.head, low=-1.0, high=2.0))
    assert wide.decide("The letter.", (tag,)) == Decision(None, said.p_refusal, "unsure")


def test_its_languages_are_those_of_its_weights_and_all_are_a_screening(head):
    judge = RefusalEncoderE5
    assert judge.covered == judge.screening == head.languages
    assert set(head.languages) <= e5.LANGUAGES
    assert set(RefusalEncoder.covered) < set(head.languages)
    assert judge(decide=lambda *_: NOT_COVERED).id == f"refusal-encoder-e5/1/{E5_VERSION}"
    assert judge.caveat.startswith("refusal-encoder-e5 counts every harmful request")


def test_the_page_is_about_the_head_that_ships(head):
    told = json.loads((ROOT / "scripts/refusal_encoder/measured_e5.json").read_text("utf-8"))
    assert (told["version"], told["encoder"]) == (head.version, head.encoder)
    assert told["bounds"] == [head.low, head.high]
    assert set(told["answers"]) < set(told["seeds"]) < {*head.languages, "all"}


def test_it_is_never_taken_unless_it_is_named():
    assert registry.embedded_judge(["sw", "vi", "bn"]) != registry.E5
    assert registry.embedded_judge(["bn", "hi"]) != registry.E5


@pytest.mark.skipif(not is_cached(e5.WEIGHTS), reason=f"not fetched: {e5.FETCH}")
@pytest.mark.parametrize("language", TEXTS)
def test_with_its_weights_it_tells_plain_refusals(language):
    model = registry._refusal_model(registry.E5)
    assert [model.decide(text, (language,)).refusal for text in TEXTS[language]] == [True, False]
