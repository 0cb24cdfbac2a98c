from __future__ import annotations

import base64
import hashlib

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from safeglot.report.environment import environment, file_text, files_text, head, policy


def filled(template, **context):
    return environment().from_string(template).render(**context)


def test_what_is_put_in_is_escaped_and_our_own_markup_is_not():
    assert filled("<p>{{ text }}</p>", text="<b>&'") == "<p>&lt;b&gt;&amp;&#39;</p>"
    assert filled("{{ text }}", text=Markup("<b>ours</b>")) == "<b>ours</b>"


def test_a_name_that_nobody_gave_is_an_error():
    with pytest.raises(UndefinedError):
        filled("{{ no_such_name }}")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("llm=openai/gpt-5", "llm=|openai/|gpt-|5"), ("plain", "plain"), ("a.b_c:d", "a.|b_|c:|d"),
        ("ends/", "ends/"), ("", ""),
    ],
)  # fmt: skip
def test_long_names_may_break_after_their_signs(name, parts):
    assert filled("{{ name | parts | join('|') }}", name=name) == parts


def test_numbers_of_an_axis_are_percent_with_a_proper_minus():
    assert filled("{{ -0.05 | tick }} {{ 0.9 | tick }} {{ 12345 | count }}") == "−5 90 12,345"


def test_templates_include_each_other_by_their_path():
    facts = filled('{% include "facts.html" %}', fact_tables=(("Settings", {"<k>": "v"}),))
    assert "<h3>Settings</h3>" in facts
    assert "&lt;k&gt;" in facts


def test_the_policy_allows_this_style_and_script_by_their_hashes_and_nothing_else():
    def hash_of(text):
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    allowed = policy(("a {}", ""), "let x;")
    assert f"style-src {hash_of('a {}')} {hash_of('')};" in allowed
    assert f"script-src {hash_of('let x;')};" in allowed
    assert allowed.startswith("default-src 'none';")


def test_the_head_holds_the_files_as_they_are():
    scripts = ("scripts/panels.js", "scripts/copy.js")
    parts = head(("style.css",), scripts)
    first, second = map(file_text, scripts)
    assert parts["script"] == f"\n{first}\n{second}" == files_text(scripts)
    assert parts["style"] == "\n" + file_text("style.css")
    assert parts["policy"] == policy((parts["style"], parts["no_script"]), parts["script"])
