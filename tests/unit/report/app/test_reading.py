from __future__ import annotations

import re

from safeglot.report.app.reading import (
    AnswerShown,
    AppFrame,
    Live,
    Opened,
    ReadingPage,
    assets,
    render_message,
    render_reading,
    render_waiting,
)
from safeglot.report.app.words import KINDS
from safeglot.report.page import NamedLanguage

LIVE = Live(going=False, answers=1, planned=2, failed=0)
FRAME = AppFrame(base="/t/", title="Answers", name="run", tab="read", live=LIVE)
ENGLISH = NamedLanguage(tag="en", name="English", direction="ltr")


def answer(pill="unsafe", **more):
    given = {"query": "a=1.0.0&x=<", "pill": KINDS[pill], "language": ENGLISH, "request": "<ask>", "text": "[answer]"}  # fmt: skip
    return AnswerShown(**given | more)


def page(one, **more):
    opened = Opened(
        answer=one, name="1.0.0", about="", verdicts=[], facts=[], across=[], place=1, before="", after=""
    )  # fmt: skip
    given = {"frame": FRAME, "subject": "m", "search": "", "filters": [], "n": 1, "filtered": False, "rows": [],
             "start": 0, "searched": 0, "earlier": None, "later": None, "opened": opened}  # fmt: skip
    return render_reading(ReadingPage(**given | more))


def test_unsafe_answers_are_folded_refusals_are_not():
    assert '<details class="fold"><summary>Show unsafe answer' in page(answer())
    assert '<details class="fold"><summary>Show answer' in page(answer("harmless"))
    assert 'class="fold"' not in page(answer("refused"))


def test_nothing_is_put_in_unescaped():
    text = page(answer(text="<script>1</script>\u202e", thought='"><img>'), search='" onfocus="x')
    assert "<script>1" not in text
    assert "<img>" not in text
    assert 'value="&#34; onfocus' in text
    assert "&lt;U+202E&gt;" in text
    assert "\u202e" not in text


def test_there_is_no_script_or_style_within_a_page():
    text = page(answer())
    assert re.findall(r"<script[^>]*>(.*?)</script>", text) == [""]
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)


def test_an_empty_answer_and_one_that_did_not_come():
    assert "An empty answer." in page(answer(text=""))
    lost = page(answer("blocked", text="", lost="No answer: stopped."))
    assert "No answer: stopped." in lost
    assert 'class="fold"' not in lost


def test_messages_and_waiting():
    assert "3 of 1,000" in render_waiting(FRAME, 3, 1000)
    assert "&lt;why&gt;" in render_message(FRAME, "<why>")


def test_the_files_of_the_pages():
    files = assets()
    assert {"app.css", "read.js"} <= set(files)
    assert "http:" not in "".join(text for _, text in files.values())
