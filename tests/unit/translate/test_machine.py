from __future__ import annotations

import pytest

from safeglot.translate.base import Translator
from safeglot.translate.given import FileTranslator
from safeglot.translate.machine import MachineTranslator
from safeglot.types import Reply, Source

ITEM = Source(prompt="7", text="The house.", language="en", target="es")


def machine(model: str = "apertium@3.8.3") -> MachineTranslator:
    def faults(source: str, target: str) -> str:
        return "" if target == "es" else f"no {target} from {source}"

    return MachineTranslator(name="apertium", model=model, faults=faults)


def test_it_asks_for_the_text_and_names_both_languages():
    translator: Translator = machine()
    (request,) = translator.ask(ITEM)
    assert request.model == "apertium@3.8.3"
    assert (request.prompt, request.messages) == ("The house.", ())
    assert request.extra == {"source": "en", "target": "es"}


def test_it_refuses_what_the_model_refuses():
    assert machine().fault("en", "es") == ""
    assert machine().fault("en", "sw") == "no sw from en"


@pytest.mark.parametrize("text", ["La casa.", "", "  ", "The house."])
def test_the_text_is_taken_as_it_is(text: str):
    found = machine().read(ITEM, [Reply(text=text)])
    assert (found.text, found.fault) == (text, "")


def test_what_was_cut_off_is_no_translation():
    found = machine().read(ITEM, [Reply(text="La", finish_reason="length")])
    assert found.text == ""
    assert found.fault.startswith("truncated: ")


def test_the_id_hangs_on_the_revision():
    assert machine().id != machine("apertium@3.9").id


def given() -> FileTranslator:
    texts = {("7", "es"): "La casa.", ("8", "fr"): "La maison."}
    return FileTranslator(name="file=t.csv", digest="ab" * 8, source="en", texts=texts)


def test_a_file_asks_nobody_and_never_lends_a_text():
    translator: Translator = given()
    assert translator.ask(ITEM) == ()
    assert translator.read(ITEM, ()).text == "La casa."
    for prompt, target in (("8", "es"), ("7", "fr"), ("9", "es")):
        item = Source(prompt=prompt, text="The house.", language="en", target=target)
        found = translator.read(item, ())
        assert found.text == ""
        assert found.fault


def test_a_file_refuses_languages_that_it_has_not():
    assert given().fault("en", "es") == ""
    assert "sw" in given().fault("en", "sw")
    assert "from en" in given().fault("de", "es")
