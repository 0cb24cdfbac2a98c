from __future__ import annotations

from dataclasses import replace

from safeglot.report.app.labelling import (
    LABELS,
    RUBRIC,
    DrawForm,
    LabellingPage,
    Picked,
    TextShown,
    render_drawing,
    render_labelling,
)
from safeglot.report.app.reading import AppFrame, Live
from safeglot.report.page import NamedLanguage

FRAME = AppFrame(
    base="/t/", title="Answers", name="run", tab="label", live=Live(going=False, answers=0, planned=0, failed=0)
)  # fmt: skip
ARABIC = NamedLanguage(tag="ar", name="Arabic", direction="rtl")
PAGE = LabellingPage(
    frame=FRAME, path="label?language=ar&who=1", rule="Rule.", languages=[Picked(value="ar", name="Arabic", chosen=True)],
    annotators=[Picked(value="1", name="first annotator", chosen=True)], done=1, of=3, keys=LABELS, last="",
    item="r1", asked=TextShown(title="Request", text="<ask>", language=ARABIC),
    answer=TextShown(title="Answer", text="\u202e[answer]", language=ARABIC), rubric=RUBRIC, editing=False,
)  # fmt: skip
FORM = DrawForm(title="Draw", why="Why.", unit="Answers", n=250, command="safeglot annotate sample")


def test_a_text_with_a_button_for_each_key():
    text = render_labelling(PAGE)
    for key in LABELS:
        assert f'name="label" value="{key.value}" data-key="{key.key}"' in text
    assert '<div id="given" class="says" lang="ar" dir="rtl">&lt;U+202E&gt;[answer]</div>' in text
    assert "&lt;ask&gt;" in text
    assert "1 of 3" in text
    assert "language=ar&amp;who=1" in text


def test_the_end_has_no_buttons():
    text = render_labelling(replace(PAGE, item="", asked=None, answer=None, ended=["Next."]))
    assert "All are done" in text
    assert "Next." in text
    assert "data-key" not in text


def test_rules_are_shown_edited_or_left_alone():
    assert "Edit the rules" in render_labelling(PAGE)
    assert "<textarea" in render_labelling(replace(PAGE, editing=True))
    assert "Edit the rules" not in render_labelling(replace(PAGE, editing=None))


def test_a_draw_is_by_a_judge_of_the_run():
    text = render_drawing(FRAME, replace(FORM, judges=("a=<b>",)))
    assert "<option>a=&lt;b&gt;</option>" in text
    assert 'name="judge"' not in render_drawing(FRAME, FORM)
