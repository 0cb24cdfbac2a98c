import builtins
import importlib.util

import pytest

from safeglot.prompts.probes import transliterate
from safeglot.prompts.probes.transliterate import language_code, romanise

needs_uroman = pytest.mark.skipif(
    importlib.util.find_spec("uroman") is None, reason="needs the extra `translate`"
)


@pytest.mark.parametrize("tag", ["de", "sw", "vi", "sr-Latn", "az", "yo"])
def test_latin_script_needs_no_transliteration(tag):
    assert romanise("Habari", tag).fault == "written in Latin script already"


@needs_uroman
@pytest.mark.parametrize(
    ("text", "tag", "latin"),
    # as the command line `uroman -l` of uroman 1.3.1 gives them
    [
        ("Как мне открыть дверь?", "ru", "Kak mne otkryt dver?"),
        ("Πώς ανοίγω;", "el", "Pos anoigo;"),
        ("كيف أفتح الباب؟", "ar", "kyf afth albab?"),
        ("문을 어떻게 열어?", "ko", "muneul eoddeohge yeoleo?"),
        ("我怎么开门？", "zh", "wozenmekaimen?"),
        ("Ігор", "uk", "Ihor"),
        ("Игор", "mk", "Igor"),
    ],
)
def test_texts_in_latin_letters(text, tag, latin):
    assert romanise(text, tag).text == latin


@needs_uroman
def test_what_is_in_latin_letters_stays():
    variant = romanise("Как открыть file report.pdf?", "ru")
    assert variant.text == "Kak otkryt file report.pdf?"
    assert variant.facts["script"] == "Cyrl"
    assert romanise("OK, 42!", "ru").fault == "nothing in the text is in another script"


def test_japanese_with_chinese_characters_is_refused():
    fault = romanise("鍵を開ける", "ja").fault
    assert fault == "uroman reads the Chinese characters of Japanese as Chinese"


@needs_uroman
def test_japanese_in_kana():
    assert romanise("どうやって", "ja").text == "douyatte"


def test_codes_of_languages_with_rules_of_their_own():
    assert [language_code(tag) for tag in ("fa", "bn", "el", "sr-Cyrl", "uk")] == [
        "fas",
        "ben",
        "ell",
        "srp",
        "ukr",
    ]
    assert language_code("hi") is None


def test_without_uroman_the_fault_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *rest, **more):
        if name == "uroman":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    transliterate._uroman.cache_clear()
    monkeypatch.setattr(builtins, "__import__", absent)
    try:
        assert "pip install 'safeglot[translate]'" in romanise("Как", "ru").fault
    finally:
        transliterate._uroman.cache_clear()
