from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.text.languages import UnknownLanguage
from safeglot.translate.checks.scripts import WIDE, is_latin, letters, most, written_in


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", {}),
        ("12 - ?!", {}),
        ("abc é", {"Latn": 4}),
        ("дом house", {"Cyrl": 3, "Latn": 5}),
        ("我家", {"Hani": 2 * WIDE}),
        ("カ ひ 家", {"Kana": WIDE, "Hira": WIDE, "Hani": WIDE}),
        ("한국", {"Hang": 2 * WIDE}),
        ("ＡＢ", {"Latn": 2}),
        ("ｶ", {"Kana": WIDE}),
        ("ব ไ", {"Beng": 1, "Thai": 1}),
        ("ªʹ", {"Zyyy": 2}),
    ],
)
def test_letters_by_script(text, counts):
    assert letters(text) == counts


@given(text=st.text())
def test_every_letter_has_one_script(text):
    wide = {"Hani", "Hang", "Hira", "Kana", "Bopo", "Yiii"}
    counted = sum(n // WIDE if script in wide else n for script, n in letters(text).items())
    assert counted == sum(map(str.isalpha, text))


def test_the_script_is_that_of_the_letters_name():
    for letter, script in (("ß", "Latn"), ("λ", "Grek"), ("ש", "Hebr"), ("ა", "Geor")):
        assert unicodedata.name(letter)
        assert letters(letter) == {script: 1}


@pytest.mark.parametrize(
    ("tag", "scripts"),
    [
        ("de", {"Latn"}),
        ("ja", {"Hira", "Kana", "Hani"}),
        ("ko", {"Hang", "Hani"}),
        ("zh-Hant", {"Hani", "Bopo"}),
        ("sr-Latn", {"Latn"}),
        ("sr", {"Cyrl"}),
    ],
)
def test_scripts_of_a_language(tag, scripts):
    assert written_in(tag) == scripts
    assert is_latin(tag) == ("Latn" in scripts)


def test_a_tag_that_is_none_is_an_error():
    with pytest.raises(UnknownLanguage):
        written_in("x!")


def test_the_script_of_most_letters():
    assert most({}) == ""
    assert most({"Cyrl": 3}) == "Cyrl"
    assert most({"Cyrl": 3, "Latn": 5}) == "Latn"
    assert most({"Latn": 3, "Cyrl": 3}) == most({"Cyrl": 3, "Latn": 3})
