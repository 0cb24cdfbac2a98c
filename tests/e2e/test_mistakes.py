"""Mistakes of a new user: each message says what was got, what is allowed, and what to do."""

from __future__ import annotations

import pytest
from aiohttp import web

from e2e.commands import SECRET, Place, says
from loopback import Fault, Loopback, Script, default_answer

AT = ("--target", "vllm/target", "--base-url", "http://127.0.0.1:9/v1")

BEFORE_ANYTHING_IS_SENT = [
    # what a command works on
    (("rnu",), ("no such command 'rnu'", "Did you mean 'run'?")),
    (("run",), ("there is no safeglot.toml here", "  safeglot init\n", "safeglot run mini")),
    (("run", "mni"), ("mni: no such file", "Did you mean 'mini'?")),
    (("run", "promts.csv"), ("Did you mean 'prompts.csv'?", "a run's folder")),
    (("run", "study.tml"), ("Did you mean 'study.toml'?",)),
    (("run", "."), ("a folder without a run",)),
    (("run", "mini", "--prompts", "prompts.csv"), ("prompts twice: mini and --prompts prompts.csv",)),
    (("show",), ("Missing argument 'RUN'", "`safeglot ls` lists those in ./runs")),
    (("annotate", "sampl", "x"), ("No such command 'sampl'", "as in `safeglot annotate sample …`")),
    # models
    (("run", "mini", "--target", "acme/x"), ("unknown provider 'acme'", "vllm/acme/x", "--base-url http://")),
    (("run", "mini", "--target", "gpt-x"), ("'gpt-x'", "openai/gpt-5-nano", "vllm/gpt-x with --base-url")),
    (("run", "mini", "--target", "opnai/x"), ("Did you mean 'openai'?",)),
    (("run", "mini", "--target", "openai/x"), ("OPENAI_API_KEY is not set", "export OPENAI_API_KEY=")),
    (("run", "mini", "--base-url", "localhost:8000"), ("begins with http", "http://localhost:8000/v1")),
    (("run", "mini", *AT, "--key-env", SECRET), ("--key-env", "if it is the key itself", "export MY_KEY=")),
    # judges
    (("run", "mini", "--judge", "llama-guard"), ("unknown judge", "Did you mean 'llama-guard-")),
    (("run", "mini", "--judge", "llama-guard-3"), ("needs a model", "llama-guard-3=vllm/owner/name")),
    (("run", "mini", "--judge", "vllm/x"), ("family=provider/model", "rubric=vllm/x")),
    # languages and numbers
    (("run", "mini", "--languages", "english,de"), ("unknown language tag 'english'. Nearest: en.",)),
    (("run", "mini", "--languages", "en,jp"), ("Nearest: ja.",)),
    (("run", "mini", "--languages", "en de"), ("commas between, as in en,de.",)),
    (("run", "mini", "--languages", "en", "de"), ("extra argument (de)", "--languages en,de,sw")),
    (("run", "mini", "--limit", "ten"), ("got 'ten', allowed is a whole number",)),
    # flags
    (("run", "--propmts", "mini"), ("'--propmts'. Did you mean '--prompts'?", "safeglot run --help-all")),
    (("run", "mini", "--model", "vllm/x"), ("Did you mean '--target'?",)),
    (("run", "mini", "--api-key", "x"), ("Did you mean '--key-env'?",)),
    (("run", "mini", "--preset", "quik"), ("Did you mean 'quick'?", "--print-config")),
    # files
    (("run", "study.toml"), ("study.toml: prompt: no such key. Did you mean 'prompts'?",)),
    (("init", "--languages", "en"), ("safeglot init --target vllm/OWNER/MODEL --base-url",)),
]  # fmt: skip


@pytest.fixture
def new_user(place, monkeypatch):
    for name in ("OPENAI_API_KEY", "VLLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (place.folder / "study.toml").write_text('prompt = "mini"\n', "utf-8")
    return place


@pytest.mark.parametrize(
    ("arguments", "parts"), BEFORE_ANYTHING_IS_SENT, ids=lambda given: " ".join(given)[:50]
)
def test_a_mistake_is_told_before_anything_is_sent(new_user, arguments, parts):
    message = new_user.refuse(*arguments)
    says(message, "error: ", *parts)
    assert SECRET not in message


class Serving(Loopback):
    """A server with two models and one key that it refuses."""

    async def models(self, _request):
        return web.json_response({"data": [{"id": "owner/chat"}, {"id": "guard"}]})


def refusing(seen):
    if seen.headers.get("Authorization") == f"Bearer {SECRET}":
        return Fault(status=401, message=f"Incorrect API key provided: {SECRET}")
    if seen.model not in ("owner/chat", "guard"):
        return Fault(status=404, message=f"The model `{seen.model}` does not exist.")
    return None


@pytest.fixture
def served(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VLLM_API_KEY", raising=False)
    with Serving(Script(answer=default_answer, fault=refusing)) as server:
        yield Place(tmp_path, server, capsys)


def run_at(served, *arguments, base_url=None):
    done = served(
        "run", "mini", "--limit", 1, "--languages", "en", "--judge", "refusal-baseline",
        "--base-url", base_url or served.server.base_url, "--out", "run", *arguments,
    )  # fmt: skip
    assert (done.code, "Traceback" in done.err) == (4, False), done.err
    assert SECRET not in done.err + done.out
    says(done.err, "0 of 32 answers", "Mend that; the command then goes on from there.")
    return done.err


def test_a_model_that_is_not_there_is_told_with_those_that_are(served):
    message = run_at(served, "--target", "vllm/chat")
    says(message, "The server has: vllm/owner/chat, vllm/guard. Name one of these.")


@pytest.mark.parametrize("end", ["", "/v1/chat/completions"])
def test_an_address_that_is_not_the_api_is_told_with_the_one_that_is(served, end):
    base = served.server.base_url
    message = run_at(served, "--target", "vllm/owner/chat", base_url=base.removesuffix("/v1") + end)
    says(message, f"{base} answers: give --base-url {base}")


def test_a_refused_key_is_told_with_its_variable(served, monkeypatch):
    monkeypatch.setenv("VLLM_API_KEY", SECRET)
    says(
        run_at(served, "--target", "vllm/owner/chat"),
        "status 401",
        "The key is that of VLLM_API_KEY",
    )
    monkeypatch.setenv("MINE", SECRET)
    says(run_at(served, "--target", "vllm/owner/chat", "--key-env", "MINE"), "that of MINE")


def test_doctor_finds_the_same_with_one_question(served):
    (served.folder / "c.toml").write_text(
        f'base_url = "{served.server.base_url}"\ntarget = "vllm/chat"\njudge = "llama-guard-3=vllm/guard"\n',
        "utf-8",
    )
    done = served("doctor", "c.toml")
    assert done.code == 2
    says(done.out, "2 models", "vllm/chat  gives no answer", "passes its first check (4 exchanges)")
    says(done.err, "error: ", "The server has: vllm/owner/chat, vllm/guard")
    assert len(served.server.requests) == 1
    (served.folder / "c.toml").write_text(
        (served.folder / "c.toml").read_text("utf-8").replace("vllm/chat", "vllm/owner/chat"),
        "utf-8",
    )
    done = served("doctor", "c.toml")
    assert (done.code, done.err) == (0, "")
    says(done.out, "Nothing is wrong. Next: safeglot run c.toml --dry-run")


def test_from_nothing_to_a_first_run(served):
    done = served(
        "init", "--base-url", served.server.base_url, "--target", "vllm/owner/chat",
        "--languages", "en,de", "--judge", "llama-guard-3=vllm/guard",
    )  # fmt: skip
    assert done.code == 0, done.err
    says(
        done.out,
        "safeglot.toml is written",
        "safeglot doctor safeglot.toml",
        "safeglot run --dry-run",
    )
    assert served("doctor", "safeglot.toml").code == 0
    dry = served("run", "--dry-run")
    says(dry.err, "settings of ./safeglot.toml")
    says(dry.out, "64 x 2 languages")
    done = served("run", "--quiet")
    assert done.code == 0, done.err
    again = served("run", "runs/mini-chat", "--dry-run")
    says(again.out, "holds this run: what is stored there is not asked again")


def test_a_preset_is_printed_as_the_file_that_it_stands_for(served):
    done = served("run", "--preset", "release", "--target", "vllm/owner/chat", "--print-config")
    assert done.code == 0, done.err
    says(done.out, "# release: ", "samples = 3", 'model = "vllm/owner/chat"')
    (served.folder / "c.toml").write_text(done.out, "utf-8")
    assert (
        served("run", "c.toml", "--print-config").out.splitlines()[-5:]
        == done.out.splitlines()[-5:]
    )
    assert served.server.requests == []
