from __future__ import annotations

import asyncio

import pytest

from safeglot.backends.app.server import HEADERS, MOST_BYTES, Call, WebPage, application, serve
from safeglot.errors import UsageError

TOKEN, PORT = "a-token", 4711
HOST = f"127.0.0.1:{PORT}"


def ask(path, method="GET", body=b"", answer=None, **headers):
    """(status, headers, body, calls) of a request, without a network."""
    calls = []

    def answered(call):
        calls.append(call)
        return (answer or (lambda _: WebPage(text="fine")))(call)

    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", PORT),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(application(answered, TOKEN, PORT)(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(m.get("body", b"") for m in sent), calls


def test_a_page_comes_with_the_policy():
    status, headers, body, calls = ask(f"/{TOKEN}/read?a=1")
    assert (status, body) == (200, b"fine")
    assert calls == [Call(base=f"/{TOKEN}/", path="read", query="a=1", sent=None)]
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= headers.items()
    assert "unsafe" not in headers["content-security-policy"]


def test_a_page_of_somebody_is_kept_apart():
    page = WebPage(text="theirs", scripts="beside/")
    _, headers, _, calls = ask(f"/{TOKEN}/run/a b/report.html", answer=lambda _: page)
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts allow-downloads; default-src 'none'")
    assert f"script-src 'unsafe-inline' http://{HOST}/{TOKEN}/run/a%20b/beside/;" in policy
    assert "allow-same-origin" not in policy
    assert calls[0].root == f"/{TOKEN}/"


@pytest.mark.parametrize("path", ["/", "/read", "/a-toke/read", "/a-token2/read", "/A-TOKEN/", "//a-token/"])  # fmt: skip
def test_another_token_is_refused(path):
    status, headers, _, calls = ask(path)
    assert (status, calls) == (403, [])
    assert "content-security-policy" in headers


@pytest.mark.parametrize("host", ["", "evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{PORT}"])  # fmt: skip
def test_another_host_is_refused(host):
    status, _, _, calls = ask(f"/{TOKEN}/read", host=host)
    assert (status, calls) == (403, [])


def test_localhost_is_this_machine():
    assert ask(f"/{TOKEN}/", host=f"localhost:{PORT}")[0] == 200


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "http://127.0.0.1:1", f"https://{HOST}"])  # fmt: skip
def test_what_another_page_sends_is_refused(origin):
    status, _, _, calls = ask(f"/{TOKEN}/label", "POST", b"label=safe", origin=origin)
    assert (status, calls) == (403, [])


def test_a_form_is_read_whole_or_refused():
    own = f"http://{HOST}"
    _, _, _, calls = ask(f"/{TOKEN}/label", "POST", b"label=safe&note=a+%C3%A4&empty=", origin=own)
    assert calls[0].sent == {"label": "safe", "note": "a ä", "empty": ""}
    status, _, _, calls = ask(f"/{TOKEN}/label", "POST", b"a" * (MOST_BYTES + 1), origin=own)
    assert (status, calls) == (413, [])


def test_a_page_may_lead_elsewhere_or_be_saved():
    status, headers, _, _ = ask(f"/{TOKEN}/", answer=lambda _: WebPage(place="read?a=1"))
    assert (status, headers["location"]) == (303, f"/{TOKEN}/read?a=1")
    _, headers, _, _ = ask(f"/{TOKEN}/x", answer=lambda _: WebPage(kind="text/csv", file="x.csv"))
    assert headers["content-disposition"] == 'attachment; filename="x.csv"'
    assert headers["content-type"] == "text/csv; charset=utf-8"


def test_a_port_that_cannot_be_had_is_told():
    with pytest.raises(UsageError, match="--port 99999"):
        serve(lambda _: WebPage(), port=99999, ready=lambda _: None)
