"""Words of a made-up language whose dictionary is known, and of the bundled prompts."""

import json
from importlib import resources

import numpy as np

from safeglot.prompts.probes import alignment
from safeglot.prompts.probes.alignment import align, learn, stem
from safeglot.prompts.probes.segments import words

LEXICON = {
    "open": "vapora",
    "close": "lendu",
    "paint": "gomeki",
    "red": "surto",
    "old": "mabile",
    "door": "kupeta",
    "window": "ferino",
    "house": "dasomu",
    "boat": "nuvali",
}


def made_up():
    """Every request twice over: verbs, adjectives before nouns here, after them there."""
    for verb in ("open", "close", "paint"):
        for adjective in ("red", "old"):
            for noun in ("door", "window", "house", "boat"):
                english = f"How do I {verb} the {adjective} {noun}?"
                yield english, f"Ki {LEXICON[verb]} {LEXICON[noun]} {LEXICON[adjective]}?"


def linked(table, reference, target):
    r, t = words(reference), words(target)
    return {
        (r[a].of(reference).lower(), t[b].of(target).lower())
        for unit in align(table, reference, target)
        for a in unit.reference
        for b in unit.target
    }


def test_a_known_dictionary_is_found():
    pairs = list(made_up())
    table = learn(pairs)
    right = wrong = 0
    for reference, target in pairs:
        for one, other in linked(table, reference, target):
            right += LEXICON.get(one) == other
            wrong += LEXICON.get(one) not in (other, None)
    assert wrong == 0
    # verb, adjective and noun of each
    assert right >= 3 * len(pairs)


def test_the_order_of_the_pairs_changes_nothing():
    pairs = list(made_up())
    one, other = learn(pairs), learn(reversed(pairs + pairs[:5]))
    assert one.reference_ids == other.reference_ids
    np.testing.assert_array_equal(one.target_given_reference, other.target_given_reference)
    np.testing.assert_array_equal(one.sure, other.sure)


def test_what_was_seen_once_is_not_sure():
    pairs = [*made_up(), ("Peel a mango slowly", "Rido hamesa tulok")]
    assert linked(learn(pairs), *pairs[-1]) == set()


def test_a_word_that_both_texts_have_is_sure_at_once():
    pairs = [*made_up(), ("Peel a mangosteen slowly", "Rido mangosteen tulok")]
    assert linked(learn(pairs), *pairs[-1]) == {("mangosteen", "mangosteen")}


def test_probabilities_are_normalised():
    table = learn(made_up())
    given = table.codes // len(table.target_ids)
    sums = np.bincount(given, table.target_given_reference)
    np.testing.assert_allclose(sums, 1.0)


def test_texts_that_were_not_learned_from():
    table = learn(made_up())
    assert ("door", "kupeta") in linked(table, "Paint the door", "Gomeki kupeta")
    assert align(table, "Nothing of this", "hapana") == []
    assert align(table, "", "") == []
    assert align(learn([]), "a", "b") == []
    assert align(learn([("", "x")]), "a", "b") == []


def test_long_texts_teach_nothing():
    long = " ".join(f"w{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(100))
    assert learn([(long, long)]).reference_ids == {}


def test_hangul_is_cut_by_its_letters():
    assert stem("한국에서") == stem("한국은")
    assert stem("한국에서") != stem("중국에서")


def test_the_bundled_prompts_teach_common_words():
    data = resources.files("safeglot.prompts").joinpath("mini.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in data.splitlines()]
    known = {
        "de": {("explain", "erkläre"), ("without", "ohne"), ("police", "polizei")},
        "es": {("explain", "explica"), ("without", "sin"), ("police", "policía")},
        "fr": {("explain", "explique"), ("without", "sans"), ("police", "police")},
        "it": {("explain", "spiega"), ("without", "senza"), ("police", "polizia")},
        "sw": {("explain", "eleza"), ("without", "bila"), ("police", "polisi")},
    }
    for tag, wanted in known.items():
        table = learn((row["en"], row[tag]) for row in rows)
        found = set().union(*(linked(table, row["en"], row[tag]) for row in rows))
        assert wanted <= found, (tag, wanted - found)


def test_units_are_neighbours():
    links = {(0, 0), (1, 0), (3, 2), (5, 4), (5, 6)}
    units = alignment._units(links)
    assert [(u.reference, u.target) for u in units] == [((0, 1), (0,)), ((3,), (2,))]
