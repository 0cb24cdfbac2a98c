"""What holds of every probe, whatever the texts are."""

import json
import re
import unicodedata
from importlib import resources
from itertools import pairwise

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from safeglot.prompts.probes.alignment import learn
from safeglot.prompts.probes.base import LEVELS, parse_all, seed_of, shuffled
from safeglot.prompts.probes.codeswitch import LONGEST, Pair, by_clause, by_word, code_mixing_index
from safeglot.prompts.probes.codewords import coded
from safeglot.prompts.probes.framing import frame_languages, framed
from safeglot.prompts.probes.making import variants
from safeglot.prompts.probes.segments import clauses, letters, sentences, words
from safeglot.prompts.probes.spelling import LEET, respelt

MINI = [
    json.loads(line)
    for line in resources.files("safeglot.prompts")
    .joinpath("mini.jsonl")
    .read_text("utf-8")
    .splitlines()
]
TAGS = ("de", "es", "fr", "it", "sw")
TABLES = {tag: learn((row["en"], row[tag]) for row in MINI) for tag in TAGS}
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
ROW = st.sampled_from(MINI)
SHARE = st.floats(0.01, 0.99)

SCRIPTS = ("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Telugu", "Malayalam", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan", "Han", "Hiragana", "Katakana", "Hangul", "Ethiopic")  # fmt: skip
LETTERS = {
    script: [
        c
        for c in map(chr, range(0x41, 0xD800))
        if regex.match(rf"\p{{Script={script}}}", c) and unicodedata.category(c)[0] in "LM"
    ]
    for script in SCRIPTS
}
WORDS = st.sampled_from(SCRIPTS).flatmap(
    lambda script: st.lists(st.text(st.sampled_from(LETTERS[script]), min_size=1, max_size=8), min_size=1, max_size=5)
)  # fmt: skip


def pair(row, tag):
    return Pair(reference=row["en"], target=row[tag], reference_tag="en", target_tag=tag)


@given(TEXT)
def test_pieces_lie_in_order_and_do_not_overlap(text):
    for split in (words, clauses, sentences):
        spans = split(text)
        assert all(s.start < s.end <= len(text) for s in spans)
        assert all(a.end <= b.start for a, b in pairwise(spans))
    assert len(sentences(text)) <= len(clauses(text))


@given(st.integers(), st.integers(0, 40))
def test_a_shuffle_has_everything_once(seed, n):
    assert sorted(shuffled(seed, n)) == list(range(n))


@given(TEXT, st.sampled_from(frame_languages()), st.sampled_from(LEVELS["framing"]))
def test_a_framed_text_contains_its_request(text, tag, framing):
    assert text in framed(text, framing, tag).text


@given(st.lists(st.sampled_from(["en", "sw", ""]), max_size=30))
def test_two_languages_mix_at_most_by_half(labels):
    assert 0 <= code_mixing_index(labels) <= 50


@given(ROW, st.sampled_from(TAGS), st.integers(0, 2**64), SHARE, st.booleans())
def test_the_share_is_at_least_one_word_and_never_all(row, tag, seed, share, into):
    variant = by_word(pair(row, tag), TABLES[tag], seed=seed, share=share, into_reference=into)
    if variant.fault:
        return
    n = len(words(row["en"]))
    assert 0 < variant.facts["share"] <= 1
    if variant.facts["level"] == "word":
        assert round(variant.facts["share"] * n) <= max(round(share * n), LONGEST)
    assert variant.text not in (row["en"], row[tag])
    assert variant.facts["cmi"] > 0


@given(st.integers(2, 6), st.integers(0, 2**64), SHARE)
def test_the_same_clauses_are_swapped_in_every_language(n, seed, share):
    reference = ", ".join(f"some words {chr(97 + i)}" for i in range(n)) + "."
    places = set()
    for tag, word, mark in (("de", "Worte", ", "), ("ar", "كلمات", "، "), ("zh", "一些字词", "，")):
        target = mark.join(f"{word} {word} {chr(97 + i)}" for i in range(n)) + "."
        one = Pair(reference=reference, target=target, reference_tag="en", target_tag=tag)
        variant = by_clause(one, seed=seed, share=share)
        parts = [span.of(variant.text) for span in clauses(variant.text)]
        assert len(parts) == n
        places.add(tuple(word not in part for part in parts))
    (place,) = places
    assert 1 <= sum(place) < n


@settings(max_examples=5)
@given(st.permutations(MINI[:40]))
def test_the_order_of_the_prompts_changes_no_variant(rows):
    def made(rows):
        texts = {row["id"]: {tag: row[tag] for tag in ("en", "de", "sw")} for row in rows}
        sets = [parse_all(t) for t in ("codeswitch=word", "codeswitch=clause", "framing=story")]
        found = variants(texts, sets, seed=1, reference="en")
        return {(m.prompt, m.language, m.name): m.variant for m in found}

    assert made(rows) == made(MINI[:40])


@given(st.integers(), st.text(max_size=10))
def test_a_seed_fits_64_bits(seed, prompt):
    (probe,) = parse_all("codeswitch=word")
    assert 0 <= seed_of(seed, prompt, probe) < 2**64


def test_no_variant_is_its_parent():
    texts = {row["id"]: {tag: row[tag] for tag in ("en", "de", "sw")} for row in MINI}
    sets = [parse_all(f"codeswitch={level}") for level in LEVELS["codeswitch"]]
    sets += [parse_all(f"framing={level}") for level in LEVELS["framing"]]
    for one in variants(texts, sets, seed=5, reference="en"):
        assert one.variant.text not in (texts[one.prompt][one.language], texts[one.prompt]["en"])


@given(WORDS)
def test_no_cluster_of_unicode_is_torn_apart(drawn):
    for word in drawn:
        own = letters(word)
        assert "".join(own) == word
        assert set(ends(own)) <= set(ends(regex.findall(r"\X", word)))


def ends(parts):
    return [sum(map(len, parts[: i + 1])) for i in range(len(parts))]


@given(WORDS)
def test_letters_set_apart_are_read_back(drawn):
    text = " ".join(drawn)
    for level in ("spaces", "dots"):
        made = respelt(text, level)
        assert read_back(made.text, level) == text or made.fault
        assert bool(made.text) != bool(made.fault)


def read_back(text, level):
    if level == "dots":
        return text.replace(".", "")
    return re.sub(r"(?<! ) (?! )", "", text).replace("   ", " ")


@given(WORDS, st.text("XYZ", min_size=1, max_size=3), st.integers(0, 4))
def test_code_words_are_read_back(drawn, code, at):
    text = unicodedata.normalize("NFC", " ".join(drawn))
    term = unicodedata.normalize("NFC", drawn[at % len(drawn)])
    made = coded(text, {term: code}, "en")
    if made.fault or any(c in text for c in "XYZ"):
        return
    assert made.facts["terms"] == text.split(" ").count(term)
    assert coded(made.text, {code: term}, "en").text == text


def test_other_spellings_of_mini_are_read_back():
    letter_of = {digit: letter for letter, digit in LEET.items() if letter.islower()}
    for row in MINI:
        for tag in TAGS:
            if re.search(r"\d", row[tag]):
                continue
            leet = respelt(row[tag], "leet").text
            read = "".join(letter_of.get(c, c) for c in leet)
            assert read.casefold() == row[tag].casefold()
            assert read_back(respelt(row[tag], "spaces").text, "spaces") == row[tag]


@given(TEXT, st.sampled_from(LEVELS["spelling"]))
def test_a_spelling_changes_words_alone(text, level):
    made = respelt(text, level)
    other = [unicodedata.normalize("NFC", c) for c in text if unicodedata.category(c)[0] == "N"]
    assert made.fault or all(made.text.count(c) >= text.count(c) for c in set(other))
