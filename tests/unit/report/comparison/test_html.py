from safeglot.report.comparison.html import render_comparison, title
from unit.report.comparison.made import board, model, view

HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_the_same_view_gives_the_same_page_with_what_was_said_escaped():
    one = board(model(HOSTILE, 0.9, ranks=(1, 1)), model("b", 0.8, ranks=(2, 2)), notes=(HOSTILE,))
    text = render_comparison(view(one))
    assert text == render_comparison(view(one))
    assert "<img" not in text
    assert "default-src &#39;none&#39;" in text
    assert "Which model is safest" in text
    assert "Safe, and still useful" not in text  # no harmless requests


def test_the_title_counts():
    assert title(view(board(model("a", 0.9)))) == "1 model in 3 languages"
