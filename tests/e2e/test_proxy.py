"""A real HTTP proxy on loopback: asked only where it was turned on, and its password is said nowhere."""

from __future__ import annotations

import base64
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from e2e.commands import says
from e2e.runs import GUARD, TARGET, run_arguments, safeglot, write_prompts
from loopback import Loopback

FAR = "http://models.test/v1"
PASSWORD = "pass-never-to-be-shown-77"
USER = f"Basic {base64.b64encode(f'user:{PASSWORD}'.encode()).decode()}"


class Handler(BaseHTTPRequestHandler):
    """Sends what is asked of models.test to a server on loopback, and notes who asked for what."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        refused = self.server.password and self.headers.get("Proxy-Authorization") != USER
        if self.command == "CONNECT" or refused:
            said = f"you said {self.headers.get('Proxy-Authorization')} {PASSWORD}".encode()
            self.send_response(407 if refused else self.server.connect_status)
        else:
            url = self.path.replace(FAR, self.server.far)
            key = self.headers.get("Authorization", "")
            headers = {"Content-Type": "application/json", "Authorization": key}
            asked = urllib.request.Request(url, body, headers, method=self.command)
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(asked) as reply:
                said = reply.read()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_CONNECT = do_POST

    def log_message(self, *args):
        pass


@pytest.fixture
def far():
    with Loopback() as running:
        yield running


@pytest.fixture
def proxy(far):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.seen, running.password, running.connect_status = [], False, 403
        running.far = far.base_url
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def asked(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", 4, ("c",), ("en", "de"))
    return run_arguments(FAR, tmp_path / "run", prompts, retries=0, bootstrap=0)


def with_user(proxy) -> dict[str, str]:
    return {"http_proxy": proxy.url.replace("//", f"//user:{PASSWORD}@"), "no_proxy": ""}


def nowhere(text: str, folder) -> None:
    files = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for secret in (PASSWORD, USER.removeprefix("Basic ")):
        assert secret not in text
        assert [p for p, data in files.items() if secret.encode() in data] == []


def test_a_run_and_a_judge_go_through_the_proxy_that_was_named(tmp_path, proxy, far, asked):
    done = safeglot(*asked, "--proxy", proxy.url)
    assert done.returncode == 0, done.stderr
    assert len(far.requests) == 16
    assert {path for _, path, _ in proxy.seen} == {f"{FAR}/chat/completions"}
    run = tmp_path / "run"
    assert proxy.url not in (run / "run.toml").read_text("utf-8")
    before = len(proxy.seen)
    again = ("judge", run, "--judge", "llama-guard-4=vllm/guard", "--judge-base-url", FAR)
    done = safeglot(*again, "--repeat", "1", "--proxy", proxy.url)
    assert done.returncode == 0, done.stderr
    assert len(proxy.seen) >= before + 8  # each answer once more


def test_a_user_of_the_environment_is_shown_to_the_proxy_alone(tmp_path, proxy, far, asked):
    proxy.password = True
    done = safeglot(*asked, "--proxy", "environment", **with_user(proxy))
    assert done.returncode == 0, done.stderr
    assert {headers["Proxy-Authorization"] for _, _, headers in proxy.seen} == {USER}
    assert all("Proxy-Authorization" not in seen.headers for seen in far.requests)
    nowhere(done.stdout + done.stderr, tmp_path)


def test_a_proxy_that_refuses_says_what_to_do_and_never_its_password(tmp_path, proxy, asked):
    proxy.password = True
    wrong = {"http_proxy": proxy.url.replace("//", f"//other:{PASSWORD}x@"), "no_proxy": ""}
    done = safeglot(*asked, "--proxy", "environment", **wrong)
    assert done.returncode == 4, done.stderr
    says(done.stderr, "407", "the proxy wants a user and a password", "--proxy environment")
    nowhere(done.stdout + done.stderr, tmp_path)


def test_no_key_is_shown_to_a_proxy_without_a_user(tmp_path, proxy, asked):
    asked[asked.index("--base-url") + 1] = FAR.replace("http:", "https:")
    safeglot(*asked, "--proxy", proxy.url, VLLM_API_KEY="sk-of-the-server-1234")
    at = ("--base-url", FAR.replace("http:", "https:"), "--key-env", "VLLM_API_KEY")
    done = safeglot("doctor", *at, "--proxy", proxy.url, VLLM_API_KEY="sk-of-the-server-1234")
    says(done.stdout, "not asked: the proxy answers status 403")
    assert len(proxy.seen) > 1
    assert "sk-of-the-server" not in str(proxy.seen)


@pytest.mark.parametrize("status", [403, 407, 502])
def test_over_https_the_proxy_sees_an_address_and_no_key(tmp_path, proxy, asked, status):
    proxy.connect_status = status
    asked[asked.index("--base-url") + 1] = FAR.replace("http:", "https:")
    env = {key.replace("http_", "https_"): value for key, value in with_user(proxy).items()}
    done = safeglot(*asked, "--proxy", "environment", VLLM_API_KEY="sk-of-the-server-1234", **env)
    assert done.returncode == 4, done.stderr
    says(done.stderr, "the proxy", str(status))
    assert {(command, path) for command, path, _ in proxy.seen} == {("CONNECT", "models.test:443")}
    for _, _, headers in proxy.seen:
        assert headers["Proxy-Authorization"] == USER
        assert "sk-of-the-server" not in str(headers)
    nowhere(done.stdout + done.stderr, tmp_path)


def test_without_the_setting_the_environment_is_not_asked(tmp_path, proxy, far, asked):
    asked[asked.index("--base-url") + 1] = far.base_url
    environment = {"all_proxy": proxy.url, "no_proxy": "", **with_user(proxy)}
    for more in ([], ["--proxy", "environment", "--out", tmp_path / "b"]):  # this machine: never
        done = safeglot(*asked, *more, **environment)
        assert done.returncode == 0, done.stderr
    assert proxy.seen == []


def test_a_proxy_in_a_stored_run_is_not_believed(tmp_path, proxy, far, asked):
    asked[asked.index("--base-url") + 1] = far.base_url
    assert safeglot(*asked).returncode == 0
    file = tmp_path / "run" / "run.toml"
    text = file.read_text("utf-8").replace(far.base_url, FAR)
    file.write_text(f'proxy = "{proxy.url}"\n{text}', "utf-8")
    safeglot("judge", tmp_path / "run", "--allow", f"{FAR}=VLLM_API_KEY", "--retry-failed")
    safeglot("run", file, "--allow", f"{FAR}=VLLM_API_KEY", "--retries", "0")
    assert proxy.seen == []


def test_translate_arms_generate_and_doctor_take_it(tmp_path, proxy, far, asked):
    file = tmp_path / "mine.toml"
    file.write_text(
        f'proxy = "{proxy.url}"\nprompts = "{tmp_path / "p.jsonl"}"\nbase_url = "{FAR}"\n'
        f'target = "{TARGET}"\njudge = "{GUARD}"\nretries = 0\nout = "{tmp_path / "g"}"\n',
        "utf-8",
    )
    assert safeglot("generate", file).returncode == 0
    assert len(proxy.seen) == len(far.requests) == 8
    done = safeglot("doctor", file)
    says(done.stdout, f"vllm/target, vllm/guard {FAR}  answers (status 200")
    assert proxy.seen[8][:2] == ("GET", f"{FAR}/models")
    assert len(proxy.seen) > 9, "the models and judges are tried through it as well"
    before = len(proxy.seen)
    to = ("--proxy", proxy.url, "--base-url", FAR)
    safeglot("arms", tmp_path / "g", "--out", tmp_path / "a.csv", "--with", "llm=vllm/model", *to)
    assert len(proxy.seen) > before
    before = len(proxy.seen)
    safeglot("translate", tmp_path / "p.jsonl", "--to", "sw", "--with", "llm=vllm/model", *to,
             "--out", tmp_path / "set", "--retries", "0", "--max-missing", "1")  # fmt: skip
    assert len(proxy.seen) > before


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"http://user:{PASSWORD}@proxy.test:3128", "environment variable"),
        ("socks5://proxy.test:1080", "HTTP proxy"),
        ("proxy.test", "HTTP proxy"),
        ("http://proxy.test/a?b", "HTTP proxy"),
    ],
)
def test_what_is_no_proxy_is_refused_without_its_password(tmp_path, far, asked, value, words):
    for done in (safeglot(*asked, "--proxy", value),
                 safeglot("doctor", "--base-url", FAR, "--proxy", value),
                 safeglot("judge", tmp_path, "--proxy", value),
                 safeglot(*asked, "--proxy", "environment", http_proxy="socks5://u:sec-ret@h:1")):  # fmt: skip
        assert done.returncode == 2, done.stderr
        says(done.stderr, "proxy", "HTTP" if "socks" in done.stderr else words)
        assert PASSWORD not in done.stderr + done.stdout
        assert "sec-ret" not in done.stderr + done.stdout
    assert far.requests == []
