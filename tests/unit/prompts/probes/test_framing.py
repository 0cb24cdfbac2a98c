import unicodedata

import pytest

from safeglot.prompts.probes.base import LEVELS
from safeglot.prompts.probes.framing import SLOT, frame_languages, framed
from safeglot.prompts.probes.segments import sentences
from safeglot.text import languages

WANTED = (
    "en de es fr it pt ca gl nl pl ru uk tr ar he fa hi bn ur ta th vi id ms jv sw yo ha zu "
    "am so tl zh ja ko el ro sv cs hu eo af"
)
FRAMES = [(tag, framing) for tag in frame_languages() for framing in LEVELS["framing"]]
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SCRIPTS = {
    "Arab": "ARABIC",
    "Beng": "BENGALI",
    "Cyrl": "CYRILLIC",
    "Deva": "DEVANAGARI",
    "Ethi": "ETHIOPIC",
    "Grek": "GREEK",
    "Gujr": "GUJARATI",
    "Guru": "GURMUKHI",
    "Hang": "HANGUL",
    "Hans": "CJK",
    "Hant": "CJK",
    "Hebr": "HEBREW",
    "Jpan": "CJK HIRAGANA KATAKANA",
    "Latn": "LATIN",
    "Taml": "TAMIL",
    "Telu": "TELUGU",
    "Thai": "THAI",
}


def test_the_languages_that_have_frames():
    assert set(WANTED.split()) <= set(frame_languages())
    assert all(languages.canonical(tag) == tag for tag in frame_languages())


@pytest.mark.parametrize(("tag", "framing"), FRAMES)
def test_a_frame_is_short_in_its_script_and_has_one_slot(tag, framing):
    frame = framed(SLOT, framing, tag).text
    before, _, after = frame.partition(f"\n\n{SLOT}")
    assert frame.count(SLOT) == 1
    assert after == ""
    assert "{" not in before
    assert not set(frame) & BIDI
    assert unicodedata.normalize("NFC", frame) == frame
    assert 1 <= len(sentences(before)) <= 2
    assert 15 <= len(before) <= 190
    assert before[-1] in ":：፦"
    names = SCRIPTS[languages.lookup(tag).script].split()
    letters = [unicodedata.name(char) for char in before if char.isalpha() and char != "ー"]
    assert all(any(letter.startswith(name) for name in names) for letter in letters)


def test_frames_of_a_language_differ():
    for tag in frame_languages():
        assert len({framed(SLOT, framing, tag).text for framing in LEVELS["framing"]}) == 4


@pytest.mark.parametrize(
    "request_text", ["Wer bist du?", "a {request} b", "{0} %s", "שלום (abc)\nשלום", " x "]
)
def test_the_request_stays_as_it_is(request_text):
    for tag, framing in FRAMES:
        assert framed(request_text, framing, tag).text.endswith(f"\n\n{request_text}")


def test_no_native_speaker_has_read_them_and_the_facts_say_so():
    facts = framed("x", "story", "sw").facts
    assert facts == {"frame": "sw", "frame_checked": "no"}


@pytest.mark.parametrize(
    ("tag", "row"),
    [("pt-BR", "pt"), ("zh-TW", "zh-Hant"), ("nb", "no"), ("fil", "tl"), ("iw", "he")],
)
def test_a_region_or_another_name_has_the_frames_of_its_language(tag, row):
    assert framed("x", "story", tag).facts["frame"] == row


@pytest.mark.parametrize("tag", ["sr-Latn", "ig", "ur-Latn"])
def test_another_script_or_language_has_none(tag):
    fault = framed("x", "story", tag).fault
    assert fault.startswith(f"no frames are written in {tag}; there are some in af, am, ar")


def test_an_unknown_framing_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="none of story, roleplay"):
        framed("x", "poem", "en")
