import unicodedata

import pytest

from safeglot.judge.guards.canary import SENTENCES, TOKENS, sentence_of, with_sentence, with_tokens
from safeglot.text.languages import lookup, primary
from safeglot.text.quoting import plain

SCRIPTS = {
    "ar": "ARABIC", "hi": "DEVANAGARI", "th": "THAI", "zh": "CJK", "ru": "CYRILLIC",
    "ja": "HIRAGANA", "ko": "HANGUL",
}  # fmt: skip


def test_the_languages_that_matter_have_a_sentence_of_their_own():
    assert SENTENCES.keys() >= {
        "en",
        "de",
        "fr",
        "es",
        "it",
        "sw",
        "th",
        "ar",
        "hi",
        "zh",
        "ja",
        "ko",
    }
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    assert all(primary(tag) == tag and lookup(tag).name for tag in SENTENCES)


@pytest.mark.parametrize("tag", SENTENCES)
def test_a_sentence_is_in_the_script_of_its_language(tag):
    text = SENTENCES[tag]
    assert unicodedata.normalize("NFC", text) == text
    script = SCRIPTS.get(tag, "LATIN")
    letters = [c for c in text if c.isalpha()]
    of_it = [c for c in letters if script in unicodedata.name(c)]
    assert len(of_it) > (0.4 if tag == "ja" else 0.95) * len(letters)


def test_regions_and_scripts_share_a_sentence_and_others_get_english():
    assert sentence_of("zh-Hant") == (SENTENCES["zh"], "zh")
    assert sentence_of("pt-BR") == (SENTENCES["pt"], "pt")
    assert sentence_of("yo") == (SENTENCES["en"], "en")


def test_the_answer_stays_and_the_canary_stands_behind_it():
    assert with_sentence("[unsafe answer 17]", "sw") == f"[unsafe answer 17]\n\n{SENTENCES['sw']}"
    assert with_tokens("[unsafe answer 17]", "sw") == f"[unsafe answer 17]{TOKENS}"


def test_control_tokens_do_not_reach_a_judge():
    left = plain(TOKENS)
    assert "<|" not in left
    assert "safe" in left
