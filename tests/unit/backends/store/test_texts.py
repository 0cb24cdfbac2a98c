import json

import pytest

from safeglot.backends.store import texts


def test_main_texts_are_told_from_those_of_other_arms(store, put):
    key = put.text("p1", translator="mt")
    put.text("p1", arm="gated", translator="mt")
    assert list(texts.main_texts(store)) == [(key, "p1", "de", "p1 de", "mt")]
    assert texts.main_text_counts(store) == {"de": 1}


def test_a_main_text_is_among_the_arms_once_it_has_a_quality(store, put):
    put.text("p1")
    rated = put.text("p2", quality={"q": 0.5})
    back = put.text("p1", arm="roundtrip", translator="mt")
    probe = put.text("p1", "en", arm="probe", variant="framing=story")
    rows = list(texts.arm_texts(store))
    assert [(row.key, row.arm, row.variant) for row in rows] == [
        (back, "roundtrip", ""), (probe, "probe", "framing=story"), (rated, "main", ""),
    ]  # fmt: skip
    assert rows[2].quality == '{"q":0.5}'


def test_places_are_those_of_the_arms_that_are_named(store, put):
    put.text("p1")
    gated = put.text("p1", arm="gated", kept=False, reason="quality: q 0.1 < 0.5")
    (row,) = texts.text_places(store, "gated", "translators")
    assert (row.key, row.kept, row.reason) == (gated, False, "quality: q 0.1 < 0.5")
    assert len(list(texts.text_places(store))) == 2


def test_a_quality_is_put_and_replaced(store, put):
    key = put.text("p1")
    for quality in ({"q": 0.5}, {"q": 0.25}):
        texts.put_quality(store, {key: quality, "of no text": quality})
        (row,) = texts.text_places(store)
        assert json.loads(row.quality) == quality


def test_an_empty_store_has_nothing(store):
    assert not texts.has_prompts(store)
    assert not texts.has_arms(store)
    assert not texts.has_arm(store, "probe")
    assert not texts.has_translated(store)


@pytest.mark.parametrize(
    ("text", "arms", "translated"),
    [
        ({"translator": "given"}, False, False),
        ({"translator": "mt"}, False, True),
        ({"translator": "given", "quality": {"q": 1}}, True, False),
        ({"translator": "given", "arm": "gated"}, True, True),
        ({"translator": "mt", "arm": "translators"}, True, False),
    ],
)
def test_arms_and_translations_are_there_or_not(store, put, text, arms, translated):
    put.prompt("p1")
    put.text("p1", **text)
    assert texts.has_prompts(store)
    assert (texts.has_arms(store), texts.has_translated(store)) == (arms, translated)


def test_a_failed_translation_is_one_that_was_tried(store, put):
    put.failure("translate", "p1", "de", "copied")
    assert texts.has_translated(store)
