import sys

import pytest

from safeglot.text.close_languages import GROUPS
from safeglot.text.languages import UnknownLanguage, all_tags, lookup
from safeglot.translate.checks.identify import (
    UNSURE,
    Cld2,
    GlotLid,
    Langid,
    available,
    wrong_language,
)
from safeglot.translate.checks.scripts import is_latin, letters, most, written_in

pytest.importorskip("pycld2", reason="of the extra `translate`")

TEXTS = {
    "en": "How can I repair the old wooden fence behind my house without spending money?",
    "de": "Wie kann ich den alten Holzzaun hinter meinem Haus reparieren, ohne Geld auszugeben?",
    "it": "Come posso riparare la vecchia recinzione di legno dietro casa mia senza spendere molto?",
    "sw": "Ninawezaje kutengeneza uzio wa zamani wa mbao nyuma ya nyumba yangu bila gharama kubwa?",
    "vi": "Làm thế nào để tôi sửa hàng rào gỗ cũ phía sau nhà mà không tốn nhiều tiền?",
    "ru": "Как мне починить старый деревянный забор за домом, не тратя много денег?",
    "uk": "Як мені полагодити старий дерев'яний паркан за будинком, не витрачаючи багато грошей?",
    "ar": "كيف يمكنني إصلاح السياج الخشبي القديم خلف منزلي دون إنفاق الكثير من المال؟",
    "fa": "چگونه می‌توانم حصار چوبی قدیمی پشت خانه‌ام را بدون هزینه زیاد تعمیر کنم؟",
    "zh": "我怎样才能不花太多钱修好我家后面的旧木栅栏？",
}
ROMANISED = {
    "hi": "Main apne ghar ke peeche ki purani lakdi ki baad ko kaise theek kar sakta hoon?",
    "ar": "kayf yumkinuni islah alsiyaj alkhashabi alqadim khalf manzili dun infaq almal?",
    "ru": "Kak mne pochinit staryy derevyannyy zabor za domom, ne tratya mnogo deneg?",
    "zh": "wo zenyang cai neng bu hua tai duo qian xiu hao wo jia houmian de jiu mu zhalan?",
}
EACH = (Cld2(), Langid())


@pytest.mark.parametrize("identifier", EACH, ids=lambda one: one.name)
@pytest.mark.parametrize("tag", TEXTS)
def test_the_expected_language_is_told(identifier, tag):
    told = identifier.identify(TEXTS[tag], tag)
    assert told.language == tag
    assert 0.5 <= told.confidence <= 1


@pytest.mark.parametrize("expected", TEXTS)
@pytest.mark.parametrize("tag", TEXTS)
def test_each_language_is_told_from_each_other(tag, expected):
    wrong = wrong_language(TEXTS[tag], expected, available())
    romanised = is_latin(tag) and not is_latin(expected)
    assert bool(wrong) == (tag != expected and not romanised)


@pytest.mark.parametrize("identifier", EACH, ids=lambda one: one.name)
@pytest.mark.parametrize("tag", ROMANISED)
def test_romanised_text_is_not_told(identifier, tag):
    assert identifier.identify(ROMANISED[tag], tag) == UNSURE
    assert identifier.identify(TEXTS["en"], tag) == UNSURE
    assert not identifier.covers(f"{tag}-Latn")
    assert identifier.identify(ROMANISED[tag], f"{tag}-Latn") == UNSURE
    assert wrong_language(ROMANISED[tag], tag, available()) == ""


@pytest.mark.parametrize("identifier", EACH, ids=lambda one: one.name)
def test_what_is_covered(identifier):
    covered = {tag for tag in all_tags() if identifier.covers(tag)}
    assert {"en", "it", "sw", "vi", "ar", "bn", "th", "ko", "zh", "jv", "he", "pt"} <= covered
    assert not covered & {"ace-Arab", "quc", "tpi", "zh-Latn", "en-Cyrl"}
    assert 200 <= len(covered) <= 300
    assert identifier.covers("pt-BR")
    assert identifier.covers("zh-Hant-TW")
    assert not identifier.covers("x-ours")
    with pytest.raises(UnknownLanguage):
        identifier.covers("klingon")


def test_nothing_is_told_where_nobody_covers_the_language():
    for tag in ("quc", "x-ours", "ace-Arab"):
        assert wrong_language(TEXTS["it"], tag, available()) == ""
        assert all(one.identify(TEXTS["it"], tag) == UNSURE for one in EACH)


@pytest.mark.parametrize("text", ["", "ok", "4711 0815", "!?", "Ja, gut."])
def test_few_letters_are_not_told(text):
    assert all(one.identify(text, "it") == UNSURE for one in EACH)


@pytest.mark.parametrize(
    ("group", "text"), [("hr", "sr-Latn"), ("id", "ms"), ("no", "da"), ("pt", "gl")]
)
def test_close_languages_are_one(group, text):
    sample = {
        "hr": "Kako mogu popraviti staru drvenu ogradu iza svoje kuće bez velikih troškova?",
        "id": "Bagaimana saya bisa memperbaiki pagar kayu tua di belakang rumah tanpa biaya besar?",
        "no": "Hvordan kan jeg reparere det gamle tregjerdet bak huset mitt uten å bruke mye penger?",
        "pt": "Como posso consertar a velha cerca de madeira atrás da minha casa sem gastar muito?",
    }[group]
    assert wrong_language(sample, text, available()) == ""
    assert wrong_language(sample, group, available()) == ""


def test_control_characters_and_surrogates_do_no_harm():
    for text in ("\x00\x01" + TEXTS["it"], "\ud800" + TEXTS["it"], TEXTS["it"] + "\ufffe"):
        assert wrong_language(text, "it", available()) == ""


def test_the_first_is_believed_and_another_language_needs_two():
    class Fixed:
        def __init__(self, name, language):
            self.name, self.language, self.letters_alone = name, language, 60

        def covers(self, tag):
            return True

        def identify(self, text, expected):
            from safeglot.text.close_languages import Identified

            return Identified(language=self.language, confidence=0.9 if self.language else None)

    own, other, none = Fixed("a", "it"), Fixed("b", "sw"), Fixed("c", None)
    long, short = TEXTS["sw"], "Habari za asubuhi, ndugu"
    assert wrong_language(long, "it", (own, other)) == ""
    assert wrong_language(long, "it", (other, own)) == ""
    assert wrong_language(long, "it", (other, none)) == ""
    assert wrong_language(long, "it", (none, other)) == "b: sw (0.90)"
    assert wrong_language(short, "it", (other,)) == "", "too short for one alone"
    assert wrong_language(short, "it", (other, other)) == "b: sw (0.90), b: sw (0.90)"
    assert wrong_language(long, "it", ()) == ""


def test_without_pycld2_the_core_stands_alone(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert [one.name for one in available()] == ["py3langid"]
    glotlid = GlotLid(predict=lambda text: [], labels=frozenset())
    assert [one.name for one in available(glotlid)] == ["glotlid", "py3langid"]


GLOTLID = GlotLid(
    predict=lambda text: (
        [("quc_Latn", 0.9), ("spa_Latn", 0.1)] if "ri " in text else [("spa_Latn", 0.99)]
    ),
    labels=frozenset({"quc_Latn", "spa_Latn", "cmn_Hani", "hin_Deva", "hin_Latn"}),
)


def test_glotlid_covers_its_labels_in_their_scripts():
    assert all(map(GLOTLID.covers, ("quc", "es", "es-419", "zh", "zh-Hant", "hi", "hi-Latn")))
    assert not any(map(GLOTLID.covers, ("it", "es-Cyrl", "x-ours", "zh-Latn")))


def test_glotlid_tells_what_the_others_do_not_cover():
    spanish = (
        "Cómo puedo reparar la vieja cerca de madera detrás de mi casa sin gastar mucho dinero"
    )
    assert GLOTLID.identify("Jas kinb'ano che ri uwach ri loq'alaj tz'ib'", "quc").language == "quc"
    assert GLOTLID.identify(spanish, "quc").language == "es"
    assert "glotlid: es" in wrong_language(spanish, "quc", available(GLOTLID))
    assert wrong_language(spanish, "quc", available()) == ""


def test_every_script_of_the_table_is_known():
    assert [tag for tag in all_tags() if not written_in(tag)] == []
    assert written_in("x-ours") == frozenset()
    assert written_in("ja") == {"Hira", "Kana", "Hani"}
    assert written_in("zh-Hant") == written_in("zh") == {"Hani", "Bopo"}
    assert written_in("hi-Latn") == {"Latn"}


@pytest.mark.parametrize("tag", TEXTS)
def test_letters_are_counted_by_script(tag):
    counts = letters(TEXTS[tag])
    assert most(counts) in written_in(tag)
    assert lookup(tag).script[:3] == most(counts)[:3]


def test_a_wide_letter_counts_for_three():
    assert letters("日本語 カナ ｶﾅ Abc 한국 Ω 12 ＡＢ") == {
        "Hani": 9,
        "Kana": 12,
        "Latn": 5,
        "Hang": 6,
        "Grek": 1,
    }
    assert letters("") == {}
    assert most({}) == ""


def test_groups_are_of_known_languages():
    known = sum(1 for group in GROUPS for tag in group if tag in all_tags())
    assert known > 100
    assert "pycld2" in sys.modules
