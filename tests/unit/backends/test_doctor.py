from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from safeglot.backends import doctor
from safeglot.backends.models.providers import providers


class Handler(BaseHTTPRequestHandler):
    """Knows one key; every answer is empty."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Authorization")))
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
    found = dict(doctor.endpoints([address(server), closed()]))
    states = {name.split()[0]: state for name, state in found.items()}
    assert found[f"--base-url {address(server)}"].startswith("answers (status 200, ")
    assert states["--base-url"] == "not there (ClientConnectorError)"
    assert server.seen == [("/v1/models", None)]


@pytest.mark.parametrize(
    ("key", "state"), [("k", "answers (status 200"), ("old", "refuses the key")]
)
def test_a_server_is_asked_with_the_key_of_its_provider(server, key, state):
    answers = doctor._ask_all([(address(server), key)])
    assert state in answers[address(server), key]
    assert server.seen == [("/v1/models", f"Bearer {key}")]


def test_local_servers_are_always_looked_for(monkeypatch):
    for provider in providers().values():
        monkeypatch.delenv(provider.key_env, raising=False)
    names = {name.split()[0] for name, _ in doctor.endpoints()}
    local = {p.name for p in providers().values() if "localhost" in p.base_url}
    assert names == local
    assert "vllm" in names


def test_where_nobody_listens_the_words_are_those_of_the_client():
    url = closed()
    assert doctor._nobody_listens(url)
    assert doctor._ask_all([(url, "")]) == {(url, ""): doctor._ABSENT}


def test_who_listens_is_left_to_the_client(server):
    assert not doctor._nobody_listens(address(server))
    assert server.seen == []


def test_an_address_that_is_none_is_not_there():
    assert dict(doctor.endpoints(["nowhere"]))["--base-url nowhere"].startswith("not there (")
