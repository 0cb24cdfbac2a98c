from __future__ import annotations

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
    assert SET.keep(PROMPTS[:1]).categories == (SECOND,)
    assert SET.keep(()).categories == ()


def test_what_is_kept_keeps_all_that_belongs_to_it():
    kept = SET.keep((PROMPTS[1],), ("second",))
    assert kept.prompts == (PROMPTS[1],)
    assert [(t.prompt, t.language) for t in kept.translations] == [("b", "en"), ("b", "sw")]
    assert [t.arm for t in kept.arm_texts] == ["probe"]
    assert kept.untranslated == SET.untranslated
    assert kept.notes == ("first", "second")
    assert (kept.languages, kept.source, kept.taxonomy) == (SET.languages, SET.source, TAXONOMY)


def test_a_set_that_keeps_everything_is_the_same():
    assert SET.keep(PROMPTS) == SET


def test_what_is_not_translated_belongs_to_its_stage():
    (lacking,) = SET.untranslated
    assert lacking.stage == "translate"
    assert SET.keep((PROMPTS[0],)).untranslated == ()
