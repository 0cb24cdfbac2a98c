from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from example import small
from safeglot.report.answer_files import PART, AnswerFiles, kind_of, within_page
from safeglot.report.html import render_html
from safeglot.report.page import AnswersBeside, AnswerVerdict


def content(text):
    """Return the name and the value of a file, which calls one function with them."""
    name, value = re.fullmatch(r'safeglotAnswers\("(\w+)",(.*)\);\n', text, re.DOTALL).groups()
    return name, json.loads(value)


def many(n):
    return [
        replace(small.answer(), sample=i, categories=("x",) if i % 2 else ("y", "x"))
        for i in range(n)
    ]


def test_parts_hold_all_answers_and_the_index_says_what_is_where():
    rows = many(PART + 3)
    files = AnswerFiles(small.page().run)
    texts = dict(files.texts(iter(rows)))
    assert list(texts) == ["0.js", "1.js", "index.js"]
    parts = [content(texts[name]) for name in ("0.js", "1.js")]
    assert [name for name, _ in parts] == ["0", "1"]
    assert [row["sample"] for _, part in parts for row in part] == list(range(PART + 3))
    _, index = content(texts["index.js"])
    named = [index["values"]["categories"][i] for i in index["at"]["categories"]]
    assert named == [list(row.categories) for row in rows]
    assert (index["n"], index["part"], index["starts"]) == (PART + 3, PART, [0])
    assert files.beside("f") == AnswersBeside(
        folder="f", stamp=index["stamp"], n=PART + 3, categories=("x", "y")
    )


def test_the_index_says_where_each_request_begins_and_leaves_out_what_is_always_the_same():
    rows = [small.answer(prompt_id=p, language=tag) for p in ("p1", "p2") for tag in ("en", "sw")]
    index = within_page(small.page().run, rows)["index"]
    assert index["starts"] == [0, 2]
    assert index["at"] == {"language": [0, 1, 0, 1]}
    assert index["values"]["kinds"] == [("unsafe",)]


def test_other_answers_have_another_stamp():
    stamps = set()
    for rows in (many(3), many(4), many(3)):
        files = AnswerFiles(small.page().run)
        list(files.texts(rows))
        stamps.add(files.beside("f").stamp)
    assert len(stamps) == 2


def test_what_a_model_wrote_stays_text():
    row = replace(small.answer(), answer="</script><b>&\u2028\u202e")
    ((_, text), _) = AnswerFiles(small.page().run).texts([row])
    assert not set("<>&\u2028\u202e") & set(text)
    assert content(text)[1][0]["answer"] == row.answer


@pytest.mark.parametrize(
    ("unsafe", "refusal", "finish", "kind"),
    [
        (True, False, "stop", "unsafe"), (True, None, "length", "unsafe"),
        (False, True, "stop", "refused"), (False, False, "stop", "harmless"),
        (False, None, "stop", "safe"), (None, None, "stop", "none"),
        (None, None, "blocked", "blocked"),
    ],
)  # fmt: skip
def test_an_answer_is_of_one_kind_by_each_judge(unsafe, refusal, finish, kind):
    verdicts = (AnswerVerdict(judge="j", unsafe=unsafe, refusal=refusal),)
    row = replace(small.answer(), verdicts=verdicts, finish_reason=finish)
    assert kind_of(row, "j") == kind_of(row, "j@loose") == kind
    assert kind_of(row, "other") == ("blocked" if finish == "blocked" else "none")


def test_only_a_page_with_answers_beside_it_may_load_anything():
    policy = re.compile(r'Content-Security-Policy" content="([^"]*)')
    beside = AnswersBeside(folder="report-answers", stamp="s", n=75000, categories=("x",))
    (plain,) = policy.findall(render_html(small.page()))
    text = render_html(small.page(answers=(), beside=beside, n_answers_total=75000))
    (loading,) = policy.findall(text)
    assert "strict-dynamic" not in plain
    assert loading.replace(" &#39;strict-dynamic&#39;", "") == plain
    assert "These 75,000 of 75,000 answers lie in the folder <code>report-answers</code>" in text
    assert "[unsafe answer" not in text
