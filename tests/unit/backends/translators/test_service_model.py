"""DeepL and Google Translate against a server of their documented APIs."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from safeglot.backends.translators.service_model import open_service
from safeglot.errors import ModelError, UsageError
from safeglot.translate.codes import candidates, pair_fault
from safeglot.types import Request
from services import DEEPL, KEYS, Services

opening = partial(open_service, codes=candidates, pair_fault=pair_fault, timeout_s=30.0)
TEXT = "How tall is it?\n\nTell me & <b>me</b>."


@pytest.fixture
def opened(monkeypatch):
    def make(server, name):
        for variable, value in server.environment().items():
            monkeypatch.setenv(variable, value)
        return opening(name)

    return make


def translated(translator, target, source="en", text=TEXT):
    async def ask():
        try:
            extra = {"source": source, "target": target, "revision": translator.revision}
            return await translator.answer(
                Request(model="x", prompt=text, max_tokens=0, extra=extra)
            )
        finally:
            await translator.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("name", "target", "text", "body"),
    [
        (
            "deepl", "pt", f"[PT-BR] {TEXT}",
            {"text": [TEXT], "source_lang": "EN", "target_lang": "PT-BR", "preserve_formatting": True},
        ),
        (
            "google-translate", "zh-TW", f"[zh-TW] {TEXT}",
            {"q": TEXT, "source": "en", "target": "zh-TW", "format": "text"},
        ),
    ],
)  # fmt: skip
def test_a_text_goes_out_and_comes_back_as_it_is(opened, name, target, text, body):
    with Services() as server:
        assert translated(opened(server, name), target).text == text
    assert server.bodies == [body]


@pytest.mark.parametrize(
    ("refusal", "kind", "transient"),
    [
        ((403, {"message": f"Authorization failed for {KEYS[DEEPL]}"}), "auth", False),
        ((429, {"message": "Too many requests"}), "rate_limited", True),
        ((456, {"message": "Quota exceeded"}), "quota", False),
        ((503, {"message": "Resource currently unavailable"}), "rate_limited", True),
        ((400, {"error": {"code": 400, "message": "Bad language pair"}}), "bad_request", False),
        ((200, {"translations": []}), "malformed", True),
        ((200, b"<html>"), "malformed", True),
        ((200, {"translations": [{"text": None}]}), "malformed", True),
    ],
)
def test_what_the_service_refuses_is_an_error_of_its_kind(opened, refusal, kind, transient):
    with Services(refusal) as server, pytest.raises(ModelError) as raised:
        translated(opened(server, "deepl"), "de")
    assert (raised.value.kind, raised.value.transient) == (kind, transient)
    assert KEYS[DEEPL] not in str(raised.value)


def test_without_a_key_nothing_is_opened(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOOGLE_TRANSLATE_KEY", raising=False)
    with pytest.raises(UsageError, match=r"google-translate: needs a key, .* GOOGLE_TRANSLATE_KEY"):
        opening("google-translate")


def test_keys_of_the_free_plan_go_to_its_own_host(monkeypatch):
    monkeypatch.delenv("DEEPL_URL", raising=False)
    for key, url in (("a:fx", "https://api-free.deepl.com/"), ("a", "https://api.deepl.com/")):
        monkeypatch.setenv("DEEPL_AUTH_KEY", key)
        assert opening("deepl").url.startswith(url)


def test_languages_that_it_does_not_know_are_named(opened):
    with Services() as server:
        deepl = opened(server, "deepl")
        assert deepl.fault("en", "sw") == ""
        assert deepl.fault("en", "yo").startswith("DeepL does not know Yoruba")
        assert "one code (PT-BR) for both" in deepl.fault("pt", "pt-BR")
        assert opened(server, "google-translate").fault("en", "yo") == ""
