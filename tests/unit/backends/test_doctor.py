from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from safeglot.backends import doctor


class Handler(BaseHTTPRequestHandler):
    """Knows one key; every answer is empty."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        if getattr(self.server, "moved", False):
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200 if self.headers.get("Authorization") in (None, "Bearer k") else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.seen = []
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def address(server):
    return f"http://127.0.0.1:{server.server_address[1]}/v1"


def closed():
    """Return an address on this machine at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/v1"


def test_what_is_installed_has_a_version_and_what_is_not_a_way_to_get_it():
    rows = dict(doctor.installed())
    assert rows["python"].startswith("3.")
    assert rows["numpy"][0].isdigit()
    for name, hint in doctor.EXTRAS.items():
        assert rows[name][0].isdigit() or hint in rows[name] or "version unknown" in rows[name]
    assert rows["free disk here"].endswith("GiB")


def test_a_key_is_said_to_be_set_and_never_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-17")
    monkeypatch.delenv("VLLM_API_KEY", raising=False)
    rows = dict(doctor.keys())
    assert rows["openai"] == "OPENAI_API_KEY set"
    assert rows["vllm"].endswith("not set, not needed")
    assert "sk-secret-17" not in str(rows)


def test_an_address_that_is_named_is_asked_for_its_models(server):
    found = dict(doctor.endpoints([("a", address(server), ""), ("b", closed(), "")]))
    states = {name.split()[0]: state.said for name, state in found.items()}
    assert found[f"a {address(server)}"].said.startswith("answers (status 200, ")
    assert states["b"] == "not there (ClientConnectorError)"
    assert server.seen == [("/v1/models", None)]


@pytest.mark.parametrize(
    ("key", "state"), [("k", "answers (status 200"), ("old", "refuses the key")]
)
def test_a_server_is_asked_with_the_key_that_was_named(server, key, state, monkeypatch):
    monkeypatch.setenv("MINE", key)
    ((_, answered),) = doctor.endpoints([("a", address(server), "MINE")])
    assert state in answered.said
    assert server.seen == [("/v1/models", f"Bearer {key}")]


def test_nobody_is_asked_who_was_not_named(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-17")
    monkeypatch.setattr(doctor, "_ask_all", lambda addresses, _: dict.fromkeys(addresses) or {})
    assert doctor.endpoints([]) == []


def test_a_redirect_is_told_and_not_followed(server):
    server.moved = True
    ((_, answered),) = doctor.endpoints([("a", address(server), "")])
    assert "redirect, which is not followed" in answered.said
    assert f"to {address(server).removesuffix('/v1')}/elsewhere" in answered.said
    assert server.seen == [("/v1/models", None)]


def test_an_address_that_is_none_is_not_there():
    ((_, answered),) = doctor.endpoints([("a", "nowhere", "")])
    assert answered.said.startswith("not there (")
