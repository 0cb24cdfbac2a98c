"""The first check of judges, against judges whose servers are set up wrongly in many ways."""

from __future__ import annotations

import json

import pytest

from e2e.runs import GUARD, run_arguments, safeglot, write_prompts
from loopback import Fault, Loopback, Script, check_answer
from safeglot.judge.guards.exchange_texts import TEXTS

LANGUAGES = ("en", "sw")


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "p.jsonl", 20, ("crime_tax",), LANGUAGES)


def script(said, **more):
    """A target, and a guard that answers with `said` of its last text; both see all requests."""

    def answer(seen):
        if seen.model == "target":
            return "[answer]"
        return said(seen.texts[-1]) if callable(said) else said

    return Script(answer=answer, checks=True, **more)


def asked(server, model="target"):
    return [seen for seen in server.requests if seen.model == model]


def checks(out):
    return json.loads((out / "manifest.json").read_text("utf-8")).get("checks", {})


def right(text):
    return "unsafe\nS1" if text == "[unsafe answer]" else "safe"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (" and this goes on where the answer ended.", "goes on where the answer ended"),
        (lambda text: text, "gives back what it was sent"),
        ("", "no room to answer"),
        ("I'm sorry, but I can't assist with that.", "how a chat model answers"),
        ("Jibu hili ni salama.", "chat template"),
        ("unsafe\nS1", "calls everything unsafe"),
        (lambda text: "unsafe\nS2" if text == TEXTS["en"].refusal else "safe", "refusals"),
        (lambda text: "unsafe\nS6" if text == TEXTS["en"].answer else "safe", "plain answers"),
    ],
)
def test_a_judge_that_cannot_judge_stops_the_run_before_it_is_paid_for(
    prompts, tmp_path, said, cause
):
    out = tmp_path / "run"
    with Loopback(script(said)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts))
        assert (done.returncode, asked(server)) == (2, [])
        assert len(asked(server, "guard")) == 4
    assert cause in done.stderr
    assert GUARD in done.stderr
    assert "--unchecked-judge" in done.stderr
    assert "Traceback" not in done.stderr
    assert checks(out) == {}


def test_a_mended_server_is_asked_again_by_the_same_command(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(script("Hm")) as server:
        arguments = run_arguments(server.base_url, out, prompts)
        assert safeglot(*arguments).returncode == 2
        server.script = script(right)
        done = safeglot(*arguments)
        assert done.returncode == 0, done.stderr
        before = len(asked(server, "guard"))
        assert before == 4 + 4 + 40
        (record,) = checks(out).values()
        assert sorted(record["said"].values()) == ["safe: safe"] * 3 + ["unsafe: unsafe S1"]
        assert safeglot(*arguments).returncode == 0  # known: not asked again
        assert len(asked(server, "guard")) == before


def test_a_judge_that_is_used_all_the_same_is_told_on_every_page(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(script("unsafe\nS1")) as server:
        arguments = run_arguments(server.base_url, out, prompts)
        done = safeglot(*arguments, "--unchecked-judge")
        assert done.returncode == 0, done.stderr
        assert len(asked(server)) == 40
        line = f"{GUARD} failed its first check and was used all the same (--unchecked-judge)"
        assert line in " ".join(done.stdout.split())
        assert line in (out / "report.html").read_text("utf-8")
        again = safeglot(*arguments)  # it was taken once
        assert again.returncode == 0, again.stderr
        assert line in " ".join(again.stdout.split())
        assert len(asked(server, "guard")) == 44
        shown = safeglot("report", out)
        assert line in " ".join(shown.stdout.split()) + (out / "report.html").read_text("utf-8")


def test_a_placeholder_called_safe_is_a_note_only(prompts, tmp_path):
    with Loopback(script("safe")) as server:
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts))
    assert done.returncode == 0, done.stderr
    assert "called the placeholder [unsafe answer] safe" in done.stderr


def test_a_new_judge_of_a_finished_run_is_checked_before_it_joins(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(script(right)) as server:
        assert safeglot(*run_arguments(server.base_url, out, prompts)).returncode == 0
        before = (out / "manifest.json").read_text("utf-8"), (out / "run.toml").read_text("utf-8")
        new = ("judge", out, "--judge", "rubric=vllm/second", "--judge-base-url", server.base_url)
        done = safeglot(*new)
        assert done.returncode == 2
        assert "rubric=vllm/second" in done.stderr
        assert before == (
            (out / "manifest.json").read_text("utf-8"),
            (out / "run.toml").read_text("utf-8"),
        )
        assert len(asked(server, "second")) == 4
        server.script.answer = lambda seen: check_answer(seen.body) or "B"
        done = safeglot(*new)
        assert done.returncode == 0, done.stderr
        assert len(asked(server, "second")) == 4 + 4 + 40
    assert set(checks(out)) == {GUARD, "rubric=vllm/second"}


@pytest.mark.parametrize(("reference", "tag"), [("de", "de"), ("sw", "sw"), ("xh", "en")])
def test_it_speaks_the_reference_language(tmp_path, reference, tag):
    prompts = write_prompts(tmp_path / "p.jsonl", 2, ("crime_tax",), (reference, "en"))
    with Loopback(script(right)) as server:
        done = safeglot(
            *run_arguments(server.base_url, tmp_path / "run", prompts, reference=reference)
        )
        assert done.returncode == 0, done.stderr
        first = asked(server, "guard")[0].texts[0]
    assert first in TEXTS[tag]
    assert ("no texts in xh; it is in English" in done.stderr) == (reference == "xh")


def test_a_judge_that_is_shown_the_answer_alone_is_checked_too(prompts, tmp_path):
    config = tmp_path / "answer.toml"
    config.write_text(f'[[judge]]\njudge = "{GUARD}"\nmode = "answer"\n', "utf-8")
    with Loopback(script(right)) as server:
        given = run_arguments(server.base_url, tmp_path / "run", prompts)
        given = [part for part in given if part not in {"--judge", GUARD}]
        done = safeglot(given[0], config, *given[1:])
        assert done.returncode == 0, done.stderr
        shown = [seen.texts for seen in asked(server, "guard")]
    assert ["(not shown)", "[unsafe answer]"] in shown
    assert {texts[0] for texts in shown} == {"(not shown)"}


def test_what_fails_for_a_moment_is_asked_again(prompts, tmp_path):
    def fault(seen):
        return Fault(status=500) if seen.model == "guard" and seen.nth == 1 else None

    with Loopback(script(right, fault=fault)) as server:
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts))
    assert done.returncode == 0, done.stderr


def test_a_server_that_gives_no_reply_stops_the_run_which_can_go_on(prompts, tmp_path):
    def fault(seen):
        return Fault(status=500) if seen.model == "guard" else None

    with Loopback(script(right, fault=fault)) as server:
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts, retries=0))
        assert (done.returncode, asked(server)) == (4, [])
    assert "first check" in done.stderr
    assert "Run the same command again" in done.stderr


def test_a_dry_run_counts_it(prompts, tmp_path):
    with Loopback(script(right)) as server:
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts), "--dry-run")
        assert server.requests == []
    assert "44" in done.stdout


def test_replies_that_cannot_be_read_are_told_by_how_they_begin(prompts, tmp_path):
    out = tmp_path / "run"

    def answer(seen):
        if seen.model == "target":
            return f"[answer {seen.texts[-1]}]"
        right = check_answer(seen.body)
        return right or ("safe" if " 1" in seen.texts[-1] else "I cannot \x1b[2Jjudge that.")

    with Loopback(Script(answer=answer, checks=True)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts))
    assert done.returncode == 3
    sentence = f"Replies of {GUARD} that could not be read: 18; 18 begin with 'I cannot'."
    assert sentence in " ".join(done.stdout.split())
    assert sentence.replace("'", "&#39;") in (out / "report.html").read_text("utf-8")


def test_settings_that_a_judge_refuses_are_found_out_by_its_first_check(prompts, tmp_path):
    def fault(seen):
        sent = [name for name in ("temperature", "logprobs") if name in seen.body]
        if seen.model == "target" or not sent:
            return None
        error = {"message": f"Unsupported value: '{sent[0]}'", "param": sent[0]}
        return Fault(status=400, body={"error": error})

    with Loopback(script(right, fault=fault)) as server:
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts))
        bodies = [seen.body for seen in asked(server, "guard")]
    assert done.returncode == 0, done.stderr
    about_prompts = [body for body in bodies if "request" in str(body)]
    assert len(about_prompts) == 40
    assert not any({"temperature", "logprobs"} & body.keys() for body in about_prompts)
