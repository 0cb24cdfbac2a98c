import unicodedata

import pytest

from safeglot.prompts.probes.segments import clauses, sentences, words


def texts(spans, text):
    return [span.of(text) for span in spans]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't e-mail me, it's 3.5 km!", ["Don't", "e-mail", "me", "it's", "km"]),
        ("L’intel·ligència d'en Joan", ["L’intel·ligència", "d'en", "Joan"]),
        ("मैं कैसे हिन्दी लिखूँ?", ["मैं", "कैसे", "हिन्दी", "लिखूँ"]),
        ("آپ کیسے ہیں؟", ["آپ", "کیسے", "ہیں"]),
        ("می‌روم خانه", ["می‌روم", "خانه"]),
        ("Ẹ káàárọ̀ o", ["Ẹ", "káàárọ̀", "o"]),
        ("123 $ ... --", []),
        ("'quoted' -dashed-", ["quoted", "dashed"]),
    ],
)
def test_words_are_letters_with_their_marks(text, found):
    assert texts(words(text), text) == found


def test_composed_and_decomposed_letters_make_the_same_words():
    text = "Tại sao người Việt Nam lại thích ăn phở?"
    parts = unicodedata.normalize("NFD", text)
    assert [unicodedata.normalize("NFC", w) for w in texts(words(parts), parts)] == texts(
        words(text), text
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I have $250, or 3,000.50 a month: why?", ["I have $250", "or 3,000.50 a month", "why"]),
        ("¿Cómo estás? ¡Bien!", ["Cómo estás", "Bien"]),
        ("你好，我是谁？请说。", ["你好", "我是谁", "请说"]),
        ("ما هذا؟ قل لي، من أنت؛ الآن.", ["ما هذا", "قل لي", "من أنت", "الآن"]),
        ("यह क्या है? बताओ। अब", ["यह क्या है", "बताओ", "अब"]),
        ("ይህ ምንድን ነው፣ ንገረኝ። አሁን", ["ይህ ምንድን ነው", "ንገረኝ", "አሁን"]),
        ("See example.org at 10:30.", ["See example.org at 10:30"]),
        ("one\ntwo", ["one", "two"]),
        ("... !?", []),
    ],
)
def test_clauses_end_at_the_marks_of_their_script(text, found):
    assert texts(clauses(text), text) == found


def test_sentences_are_longer_than_clauses():
    text = "Tell me, now. Please!"
    assert texts(sentences(text), text) == ["Tell me, now", "Please"]
    assert texts(clauses(text), text) == ["Tell me", "now", "Please"]
