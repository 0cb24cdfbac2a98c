from __future__ import annotations

import pytest

from safeglot.translate.translators.first import FirstOf
from safeglot.translate.translators.machine import MachineTranslator
from safeglot.types import Reply, Source

ITEM = Source(prompt="p", text="One.", language="en", target="es")


def step(name="mt", pairs=(("en", "es"),), revision="r1", knows=("es",)):
    return MachineTranslator(
        name=name,
        model=name,
        faults=lambda source, target: "" if {source, target} <= {"en", *knows} else "unknown",
        revisions=lambda source, target: f"{revision}:{source}-{target}",
        pairs=pairs,
    )


def test_the_request_has_the_text_both_tags_and_what_pins_the_pair():
    (request,) = step().ask(ITEM)
    assert (request.model, request.prompt) == ("mt", "One.")
    assert request.extra == {"source": "en", "target": "es", "revision": "r1:en-es"}


def test_the_reply_is_the_translation_and_an_empty_one_stays_empty():
    assert step().read(ITEM, [Reply(text="Uno.")]).text == "Uno."
    assert step().read(ITEM, [Reply(text="")]).text == ""  # never the source


def test_a_text_that_was_cut_off_is_none():
    found = step().read(ITEM, [Reply(text="U", finish_reason="length")])
    assert (found.text, bool(found.fault)) == ("", True)


def test_the_id_moves_with_the_revision_of_any_pair_that_it_knows():
    assert step().id != step(revision="r2").id
    both = (("en", "es"), ("en", "yo"))
    assert step(pairs=both).id == step().id  # of what it does not know nothing hangs


def test_back_translation_takes_the_first_that_knows_the_way():
    first, second = step("a", knows=("es",)), step("b", knows=("es", "fr"))
    both = FirstOf(of=(first, second))
    assert both.fault("fr", "en") == ""
    assert both.ask(Source(prompt="p", text="x", language="fr", target="en"))[0].model == "b"
    assert both.ask(ITEM)[0].model == "a"
    assert both.read(ITEM, [Reply(text="Uno.")]).text == "Uno."
    assert both.fault("yo", "en") == "a: unknown; b: unknown"
    assert both.id == f"{first.id}|{second.id}"
    with pytest.raises(LookupError):
        both.ask(Source(prompt="p", text="x", language="yo", target="en"))
