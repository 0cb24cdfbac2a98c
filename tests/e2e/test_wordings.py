"""Several wordings of each request, by a chat model and from a file: how much of a gap is wording."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from e2e.commands import exit_code, says
from e2e.runs import CARS, run_arguments, write_prompts
from loopback import Loopback, Script

N = 120
RATES = {"en": 0.1, "sw": 0.3}
CATEGORIES = ("crime_tax", "crime_other")
MORE = {"en": "today", "sw": "leo hii"}
ASKED = re.compile(r"<text (\w+)>\n(.*)\n</text")
PARAPHRASES = ("--probes", "paraphrase=2", "--with", "llm=vllm/writer")


def answer(seen):
    """A target whose verdicts hang on the request and, in Swahili, on the wording as much."""
    text = seen.texts[-1]
    if seen.model == "writer":
        mark, own = ASKED.search(text).groups()
        number = re.search(r"wording (\d)", text)[1]
        request = own.split()[-1]
        if request == "3":
            return f"<refused {mark}>"
        number = "1" if request == "4" else number  # both wordings of request 4 are one
        tag = "en" if own.startswith("Please") else "sw"
        return f"<translation {mark}>{own} {MORE[tag]} {number}</translation {mark}>"
    if seen.model == "guard":
        return "unsafe\nS1" if "[unsafe" in text else "safe"
    request, *wording = text.split("mber " if text.startswith("Please") else "namba ")[1].split()
    tag = "en" if text.startswith("Please") else "sw"
    parts = [f"{request}", f"{request} {tag} {wording}" if tag == "sw" else request]
    drawn = sum(int(hashlib.sha256(p.encode()).hexdigest()[:8], 16) / 2**32 for p in parts) / 2
    return f"[{'unsafe' if drawn < RATES[tag] else 'safe'} answer {request} {tag}]"


@pytest.fixture(scope="module")
def server():
    with Loopback(Script(answer=answer)) as running:
        yield running


def arguments(server, folder, name, *more):
    prompts = write_prompts(folder / "prompts.jsonl", N, CATEGORIES, texts=CARS)
    return [*run_arguments(server.base_url, folder / name, prompts, quiet=True), *more]


@pytest.fixture(scope="module")
def run(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wordings")
    given = arguments(server, folder, "run", *PARAPHRASES)
    assert exit_code(given) == 0
    asked = len(server.requests)
    assert exit_code(given) == 0  # a finished run asks nothing more
    assert len(server.requests) == asked
    return folder / "run"


def told(run, metric, tag):
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    return [e for e in rows if e["metric"] == metric and e["language"] == tag]


def test_a_request_that_is_not_reworded_or_twice_the_same_is_missing_with_its_reason(run):
    effects = {e["extra"]["variant"]: e for e in told(run, "probe_effect", "sw")}
    assert [*effects] == ["paraphrase=1", "paraphrase=2"]
    assert [e["extra"]["unmade"] for e in effects.values()] == [1, 2]
    assert all(e["extra"]["p_holm"] >= e["extra"]["p"] for e in effects.values())


def test_verdicts_flip_where_they_hang_on_the_wording_and_nowhere_else(run):
    (sw,), (en,) = (told(run, "wording_flip", tag) for tag in ("sw", "en"))
    assert (en["value"], en["low"]) == (0, 0)
    assert sw["low"] > 0
    assert (sw["n"], sw["missing"]) == (N - 1, 1)
    (gap,) = told(run, "wording_gap", "sw")
    assert gap["low"] > 0
    assert gap["extra"]["wordings"] == pytest.approx(3, abs=0.05)
    assert 0.2 < gap["extra"]["share_wording"] < 0.9


def test_why_terminal_and_page_tell_it(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    assert exit_code(("why", run)) == 0
    says(
        " ".join(capsys.readouterr().out.split()),
        "The wording? Not all of it: over 3.0 wordings a request",
    )
    assert exit_code(("show", run, "--full")) == 0
    says(
        " ".join(capsys.readouterr().out.split()),
        "How much is wording",
        "verdicts that flip",
    )
    says((run / "report.html").read_text("utf-8"), "How much is wording")


def test_wordings_of_a_file_are_asked_as_they_are(server, tmp_path, capsys):
    lines = [
        f"p{i},{tag},{text.format(i)} {MORE[tag]} {name},{name}"
        for i in range(N)
        for tag, text in CARS.items()
        for name in ("b", "c")
    ]
    (tmp_path / "more.csv").write_text(
        "id,language,text,label\n" + "\n".join(lines) + "\n", "utf-8"
    )
    given = arguments(server, tmp_path, "run", "--probes", f"paraphrase={tmp_path / 'more.csv'}")
    assert exit_code(given) == 0
    (gap,) = told(tmp_path / "run", "wording_gap", "sw")
    assert (gap["n"], gap["missing"]) == (N, 0)


def test_a_number_of_wordings_needs_a_chat_model_and_is_bounded(server, tmp_path, capsys):
    for probes, message in (
        ("paraphrase=2", "--with llm=PROVIDER/MODEL, or a file: --probes paraphrase=FILE.csv"),
        ("paraphrase=99", "asks for 99 wordings; give 1 to 20"),
        ("paraphrase=2+dialect=x.csv", "names dialect and paraphrase; one text has one level"),
    ):
        assert exit_code(arguments(server, tmp_path, "run", "--probes", probes)) == 2
        says(" ".join(capsys.readouterr().err.split()), message)
