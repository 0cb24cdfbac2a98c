from __future__ import annotations

import json

from safeglot.report.translation_set.texts import context, filters, texts_json
from safeglot.types import CandidateRow
from unit.report.translation_set.views import language, text, view


def candidate(**more):
    fields = {"prompt": "p1", "language": "sw", "translator": "a", "text": "[ombi 1]"}
    return CandidateRow(**(fields | more))


def test_the_filters_offer_what_occurs():
    failed = text(kind="benign", candidates=(candidate(faults={"refusal": "I cannot"}),))
    offered = {name: options for name, _, options in filters(view(rows=(text(), failed)))}
    assert offered["language"] == [("sw", "Swahili (sw)")]
    assert offered["outcome"] == [(name, name) for name in ("kept", "gated", "failed")]
    assert offered["check"] == [("refusal", "refusal")]
    assert offered["translator"] == [("a", "a")]
    assert offered["kind"] == [("benign", "benign"), ("harmful", "harmful")]


def test_no_text_can_be_looked_for_where_a_translator_gave_none():
    broken = text(candidates=(candidate(text="", broken="timeout"),))
    (check,) = [options for name, _, options in filters(view(rows=(broken,))) if name == "check"]
    assert check == [("no text", "no text")]


def test_a_candidate_has_only_the_fields_that_say_something():
    own = text(
        candidates=(candidate(quality={"kiwi": 0.81}), candidate(broken="timeout", rank=2.0))
    )
    data = json.loads(texts_json(view(rows=(own,))))
    assert data["rows"][0]["candidates"] == [
        {"translator": "a", "text": "[ombi 1]", "quality": {"kiwi": 0.81}},
        {"translator": "a", "text": "[ombi 1]", "broken": "timeout", "rank": 2.0},
    ]
    assert data["reference"] == {"tag": "en", "name": "English", "direction": "ltr"}
    assert (data["names"], data["directions"]) == ({"sw": "Swahili"}, {"sw": "ltr"})


def test_the_page_says_whether_it_holds_all_texts():
    assert context(view(n_prompts=1))["held"] == "This page holds all 100 texts."
    part = context(view(languages=(language(), language("yo", "Yoruba"))))["held"]
    assert part.startswith("This page holds 1 of 200 texts: 1 of 100 prompts in all languages,")
