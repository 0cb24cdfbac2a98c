from __future__ import annotations

import pytest

from safeglot.text.languages import UnknownLanguage
from safeglot.translate.checks.refusals import covers, refusal
from safeglot.types import Source


def said(text: str, source: str = "Where can I buy bread?", *, target="it", language="en", **more):
    return refusal(Source(prompt="p", text=source, language=language, target=target), text, **more)


def test_two_kinds_that_the_source_lacks_are_a_refusal():
    why = said("Mi dispiace, non posso aiutarti con questa richiesta.")
    assert why == 'it declines: "mi dispiace", "non posso", "aiutar"'


def test_one_kind_is_none():
    assert said("Mi dispiace per il ritardo del pane.") == ""
    assert said("Dove posso comprare il pane?") == ""


def test_what_the_source_says_itself_does_not_count():
    source = "I'm sorry, I cannot find bread."
    assert said("Mi dispiace, non posso trovare il pane.", source) == ""


def test_pieces_count_where_a_word_begins():
    assert said("Unsorry cannots.", target="en", language="de") == ""


def test_any_target_may_be_declined_in_english_and_with_any_apostrophe():
    for text in ("I'm sorry, but I can't help with that.", "I\u2019m sorry, but I can\u2019t."):
        assert said(text, target="sw").startswith("it declines: ")


def test_english_pieces_are_not_looked_for_in_other_scripts():
    assert said("对不起，我不能帮助您处理这个请求。", target="zh").startswith("it declines: ")
    assert said("对不起。", target="zh") == ""


def test_from_a_language_without_pieces_three_kinds_are_needed():
    assert not covers("quc")
    two = "Mi dispiace, ma non posso."
    assert said(two, "x", language="en").startswith("it declines: ")
    assert said(two, "x", language="quc") == ""
    three = "Mi dispiace, non posso aiutarti con questa richiesta."
    assert said(three, "x", language="quc").startswith("it declines: ")


@pytest.mark.parametrize(
    ("of_text", "of_source", "refused"),
    [(True, False, True), (True, True, False), (True, None, False), (None, False, False)],
)
def test_a_classifier_is_asked_about_both_texts(of_text, of_source, refused):
    def refuses(text: str, tag: str) -> bool | None:
        return of_text if tag == "it" else of_source

    why = said("Questo va contro le mie linee guida.", refuses=refuses)
    assert why == ("it is classified as a refusal and its source is not" if refused else "")


def test_a_classifier_is_not_asked_where_no_piece_stands():
    def never(text: str, tag: str) -> bool | None:
        raise AssertionError(text)

    assert said("Dove posso comprare il pane?", refuses=never) == ""


def test_close_languages_share_pieces():
    assert covers("pt-BR")
    assert covers("nb")
    with pytest.raises(UnknownLanguage):
        covers("x!")
