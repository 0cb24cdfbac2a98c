from __future__ import annotations

from dataclasses import replace

from safeglot.config.settings import Config
from safeglot.flow.prompts import load
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.types import Prompt, Translation

TAXONOMY = load(Config(prompts="mini", languages=("en",), limit=1))[0].taxonomy
FIRST, SECOND, *_ = TAXONOMY.categories


def text(prompt, language="en", **more):
    return Translation(prompt=prompt, language=language, text=f"{prompt} {language}", **more)


PROMPTS = tuple(
    Prompt(id=name, text=name, language="en", categories=categories, source="t")
    for name, categories in (("a", (SECOND,)), ("b", (SECOND, FIRST)), ("c", ()))
)
SET = PromptSet(
    prompts=PROMPTS,
    translations=tuple(text(p.id, tag) for p in PROMPTS for tag in ("en", "sw")),
    taxonomy=TAXONOMY,
    languages=("en", "sw"),
    source="made up",
    notes=("first",),
    arm_texts=(text("a", "sw", arm="gated"), text("b", "sw", arm="probe")),
    untranslated=(Untranslated(prompt="b", language="yo", kind="no-translation", message="none"),),
)


def test_categories_are_those_in_use_in_the_order_of_the_taxonomy():
    assert SET.categories == (FIRST, SECOND)
    assert SET.keep([0]).categories == (SECOND,)
    assert SET.keep([]).categories == ()


def test_what_is_kept_keeps_all_that_belongs_to_it():
    kept = SET.keep([1], notes=("second",))
    assert kept.prompts == (PROMPTS[1],)
    assert [(t.prompt, t.language) for t in kept.translations] == [("b", "en"), ("b", "sw")]
    assert [t.arm for t in kept.arm_texts] == ["probe"]
    assert kept.untranslated == SET.untranslated
    assert kept.notes == ("first", "second")
    assert (kept.languages, kept.source, kept.taxonomy) == (SET.languages, SET.source, TAXONOMY)


def test_a_set_that_keeps_everything_is_the_same():
    assert SET.keep(range(3)) == SET


def test_places_and_languages_give_texts_in_their_order():
    assert [(t.prompt, t.language) for t in SET.texts_of([2, 0])] == [
        ("c", "en"), ("c", "sw"), ("a", "en"), ("a", "sw"),
    ]  # fmt: skip
    part = SET.keep([2, 1], languages=("sw",)).keep([1])
    assert [(t.prompt, t.language) for t in part.translations] == [("b", "sw")]
    assert list(part.positions) == [1]


def test_a_file_gives_what_its_records_would():
    read = load(Config(prompts="mini", limit=2))[0]
    kept = replace(
        read, prompts=tuple(read.prompts), translations=tuple(read.translations), positions=()
    )
    assert kept == read
    assert kept.digest == read.digest
    assert list(kept.labels()) == list(read.labels())
    rows = list(range(len(read.prompts)))[::-2]
    languages = read.languages[::-1]
    assert kept.keep(rows, languages=languages) == read.keep(rows, languages=languages)
    assert list(kept.texts_of(rows)) == list(read.texts_of(rows))


def test_what_is_not_translated_belongs_to_its_stage():
    (lacking,) = SET.untranslated
    assert lacking.stage == "translate"
    assert SET.keep([0]).untranslated == ()
