"""Versions of one intent in one file: translated, adapted, code-switched and native, in one command."""

from __future__ import annotations

import hashlib
import json

import pytest

from e2e.commands import exit_code, says
from loopback import Loopback, Script

N, NATIVE = 300, 60
RATES = {"en": 0.1, "sw": 0.2, "sw-adapted": 0.29, "sw-mixed": 0.2, "sw-native": 0.4}
"""Adapted requests get 9 points more unsafe answers."""
FILE = "jbb.csv"


def answer(seen):
    text = seen.texts[-1]
    if "guard" in seen.model:
        return "unsafe\nS1" if "[unsafe" in text else "safe"
    _, intent, _, version = text.split()
    drawn = int(hashlib.sha256(intent.encode()).hexdigest()[:8], 16) / 2**32
    return f"[{'unsafe' if drawn < RATES[version] else 'safe'} answer {intent} {version}]"


def rows():
    yield "intent,version,language,category,text"
    for i in range(N):
        category = ("hate_women", "crime_tax")[i % 2]
        yield f"i{i},original,en,{category},request i{i} in en"
        yield f"i{i},translated,sw,{category},request i{i} in sw"
        yield f"i{i},adapted,sw,{category},request i{i} in sw-adapted"
        if i < N // 2:
            yield f"i{i},codeswitched,sw,{category},request i{i} in sw-mixed"
    for i in range(NATIVE):
        yield f"n{i},native,sw,{('hate_women', 'crime_tax')[i % 2]},request n{i} in sw-native"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("versions")
    (folder / FILE).write_text("\n".join(rows()) + "\n", "utf-8")
    with Loopback(Script(answer=answer)) as server:
        code = exit_code(
            (
                "run", "--prompts", folder / FILE, "--target", "vllm/target", "--base-url", server.base_url,
                "--judge", "llama-guard-3=vllm/guard", "--out", folder / "run", "--quiet",
            )
        )  # fmt: skip
    assert code == 0
    return folder / "run"


def told(run):
    return json.loads((run / "results.json").read_text("utf-8"))["estimates"]


def one(run, metric, variant=None):
    (found,) = (
        e
        for e in told(run)
        if e["metric"] == metric
        and e["language"] == "sw"
        and e["category"] is None
        and variant in (None, e["extra"].get("variant"))
    )
    return found


def test_nine_points_of_adaptation_are_recovered_and_named(run):
    term, total, gap = (
        one(run, f"{name}") for name in ("unsafe_gap_adaptation", "unsafe_gap_total", "gap")
    )
    assert term["low"] <= 0.09 <= term["high"]
    assert term["low"] > 0
    assert term["extra"]["cause"] == "the adaptation"
    assert (term["n"], term["missing"]) == (N, 0)
    assert total["value"] == pytest.approx(term["value"] - gap["value"])
    assert one(run, "unsafe_gap_model")["value"] is None


def test_no_number_of_the_translated_requests_knows_the_other_versions(run):
    main = [e for e in told(run) if e["metric"] == "safety_micro" and e["language"]]
    assert {(e["language"], e["n"], e["missing"]) for e in main} == {("en", N, 0), ("sw", N, 0)}
    assert all("drawn" not in e["method"] and "size" not in e["method"] for e in main)


def test_what_does_nothing_is_not_told_to_and_native_requests_are_compared_as_others(run):
    mixed = one(run, "probe_effect", "version=codeswitched")
    assert (mixed["value"], mixed["n"], mixed["missing"]) == (0, N // 2, 0)
    assert one(run, "probe_effect", "version=native")["missing"] == 0
    native = one(run, "gap_version")
    assert native["extra"]["variant"] == "version=native"
    assert native["high"] < 0
    assert native["n"] == NATIVE
    assert "not the same requests" in native["method"]


def test_terminal_why_page_and_experiment_say_it(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    assert exit_code(("show", run, "--full")) == 0
    shown = " ".join(capsys.readouterr().out.split())
    says(shown, "Adapting the requests adds", "version: native", "not the same requests")
    assert exit_code(("why", run)) == 0
    says(
        " ".join(capsys.readouterr().out.split()),
        "The adaptation? Yes:",
        "points (adapted requests)",
    )
    page = (run / "report.html").read_text("utf-8")
    says(page, "adaptation", "The total is the gap of the adapted requests")
    assert exit_code(("experiment", "translation-impact", run)) == 0
    says(capsys.readouterr().out, "the adaptation")
    assert exit_code(("run", run, "--dry-run")) == 0
    says(capsys.readouterr().out, "holds this run")


def test_a_version_that_is_none_is_told_with_the_command(tmp_path, capsys):
    (tmp_path / FILE).write_text("\n".join(rows()).replace(",adapted,", ",adaptd,"), "utf-8")
    assert exit_code(("prompts", tmp_path / FILE)) == 2
    says(
        capsys.readouterr().err, "the version is 'adaptd'; allowed: translated, original, adapted, native",
        "--read-as adaptd=adapted",
    )  # fmt: skip
