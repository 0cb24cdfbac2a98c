from __future__ import annotations

import math

import pytest

from safeglot.text import languages
from safeglot.text.close_languages import (
    GROUPS,
    HAN,
    LABELS,
    OTHER_SCRIPTS,
    Lineage,
    byte_grams,
    group_of,
    kilometres,
    known_groups,
    lineage,
    other_morphology,
    unshared_branches,
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


def line(path="f a", place=(0.0, 0.0), morphology=""):
    return Lineage(path=tuple(path.split()), place=place, morphology=tuple(morphology.split()))


def test_families_of_known_languages():
    families = {
        tag: lineage(tag).family for tag in ("en", "hi", "fr", "zh", "ar", "sw", "yo", "fi", "ko")
    }
    assert families["en"] == families["hi"] == families["fr"] == "indo1319"
    assert families["sw"] == families["yo"] == "atla1278"
    assert len(set(families.values())) == 6


def test_a_language_is_found_whatever_its_script_and_region():
    assert lineage("hi-Latn") == lineage("hi")
    assert lineage("pt-BR") == lineage("pt")
    assert lineage("hr") == lineage("sr-Cyrl")
    assert lineage("x-name") is None
    with pytest.raises(languages.UnknownLanguage):
        lineage("klingonese")


def test_most_languages_of_the_table_have_a_family():
    tags = [tag for tag in languages.all_tags() if len(tag) == 2]
    assert sum(lineage(tag) is not None for tag in tags) / len(tags) > 0.95


def test_branches_that_are_not_shared():
    assert unshared_branches(line("f a b"), line("f a c")) == pytest.approx(1 - 4 / 6)
    assert unshared_branches(line("f a"), line("g a2")) == 1
    assert unshared_branches(line("f a"), line("f a")) == 0
    near, far = (unshared_branches(lineage("en"), lineage(tag)) for tag in ("de", "hi"))
    assert 0 < near < far < 1


def test_places_are_apart_by_the_great_circle():
    quarter = math.pi / 2 * 6371
    assert kilometres(line(), line(place=(0.0, 90.0))) == pytest.approx(quarter)
    assert kilometres(line(), line(place=(90.0, 17.0))) == pytest.approx(quarter)
    assert kilometres(line(), line(place=(0.0, 180.0))) == pytest.approx(2 * quarter)
    assert kilometres(line(), line(place=None)) is None
    assert kilometres(lineage("en"), lineage("fr")) < kilometres(lineage("en"), lineage("th"))


def test_morphology_is_told_where_enough_is_known_of_both():
    one, other = line(morphology="1 2 3 4 5 6 -"), line(morphology="1 2 3 4 6 5 1")
    assert other_morphology(one, other) == pytest.approx(2 / 6)
    assert other_morphology(one, line(morphology="1 2 3 4 5 - 1")) is None
    assert other_morphology(one, line()) is None
    assert other_morphology(lineage("en"), lineage("en")) == 0
    assert other_morphology(lineage("en"), lineage("it")) is None
