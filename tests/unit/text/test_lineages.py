"""Distances between languages: by hand, from Glottolog's branches and places and WALS's features."""

import math

import pytest

from safeglot.text.languages import UnknownLanguage, all_tags
from safeglot.text.lineages import (
    Lineage,
    kilometres,
    lineage,
    other_morphology,
    unshared_branches,
)


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
    with pytest.raises(UnknownLanguage):
        lineage("klingonese")


def test_most_languages_of_the_table_have_a_family():
    tags = [tag for tag in all_tags() if len(tag) == 2]
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
