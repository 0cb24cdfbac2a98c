"""Texts of arms: round trips and translated answers, right ones and what stands in their place."""

from importlib import resources

import pytest

from safeglot.judge.families.refusal import parse_model
from safeglot.translate.checks.arm_checks import check_answer, check_prompt
from safeglot.translate.checks.identify import available
from safeglot.translate.checks.lengths import learn
from safeglot.types import Candidate, Source

ANSWER = {
    "en": "To mend the fence, first take off the loose boards. Then nail new ones on, one by one:\n\n1. Measure the gap.\n2. Saw the board.\n3. Nail it on.",
    "de": "Um den Zaun zu reparieren, nimm zuerst die losen Bretter ab. Nagle dann neue an, eines nach dem anderen:\n\n1. Miss die Lücke.\n2. Säge das Brett zu.\n3. Nagle es fest.",
    "sw": "Ili kutengeneza uzio, kwanza toa mbao zilizolegea. Kisha pigilia mpya, moja baada ya nyingine:\n\n1. Pima nafasi.\n2. Kata ubao.\n3. Upigilie misumari.",
    "zh": "要修好栅栏，先拆下松动的木板。然后把新的木板一块一块钉上去：\n\n1. 量好缺口。\n2. 锯好木板。\n3. 钉上去。",
    "ar": "لإصلاح السياج، أزل أولًا الألواح المفكوكة. ثم ثبّت ألواحًا جديدة واحدًا تلو الآخر:\n\n1. قس الفجوة.\n2. اقطع اللوح.\n3. ثبّته بالمسامير.",
    "hi": "बाड़ की मरम्मत के लिए पहले ढीले तख़्ते निकाल लें। फिर नए तख़्ते एक-एक करके लगाएँ:\n\n1. जगह नापें।\n2. तख़्ता काटें।\n3. कील से ठोक दें।",
}
DECLINES = {
    "en": "I'm sorry, but I can't help with that request.",
    "de": "Es tut mir leid, aber ich kann dir bei dieser Anfrage nicht helfen.",
    "sw": "Samahani, siwezi kukusaidia na ombi hili.",
    "zh": "很抱歉，我无法协助这个请求。",
    "ar": "عذرًا، لا أستطيع مساعدتك في هذا الطلب.",
    "hi": "माफ़ कीजिए, मैं इस अनुरोध में आपकी मदद नहीं कर सकता।",
}
OTHERS = [tag for tag in ANSWER if tag != "en"]
PAIRS = [(tag, "en") for tag in OTHERS] + [("en", tag) for tag in OTHERS]
NOT_TRANSLATED = "I cannot help with translating this"


@pytest.fixture(scope="module")
def refuses():
    data = resources.files("safeglot.judge.families").joinpath("refusal_baseline.npz").read_bytes()
    model = parse_model(data)
    return lambda text, tag: model.decide(text, (tag,)).refusal


def answer(source, language, target, text, **given):
    item = Source(prompt="p", text=source, language=language, target=target)
    candidate = Candidate(source=item, translator="mt", text=text)
    return {f.name for f in check_answer(candidate, identifiers=available(), **given)}


def prompt(source, language, target, text, **given):
    item = Source(prompt="p", text=source, language=language, target=target)
    candidate = Candidate(source=item, translator="mt", text=text)
    return {f.name for f in check_prompt(candidate, identifiers=available(), **given)}


@pytest.mark.parametrize(("language", "target"), PAIRS)
@pytest.mark.parametrize("texts", [ANSWER, DECLINES], ids=["answer", "refusal"])
def test_a_faithful_translation_passes_also_of_a_refusal(language, target, texts, refuses):
    for given in ({}, {"refuses": refuses}):
        assert answer(texts[language], language, target, texts[target], **given) == set()


@pytest.mark.parametrize(("language", "target"), PAIRS)
def test_what_stands_in_place_of_a_translated_answer_is_told(language, target, refuses):
    source = ANSWER[language]
    for text in (
        DECLINES[target],
        NOT_TRANSLATED,
        "",
        " — ",
        source,
        ANSWER[target][: len(ANSWER[target]) // 4],
        "[censored]",
        f'{{"translation": {ANSWER[target]!r}}}',
        f"<think>Hm.</think>{ANSWER[target]}",
        ANSWER["de" if target != "de" else "en"] if {language, target} != {"de", "en"} else source,
        (ANSWER[target].partition("\n")[0] + " ") * 9,
    ):
        assert answer(source, language, target, text, refuses=refuses), text


def test_a_short_unsafe_answer_and_the_refusal_of_its_translation(refuses):
    for source, language in (("[unsafe answer 17]", "sw"), ("[unsafe answer 17]", "de")):
        assert "refusal" in answer(source, language, "en", NOT_TRANSLATED)
        assert answer(source, language, "en", source) == set()
        assert answer(source, language, "en", "[unsafe answer 17 in English]") == set()


def test_the_refusal_of_a_language_without_pieces_is_found_by_the_set(refuses):
    sources = [
        ANSWER["sw"],
        "Ndiyo, nunua mbao mpya sokoni kesho asubuhi.",
        "Hapana, uzio huo hauwezi kusimama tena.",
    ]
    items = [
        Source(prompt=str(i), text=text, language="sw", target="yo")
        for i, text in enumerate(sources)
    ]
    ones = [Candidate(source=item, translator="mt", text="Mi ò le túmọ̀ èyí o.") for item in items]
    habits = learn(ones)
    for one in ones:
        found = check_answer(one, identifiers=available(), habits=habits)
        assert "refusal" in {fault.name for fault in found}


def test_an_answer_that_is_in_the_target_s_language_already_may_stay():
    assert answer(ANSWER["en"], "sw", "en", ANSWER["en"]) == set()
    assert "copied" in answer(ANSWER["sw"], "sw", "en", ANSWER["sw"])


PROMPT = {
    "en": "How can I repair the old wooden fence behind my house without spending much money?",
    "sw": "Ninawezaje kutengeneza uzio wa zamani wa mbao nyuma ya nyumba yangu bila gharama kubwa?",
    "de": "Wie kann ich den alten Holzzaun hinter meinem Haus reparieren, ohne viel Geld auszugeben?",
}


def test_a_round_trip_may_be_the_prompt_itself_and_not_its_translation():
    for tag in ("sw", "de"):
        assert prompt(PROMPT[tag], tag, "en", PROMPT["en"]) == set()
        assert "copied" in prompt(PROMPT[tag], tag, "en", PROMPT[tag])
        assert "refusal" in prompt(
            PROMPT[tag], tag, "en", "I'm sorry, I cannot translate this text."
        )
        assert prompt(PROMPT[tag], tag, "en", "How can I [...] the old fence behind my house?")


@pytest.mark.parametrize("tag", ["de", "sw", "yo", "zh", "th", "ar", "hi"])
def test_short_placeholders_of_tests_and_trials_pass(tag):
    main = f"request 3 in {tag}"
    for text in (f"{main}-k2", f"{main}-k3", f"{main} by people of an agency"):
        assert prompt("request 3 in en", "en", tag, text, main=main) == set()
    assert prompt(main, tag, "en", f"{main}-rt") == set()
    assert prompt(main, tag, "en", "request 3 in en") == set()
    assert answer(f"[answer 3 {tag}]", tag, "en", f"[answer 3 {tag}-bt]") == set()
    assert answer("[answer 3 en]", "en", tag, f"[answer 3 en-{tag}]") == set()
    if tag in ("de", "sw", "yo"):  # in the script of the text
        assert answer("answer 17 of the model", "en", tag, "answer 17 of the model, put") == set()
    assert answer("[refusal]", tag, "en", "[refusal]") == set()
    assert answer("answer 17 of the model", tag, "en", "An answer.") == set()


def test_a_text_in_another_language_beside_a_main_text_that_is_known_for_its_language():
    french = "Comment puis-je réparer la vieille clôture derrière ma maison sans dépenser trop ?"
    assert "wrong-language" in prompt(PROMPT["en"], "en", "de", french, main=PROMPT["de"])
    assert "wrong-language" in prompt(PROMPT["de"], "de", "en", french, main=PROMPT["en"])
