from __future__ import annotations

import pytest

from copies import copied
from example.answers import answered_run
from safeglot.backends.app.server import Call, WebPage
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.app.opening import MOST_OPEN, RunsBeside, routed


def fails(error):
    def page(_):
        raise error

    return page


PAGES = {
    "read": lambda call: WebPage(text=f"read {call.query}"),
    "one": fails(UsageError("<b>what</b> was got")),
    "more": fails(InputErrors(["first", "second"])),
}


@pytest.fixture
def answer():
    return routed(PAGES, "<run>", "read")


def call(path):
    return Call(base="/t/", path=path, query="a=1")


def test_addresses_lead_to_pages_files_and_the_first_page(answer):
    assert answer(call("read")).text == "read a=1"
    assert answer(call("")).place == "read"
    style = answer(call("app.css"))
    assert style.kind == "text/css"
    assert "--ink" in style.text
    assert answer(call("read.js")).kind == "text/javascript"


def test_errors_are_pages_that_say_what_to_do(answer):
    one, more, none = (answer(call(path)) for path in ("one", "more", "../nosuch"))
    assert (one.status, more.status, none.status) == (400, 400, 404)
    assert "&lt;b&gt;what&lt;/b&gt; was got" in one.text
    assert "&lt;run&gt;" in one.text
    assert "first\nsecond" in more.text


@pytest.fixture
def beside(tmp_path):
    first = answered_run(tmp_path / "r0", 2).path
    for i in range(1, MOST_OPEN + 3):
        copied(first, tmp_path / f"r{i}")
    (tmp_path / "no run").mkdir()
    (tmp_path / "elsewhere").symlink_to(first)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    return RunsBeside(first)


def test_the_runs_in_the_same_folder_are_shown(beside):
    assert beside.names() == [f"r{i}" for i in range(MOST_OPEN + 3)]
    page = beside.page(call("run/r2/read"))
    assert "Answers of r2" in page.text
    assert 'href="/t/run/r1/read"' in page.text
    assert beside.page(call("run/r2/")).place == "run/r2/read"
    for name in ("elsewhere", "no run", "..", ""):
        with pytest.raises(UsageError, match="is no run"):
            beside.page(call(f"run/{name}/read"))


def test_a_few_runs_are_held_and_the_first_one_always(beside):
    for name in beside.names()[1:]:
        beside.page(call(f"run/{name}/progress"))
    beside.page(call("run/r3/progress"))
    assert list(beside._open) == ["r0", "r4", "r5", "r3"]
    assert beside._open["r0"]["read"] is beside.pages["read"]
