from __future__ import annotations

import pytest

from safeglot.translate.base import Translator
from safeglot.translate.given import FileTranslator
from safeglot.translate.machine import MachineTranslator
from safeglot.types import Reply, Source

ITEM = Source(prompt="7", text="The house.", language="en", target="es")


def machine(**fields: object) -> MachineTranslator:
    given = {
        "name": "apertium",
        "model": "apertium",
        "revision": "3.8.3+ab",
        "refuse": lambda source, target: "" if target == "es" else f"no {target} from {source}",
    }
    return MachineTranslator(**{**given, **fields})


def test_it_asks_for_the_text_and_names_both_languages():
    translator: Translator = machine(max_tokens=9)
    (request,) = translator.ask(ITEM)
    assert request.model == "apertium"
    assert (request.prompt, request.messages) == ("The house.", ())
    assert request.max_tokens == 9
    assert request.extra == {"source": "en", "target": "es"}


def test_it_refuses_what_the_table_refuses():
    assert machine().fault("en", "es") == ""
    assert machine().fault("en", "sw") == "no sw from en"


@pytest.mark.parametrize("text", ["La casa.", "", "  ", "The house."])
def test_the_text_is_taken_as_it_is(text: str):
    found = machine().read(ITEM, [Reply(text=text)])
    assert (found.text, found.fault) == (text, "")


def test_what_was_cut_off_is_no_translation():
    found = machine(max_tokens=5).read(ITEM, [Reply(text="La", finish_reason="length")])
    assert found.text == ""
    assert found.fault == "truncated: stopped at 5 tokens before its end in es"
    found = machine().read(ITEM, [Reply(text="La", finish_reason="content_filter")])
    assert (found.text, found.fault) == ("", "stopped: finish reason 'content_filter'")


def test_the_id_has_all_that_the_text_hangs_on():
    ids = {
        machine().id,
        machine(model="apertium/eng-spa").id,
        machine(revision="3.8.3+cd").id,
        machine(max_tokens=5).id,
    }
    assert len(ids) == 4
    assert all("apertium" in one for one in ids)


def given() -> FileTranslator:
    texts = {("7", "es"): "La casa.", ("8", "fr"): "La maison."}
    return FileTranslator(name="file=t.csv", revision="ab" * 8, source="en", texts=texts)


def test_a_file_asks_nobody_and_never_lends_a_text():
    translator: Translator = given()
    assert translator.ask(ITEM) == ()
    assert translator.read(ITEM, ()).text == "La casa."
    for prompt, target in (("8", "es"), ("7", "fr"), ("9", "es")):
        item = Source(prompt=prompt, text="The house.", language="en", target=target)
        found = translator.read(item, ())
        assert (found.text, found.fault) == ("", "no translation in the file")


def test_a_file_refuses_languages_that_it_has_not():
    assert given().fault("en", "es") == ""
    assert given().fault("en", "sw") == "file=t.csv has no text in sw; it has es, fr"
    assert given().fault("de", "es") == "file=t.csv has translations from en, not from de"
    assert "sha256=abab" in given().id
