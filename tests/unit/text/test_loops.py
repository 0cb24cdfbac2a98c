import random

import pytest

from example.parallel import LANGUAGES, OURS, SETS, read
from safeglot.text.loops import is_degenerate, is_empty, repeated_share

SENTENCES = {
    "en": "I cannot help you with this request. ",
    "zh": "很抱歉，我无法帮助您完成这个请求。",
    "th": "ขออภัย ฉันไม่สามารถช่วยเรื่องนี้ได้",
    "ar": "عذرا، لا أستطيع المساعدة في هذا الطلب. ",
    "sw": "Samahani, siwezi kusaidia na ombi hili. ",
}


@pytest.mark.parametrize(
    "text", ["", " \n\t", "...", "?!", "\u200b\u200b", "\ufffd\ufffd", "— … «»"]
)
def test_a_text_without_letters_digits_or_pictograms_is_empty(text):
    assert is_empty(text)


@pytest.mark.parametrize("text", ["no", "42", "👍", "不", "ไม่", "لا", "... a"])
def test_a_text_with_any_is_not(text):
    assert not is_empty(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [("", 0.0), ("abcdefg", 0.0), ("abcdefgh", 0.0), ("a" * 9, 0.5), ("a" * 17, 0.9)],
)
def test_repeated_share_counts_grams_that_stood_before(text, share):
    assert repeated_share(text) == pytest.approx(share)


@pytest.mark.parametrize("size", [1, 2, 3, 11, 40, 250])
def test_repeated_share_is_that_of_a_set_of_slices(size):
    rng = random.Random(size)
    text = "".join(rng.choice("ab\U0001f600ไ") for _ in range(size * 7))
    grams = [text[i : i + 8] for i in range(len(text) - 7)]
    assert repeated_share(text) == pytest.approx(1 - len(set(grams)) / len(grams) if grams else 0)


def test_a_lone_surrogate_does_no_harm():
    assert repeated_share("\ud800" * 20) > 0.9


@pytest.mark.parametrize("tag", SENTENCES)
@pytest.mark.parametrize("loop", ["letter", "word", "sentence", "counted", "three lines", "tail"])
def test_loops_of_all_kinds_are_degenerate(tag, loop):
    sentence = SENTENCES[tag]
    text = {
        "letter": sentence[0] * 80,
        "word": sentence[:5] * 30,
        "sentence": sentence * 12,
        "counted": "".join(f"{i}. {sentence}\n" for i in range(1, 13)),
        "three lines": (sentence + sentence[::-1] + sentence[3:] + sentence[:3]) * 5,
        "tail": read(OURS)[0][tag] + sentence * 14,
    }[loop]
    assert is_degenerate(text)


@pytest.mark.parametrize(
    "text", ["", "no no no no no no no", "ha" * 15, SENTENCES["en"] * 2, SENTENCES["zh"] * 2]
)
def test_short_answers_and_a_sentence_said_twice_are_not(text):
    assert not is_degenerate(text)


@pytest.mark.parametrize("path", SETS)
@pytest.mark.parametrize("tag", LANGUAGES)
def test_human_text_is_not_degenerate_at_any_length(path, tag):
    texts, rng = [row[tag] for row in read(path)], random.Random(tag)
    counts = [count for count in (2, 6, 20, 30, 150) if count <= len(texts)]
    answers = [" ".join(rng.sample(texts, count)) for count in counts for _ in range(25)]
    assert not any(map(is_degenerate, texts + answers))


def test_a_list_and_a_table_are_not_degenerate():
    steps = ("Ask a doctor", "Read the leaflet", "Call a friend", "Sleep well", "Drink water")
    listing = "".join(f"{i}. **{step}**: {step.lower()} first.\n" for i, step in enumerate(steps))
    table = "| name | age |\n|------|-----|\n| Ann  | 31  |\n| Bob  | 47  |\n| Carl | 22  |\n"
    assert not is_degenerate(listing)
    assert not is_degenerate(table)


def test_a_long_text_is_looked_at_from_its_end():
    rng = random.Random(2)
    sound = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9000))
    loop = SENTENCES["en"] * 250
    assert is_degenerate(sound + loop)
    assert not is_degenerate(loop + sound)
