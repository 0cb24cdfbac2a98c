from __future__ import annotations

from safeglot.text import languages
from safeglot.text.close_languages import (
    GROUPS,
    HAN,
    LABELS,
    OTHER_SCRIPTS,
    byte_grams,
    group_of,
    known_groups,
)


def test_a_language_is_in_one_group_at_most_and_the_first_stands_for_it():
    tags = [tag for group in GROUPS for tag in group]
    assert len(set(tags)) == len(tags)
    assert all(group_of(tag) == group[0] for group in GROUPS for tag in group)
    assert group_of("nb") == group_of("da") == "no"


def test_a_language_without_close_ones_stands_for_itself():
    assert group_of("fi") == "fi"
    assert group_of("no such tag") == "no such tag"


def test_groups_are_of_languages_and_scripts_that_are_known():
    assert [group[0] for group in GROUPS if not languages.lookup(group[0]).name] == []
    scripts = set(languages.all_scripts())
    assert set(OTHER_SCRIPTS) <= scripts
    assert HAN - {"Hani"} <= scripts


def test_the_identifier_gives_probabilities_and_is_loaded_once():
    assert byte_grams() is byte_grams()
    language, probability = byte_grams().classify("Ich möchte bitte wissen, wie das geht.".encode())
    assert language == "de"
    assert 0.9 < probability <= 1.0
    assert sum(p for _, p in byte_grams().rank(b"hello there")) > 0.999


def test_known_groups_are_those_of_the_identifier_s_labels():
    assert {"de", "zh", "no"} <= known_groups()
    assert "da" not in known_groups()  # its group's first tag stands for it
    assert group_of("tlh") not in known_groups()


def test_the_labels_are_those_of_the_model():
    assert sorted(byte_grams().labels) == list(LABELS)
