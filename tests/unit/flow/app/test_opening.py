from __future__ import annotations

import pytest

from safeglot.backends.app.server import Call, WebPage
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.app.opening import routed


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
