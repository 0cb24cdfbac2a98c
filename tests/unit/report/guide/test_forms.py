"""A guide in both its forms: what others wrote marks nothing up in either."""

from __future__ import annotations

import re
from dataclasses import replace

from example.polyglot import FIVE, gap, page, rows
from safeglot.report.environment import environment, file_text
from safeglot.report.guide.forms import render
from safeglot.report.page import Note
from safeglot.report.page_sections import SECTIONS
from unit.report.guide.made import guide, source
from unit.report.mitigated import mitigated
from unit.report.page_text import text_of

HOSTILE = "<img src=x onerror=alert(1)> [a](http://evil.example) `b` **c** @team \u202e"


def test_hostile_names_mark_nothing_up():
    shown = mitigated()
    name = f"vllm/{HOSTILE}"
    cell = replace(gap("sw", 0.3, 0.2, 0.4, 0.001), category=HOSTILE)
    shown = replace(
        shown,
        run=replace(
            shown.run, models=(name,), notes=(Note(text=HOSTILE, of_part=True),), macros={},
            languages=tuple(replace(o, name=f"{o.name} {HOSTILE}") for o in shown.run.languages),
        ),
        estimates=[replace(e, model=name) for e in (*shown.estimates, cell)],
    )  # fmt: skip
    text = render(source(shown), "markdown")
    left = re.sub(r"(?s)```console\n.*?\n *```|`[^`\n]+`", "", text)
    assert "img src=x" in left
    assert not re.search(r"(?<!\\)(<[A-Za-z/!?]|`|\]\()|://|@", left)
    assert left.count("**") % 2 == 0
    assert "\\*\\*c\\*\\*" in left
    assert "\u202e" not in text
    html = render(source(shown), "page")
    assert "<img" not in html
    assert "<a " not in html
    assert "\u202e" not in html
    assert "[a](http://evil.example)" in text_of(html)


def test_each_pointer_leads_to_a_section_of_the_report():

    pointers = re.findall(r'call say\("(\w+)"', file_text("guide/guide.html"))
    assert len(pointers) > 10
    assert set(pointers) <= {section.id for section in SECTIONS}


def test_a_command_can_be_pasted_as_it_stands():
    shown = source(page(rows(*FIVE)), reasons=replace(source(page(rows("sw"))).reasons, run="runs/it's & <b>"))  # fmt: skip
    assert """\n  safeglot label 'runs/it'"'"'s & <b>'\n""" in render(shown, "markdown")
    assert "runs/it's & <b>" in text_of(render(shown, "page")).replace("""'"'"'""", "'")


def test_the_templates_of_other_pages_stay_as_they_are():
    guide(page(rows("sw")))
    assert "flat" not in environment().filters
