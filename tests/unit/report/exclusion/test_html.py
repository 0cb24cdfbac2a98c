"""The page of published averages: what is drawn stands where the numbers say."""

import html
import json
import re

from safeglot.report.exclusion.html import render_exclusion
from safeglot.report.exclusion.view import headline
from unit.report.exclusion.test_view import GOES, NEVER, STAYS, model, view

SHOWN = view(STAYS, GOES, NEVER)


def rows(text, figure):
    body = re.search(rf'data-figure="{figure}".*?</figure>', text, re.DOTALL)[0]
    return re.findall(r'<tr class="(\w+)"><th scope="row">(.*?)</th>.*?<td class="num">(.*?)</td><td class="num">(.*?)</td>', body)  # fmt: skip


def test_each_model_has_both_numbers_and_orange_is_still_the_least_safe():
    text = render_exclusion(SHOWN)
    assert headline(SHOWN) in html.unescape(text)
    assert rows(text, "models") == [
        ("worse", "stays", "+5.0", "+4.0"),
        ("same", "goes", "+4.0", "0.0"),
        ("same", "never", "−1.8", "−1.5"),
    ]


def test_languages_of_a_model_begin_with_the_least_safe():
    first = rows(render_exclusion(SHOWN), "languages")[:3]
    assert first == [
        ("ref", "English", "80.0", "84.0"),
        ("same", "Swahili", "84.0", "87.0"),
        ("same", "German", "86.0", "89.0"),
    ]


def test_saved_figures_have_the_numbers_and_no_interval():
    data = re.findall(r'<script type="application/json">(.*?)</script>', render_exclusion(SHOWN))
    models, languages = map(json.loads, data)
    assert models["rows"][0] == ["stays", 0.05, 0.04, 1, 1]
    assert languages["rows"][0] == ["stays", "en", 0.8, 0.84]
    assert "Without intervals" in models["source"]


def test_names_are_escaped_and_the_bytes_stay():
    odd = view(model("<b>x</b>", en=(0.9, 0.9), de=(0.95, 0.93)))
    text = render_exclusion(odd)
    assert "<b>x</b>" not in text
    assert text == render_exclusion(odd)
