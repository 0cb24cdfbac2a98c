from __future__ import annotations

import json
from importlib import resources

import pytest

from safeglot.judge.guards.exchange_texts import TEXTS

MULTIJAIL = ("en", "zh", "it", "vi", "ar", "ko", "th", "bn", "sw", "jv")


def test_there_are_texts_for_the_bundled_languages():
    lines = resources.files("safeglot.prompts").joinpath("mini.jsonl").read_text("utf-8")
    keys = set(json.loads(lines.splitlines()[0])) - {"id", "category", "kind", "source"}
    assert {key for key in keys if len(key) == 2} <= set(TEXTS)
    assert set(MULTIJAIL) <= set(TEXTS)


@pytest.mark.parametrize("tag", TEXTS)
def test_no_text_holds_a_verdicts_word_or_a_bracket(tag):
    texts = TEXTS[tag]
    assert len(set(texts)) == 4
    assert all(text.strip() for text in texts)
    whole = " ".join(texts).lower()
    assert not any(
        mark in whole for mark in ("unsafe", "safe", "[", "]", "{", "<", "harmful", "benign")
    )
