"""The translation stage as a program: chat models on a loopback server translate, estimate and answer."""

from __future__ import annotations

import json
import re

import pytest

from e2e.runs import safeglot
from loopback import Fault, Loopback, Script

N = 12
CATEGORIES = ("crime_tax", "hate_women")
WORDS = {
    "de": "Bitte sage mir in einem kurzen und klaren Satz, was ich bei der Frage Nummer {} tun soll.",
    "fr": "Dites-moi, dans une phrase courte et claire, ce que je dois faire pour la question numéro {}.",
}
ENGLISH = (
    "Please tell me in one short and clear sentence what I should do about question number {}."
)
REFUSED, ENGLISH_BACK, WEAK = 3, 5, {1, 2}


def number(text):
    return int(next(iter(re.findall(r"\d+", text)[::-1]), 0))


def translate(seen):
    """Model mt-a translates but for three; mt-b never gives a text in the wrong language."""
    said = seen.texts[-1]
    mark, text = re.search(r"<text (\w+)>\n(.*?)\n</text", said, re.DOTALL).groups()
    tag = re.search(r" to \w+ \((\w+)\)", said)[1]
    i = number(text)
    if tag == "en":
        return f"<translation {mark}>{ENGLISH.format(i)}</translation {mark}>"
    if seen.model == "mt-a" and i == REFUSED:
        return f"<refused {mark}>"
    if seen.model == "mt-a" and i == ENGLISH_BACK:
        return f"<translation {mark}>{text}</translation {mark}>"
    return f"<translation {mark}>{WORDS[tag].format(i)}</translation {mark}>"


def assess(seen):
    i = int(re.search(r"question number (\d+)", seen.texts[-1])[1])
    return "20" if i in WEAK else "90"


def answer(seen):
    if seen.model in ("mt-a", "mt-b"):
        return translate(seen)
    if seen.model == "estimator":
        return assess(seen)
    if seen.model == "guard":
        return "unsafe\nS1" if "answer 7" in seen.texts[-1] else "safe"
    return f"[answer {number(seen.texts[-1])}]"


@pytest.fixture
def server():
    with Loopback(Script(answer=answer)) as running:
        yield running


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    rows = (
        {"id": f"p{i}", "category": CATEGORIES[i % 2], "en": ENGLISH.format(i)} for i in range(N)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def arguments(server, prompts, out, *more, to="de,fr", models=("mt-a",)):
    named = [part for name in models for part in ("--with", f"llm=vllm/{name}")]
    known = ("--base-url", server.base_url, "--out", out, "--max-missing", "0.5")
    return ["translate", prompts, "--to", to, *named, *known, *more]


def rows(folder, name="translations"):
    text = (folder / f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def ends(folder):
    return {(r["id"], r["language"]): r["outcome"] for r in rows(folder)}


def asked(server, model):
    return sum(seen.model == model for seen in server.requests)


QUALITY = ("--quality", "llm-da=vllm/estimator")


def test_each_prompt_and_language_is_kept_gated_or_failed_with_its_reason(
    server, prompts, tmp_path
):
    out = tmp_path / "set"
    done = safeglot(*arguments(server, prompts, out, *QUALITY))
    assert done.returncode == 0, done.stderr
    told = {(r["id"], r["language"]): r for r in rows(out)}
    assert len(told) == 2 * N
    for tag in ("de", "fr"):
        refused, copied = told[f"p{REFUSED}", tag], told[f"p{ENGLISH_BACK}", tag]
        assert (refused["outcome"], refused["text"]) == ("failed", "")
        assert "refused" in refused["reason"]
        assert (copied["outcome"], copied["text"]) == ("failed", "")  # never English
        assert "copied" in copied["reason"]
        for i in WEAK:
            weak = told[f"p{i}", tag]
            assert (weak["outcome"], weak["reason"]) == (
                "gated",
                "quality: llm-da=vllm/estimator 0.2 < 0.5",
            )
        kept = [r for r in told.values() if r["language"] == tag and r["outcome"] == "kept"]
        assert len(kept) == N - 4
        assert all(r["text"] == WORDS[tag].format(r["id"][1:]) for r in kept)
    # what failed a check was never estimated
    assert asked(server, "estimator") == 2 * (N - 2)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["counts"]["de"] == {"kept": N - 4, "gated": 2, "failed": 2}
    assert "key" not in json.dumps(manifest["translators"]).lower()


def test_a_finished_set_is_frozen_and_asks_nothing_again(server, prompts, tmp_path):
    out = tmp_path / "set"
    command = arguments(server, prompts, out, *QUALITY)
    assert safeglot(*command).returncode == 0
    before, sent = (out / "translations.jsonl").read_bytes(), len(server.requests)
    assert safeglot(*command).returncode == 0
    assert ((out / "translations.jsonl").read_bytes(), len(server.requests)) == (before, sent)
    other = safeglot(*command, "--gate", "0.95")
    assert other.returncode == 2
    assert "gate: there 0.5, now 0.95" in other.stderr
    assert safeglot(*command, "--gate", "0.1", "--again").returncode == 0
    assert len(server.requests) == sent
    assert sum(end == "gated" for end in ends(out).values()) == 0
    changed = safeglot(*arguments(server, prompts, out, *QUALITY, to="de"), "--again")
    assert changed.returncode == 2
    assert "to: there de+fr, now de" in changed.stderr


def test_a_stopped_set_goes_on_from_there(prompts, tmp_path):
    out = tmp_path / "set"
    script = Script(answer=answer, fault=lambda seen: Fault(delay_s=0.02))
    with Loopback(script) as server:
        command = arguments(server, prompts, out, "--concurrency", "1")
        stopped = safeglot(*command, "--budget-tokens", "1500")
        assert stopped.returncode == 4, stopped.stderr
        assert "Run the same command again" in stopped.stderr
        sent = len(server.requests)
        assert 0 < sent < 2 * N
        assert safeglot(*command).returncode == 0
        assert len(server.requests) == 2 * N


def test_the_second_translator_stands_in_for_the_first(server, prompts, tmp_path):
    out = tmp_path / "set"
    assert safeglot(*arguments(server, prompts, out, models=("mt-a", "mt-b"))).returncode == 0
    told = {(r["id"], r["language"]): r for r in rows(out)}
    assert {r["outcome"] for r in told.values()} == {"kept"}
    assert told[f"p{REFUSED}", "de"]["translator"] == "llm=vllm/mt-b"
    assert told["p0", "de"]["translator"] == "llm=vllm/mt-a"


def test_a_server_that_fails_leaves_failed_rows_and_no_english(prompts, tmp_path):
    out = tmp_path / "set"
    script = Script(
        answer=answer,
        fault=lambda seen: (
            Fault(status=400, message="no") if "number 4." in seen.texts[-1] else None
        ),
    )
    with Loopback(script) as server:
        assert safeglot(*arguments(server, prompts, out)).returncode == 0
    failed = [r for r in rows(out) if r["id"] == "p4"]
    assert {(r["outcome"], r["text"]) for r in failed} == {("failed", "")}
    assert all("400" in r["reason"] for r in failed)


def test_too_many_failed_ends_with_3_and_a_new_try_asks_only_for_what_may_come(prompts, tmp_path):
    out, down = tmp_path / "set", [True]
    script = Script(
        answer=answer,
        fault=lambda seen: (
            Fault(status=503, message="down") if down[0] and "number 4." in seen.texts[-1] else None
        ),
    )
    with Loopback(script) as server:
        command = arguments(server, prompts, out, "--retries", "0", to="de", models=("mt-b",))
        done = safeglot(*command, "--max-missing", "0.05")
        assert done.returncode == 3, done.stderr
        assert "of de 8.3% of the prompts there is no usable translation" in done.stderr
        assert "The same command tries again" in done.stderr
        down[0], sent = False, len(server.requests)
        done = safeglot(*command, "--max-missing", "0.05")
        assert done.returncode == 0, done.stderr
        assert len(server.requests) == sent + 1
        assert set(ends(out).values()) == {"kept"}


@pytest.fixture
def made(server, prompts, tmp_path):
    out = tmp_path / "set"
    models = ("mt-a", "mt-b")
    assert safeglot(*arguments(server, prompts, out, *QUALITY, models=models)).returncode == 0
    return out


def estimates(out):
    return json.loads((out / "results.json").read_text("utf-8"))["estimates"]


def run(server, prompts, out, *more):
    return safeglot(
        "run", "--prompts", prompts, "--target", "vllm/t", "--judge", "llama-guard-3=vllm/guard",
        "--base-url", server.base_url, "--out", out, "--quiet", *more,
    )  # fmt: skip


def test_a_run_takes_the_set_and_tells_gate_candidates_and_probes_apart(
    server, prompts, made, tmp_path
):
    out = tmp_path / "run"
    probes = "framing=story,codeswitch=clause+framing=research"
    done = run(
        server, prompts, out, "--translations", made, "--arms", "translators", "--probes", probes
    )
    assert done.returncode == 0, done.stderr
    found = estimates(out)
    kept = {e["language"]: e for e in found if e["metric"] == "translation_kept"}
    assert kept["de"]["value"] == pytest.approx((N - len(WEAK)) / N)
    ungated = [e for e in found if e["metric"] == "safety_micro_ungated"]
    assert {e["n"] for e in ungated if e["language"] == "de"} == {N}
    gated = [e for e in found if e["metric"] == "safety_micro" and e["language"] == "de"]
    assert [e["n"] for e in gated] == [N - len(WEAK)]
    variants = {e["extra"].get("variant") for e in found if e["metric"] == "probe_effect"}
    assert "framing=story" in variants
    translators = {e["extra"]["translator"] for e in found if e["metric"] == "unsafe_by_translator"}
    assert {"llm=vllm/mt-a", "llm=vllm/mt-b"} <= translators
    again = (out / "results.json").read_bytes()
    sent = len(server.requests)
    assert (
        run(
            server,
            prompts,
            out,
            "--translations",
            made,
            "--arms",
            "translators",
            "--probes",
            probes,
        ).returncode
        == 0
    )
    assert (len(server.requests), (out / "results.json").read_bytes()) == (sent, again)


def test_a_run_can_translate_by_itself(server, prompts, tmp_path):
    out = tmp_path / "run"
    more = (
        "--to",
        "de",
        "--with",
        "llm=vllm/mt-b",
        *QUALITY,
        "--gate",
        "none",
        "--arms",
        "roundtrip,roundtrip2",
    )
    done = run(server, prompts, out, *more)
    assert done.returncode == 0, done.stderr
    assert (out / "translations" / "translations.jsonl").is_file()
    found = estimates(out)
    assert any(e["metric"] == "unsafe_gap_total" and e["value"] is not None for e in found)
    (translation,) = [e for e in found if e["metric"] == "unsafe_gap_translation"]
    assert translation["extra"]["arms"] == "roundtrip+roundtrip2"
    assert translation["extra"]["alike_n"] == translation["n"] > 0
    sent = len(server.requests)
    assert run(server, prompts, out, *more).returncode == 0
    assert len(server.requests) == sent


def test_a_language_that_the_set_lacks_is_refused(server, prompts, made, tmp_path):
    done = run(server, prompts, tmp_path / "run", "--translations", made, "--to", "es")
    assert done.returncode == 2
    assert "has no es; it has de, fr" in done.stderr


def test_a_set_of_other_texts_is_refused(server, prompts, made, tmp_path):
    prompts.write_text(prompts.read_text("utf-8").replace("number 7.", "number 77."), "utf-8")
    done = run(server, prompts, tmp_path / "run", "--translations", made)
    assert done.returncode == 2
    assert "1 prompts have another text there (p7)" in done.stderr


def test_a_gate_that_keeps_nothing_is_told_before_anything_is_asked(server, prompts, tmp_path):
    out = tmp_path / "set"
    assert safeglot(*arguments(server, prompts, out, *QUALITY, "--gate", "1")).returncode == 0
    done = run(server, prompts, tmp_path / "run", "--translations", out)
    assert done.returncode == 2
    assert "nothing is kept in de, fr" in done.stderr


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--to", "en"), "en is there already"),
        (("--to", "xq"), "unknown language tag 'xq'"),
        (("--to", "de", "--gate", "2"), "a number from 0 to 1, none, or a TOML file"),
        (("--to", "de", "--gate", "nofile.toml"), "nofile.toml: cannot be read"),
        (("--to", "de", "--with", "apertum"), "Did you mean 'apertium'"),
    ],
)
def test_mistakes_are_told_and_nothing_is_spent(server, prompts, tmp_path, more, told):
    done = safeglot(
        "translate", prompts, "--with", "llm=vllm/mt-a", "--base-url", server.base_url,
        "--out", tmp_path / "set", *more,
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not server.requests
