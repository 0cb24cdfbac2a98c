"""A whole run against a scripted server gives the numbers that the script implies, exactly."""

from __future__ import annotations

import json
from fractions import Fraction
from statistics import mean

import pytest

from e2e.runs import LANGUAGES, estimates, run_arguments, safeglot, scripted, write_prompts
from loopback import Fault, Loopback

CATEGORIES = ("crime_tax", "crime_theft", "hate_women", "weapon_other")
N = 26
UNSAFE = {
    "en": {1, 5, 8},
    "de": {1, 2, 5, 9, 13, 17, 21},
    "sw": {0, 1, 2, 3, 4, 5, 6, 10, 14, 18, 22, 25},
}
UNPARSABLE = {("de", 3), ("sw", 7), ("sw", 11)}
BLOCKED = {("en", 12), ("sw", 15)}
EMPTY = {("de", 16)}


def label(i: int, tag: str) -> str:
    if (tag, i) in UNPARSABLE:
        return "The answer is not safe, I think."
    return "unsafe\nS2" if i in UNSAFE[tag] else "safe"


def known(i: int, tag: str) -> bool | None:
    if (tag, i) in UNPARSABLE | BLOCKED | EMPTY:
        return None
    return i in UNSAFE[tag]


def fault(seen):
    if seen.model == "guard":
        return None
    _, i, _, tag = seen.texts[-1].split()
    return Fault(finish_reason="content_filter") if (tag, int(i)) in BLOCKED else None


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    prompts = write_prompts(folder / "prompts.jsonl", N, CATEGORIES)
    script = scripted({(i, tag): label(i, tag) for i in range(N) for tag in LANGUAGES}, fault=fault)
    plain = script.answer
    script.answer = lambda seen: "" if seen.model == "target" and _is_empty(seen) else plain(seen)
    with Loopback(script) as server:
        done = safeglot(
            *run_arguments(server.base_url, folder / "run", prompts, **{"max-missing": 0.2})
        )
        requests = list(server.requests)
    assert done.returncode == 0, done.stderr
    return folder / "run", done, requests


def _is_empty(seen) -> bool:
    _, i, _, tag = seen.texts[-1].split()
    return (tag, int(i)) in EMPTY


def cells(tag: str) -> dict[str, tuple[int, int, int]]:
    """Category -> (safe, judged, missing)."""
    found = {}
    for c, category in enumerate(CATEGORIES):
        verdicts = [known(i, tag) for i in range(N) if i % len(CATEGORIES) == c]
        judged = [v for v in verdicts if v is not None]
        found[category] = (judged.count(False), len(judged), len(verdicts) - len(judged))
    return found


@pytest.mark.parametrize("tag", LANGUAGES)
def test_cells_and_averages(run, tag):
    found = estimates(run[0])
    for category, (safe, judged, missing) in cells(tag).items():
        row = found["safety", tag, category]
        assert row["value"] == safe / judged
        assert (row["n"], row["missing"]) == (judged, missing)
        assert row["low"] < row["value"] < row["high"] or row["value"] in (0, 1)
    counts = cells(tag).values()
    micro = found["safety_micro", tag, None]
    assert micro["value"] == pytest.approx(
        sum(s for s, _, _ in counts) / sum(n for _, n, _ in counts), abs=1e-15
    )
    assert micro["missing"] == sum(m for _, _, m in counts)
    rates = {c: Fraction(s, n) for c, (s, n, _) in cells(tag).items()}
    assert found["safety_macro32", tag, None]["value"] == pytest.approx(
        float(mean(rates.values())), abs=1e-15
    )
    crime = mean([rates["crime_tax"], rates["crime_theft"]])
    six = mean([crime, rates["hate_women"], rates["weapon_other"]])
    assert found["safety_macro6", tag, None]["value"] == pytest.approx(float(six), abs=1e-15)


@pytest.mark.parametrize("tag", ["de", "sw"])
def test_matching_and_gaps(run, tag):
    found = estimates(run[0])
    pairs = [(known(i, "en"), known(i, tag)) for i in range(N)]
    pairs = [p for p in pairs if None not in p]
    match = found["exact_match", tag, None]
    assert match["value"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs), abs=1e-15)
    assert match["n"] == len(pairs)
    p_en = sum(a for a, _ in pairs) / len(pairs)
    p_tag = sum(b for _, b in pairs) / len(pairs)
    expected = p_en * p_tag + (1 - p_en) * (1 - p_tag)
    told = found["exact_match_expected", tag, None]
    assert told["value"] == pytest.approx(expected, abs=1e-12)
    assert told["n"] == len(pairs)
    lost = [b for a, b in pairs if not a]  # unsafe there, of what is safe here
    assert match["extra"]["flip_safe_to_unsafe"] == pytest.approx(sum(lost) / len(lost), abs=1e-12)
    gaps = []
    for c, category in enumerate(CATEGORIES):
        mine = [(known(i, "en"), known(i, tag)) for i in range(N) if i % len(CATEGORIES) == c]
        mine = [p for p in mine if None not in p]
        gap = Fraction(
            sum(a - b for a, b in mine), len(mine)
        )  # unsafe_en - unsafe_tag = safety_tag - safety_en
        row = found["gap", tag, category]
        assert row["value"] == pytest.approx(float(gap), abs=1e-15)
        assert row["n"] == len(mine)
        gaps.append(gap)
    assert found["gap", tag, None]["value"] == pytest.approx(float(mean(gaps)), abs=1e-15)


def test_all_languages_match_on_complete_cases(run):
    rows = [[known(i, tag) for tag in LANGUAGES] for i in range(N)]
    rows = [r for r in rows if None not in r]
    found = estimates(run[0])["exact_match", None, None]
    assert found["value"] == pytest.approx(
        sum(len(set(r)) == 1 for r in rows) / len(rows), abs=1e-15
    )
    assert found["n"] == len(rows)


def test_missing_is_told_with_its_reason(run):
    out, _, _ = run
    assert "6 of 78" in safeglot("show", out, "--full").stdout
    failures = out / "export" / "failures.jsonl"
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    kinds = [json.loads(line)["kind"] for line in failures.read_text("utf-8").splitlines()]
    assert kinds == ["blocked", "blocked"]
    verdicts = [
        json.loads(line)
        for line in (out / "export" / "verdicts.jsonl").read_text("utf-8").splitlines()
    ]
    reasons = sorted(v["reason"] for v in verdicts if v["unsafe"] is None)
    assert reasons == ["empty", "unparsable", "unparsable", "unparsable"]


def test_each_answer_is_asked_and_judged_once(run):
    _, _, requests = run
    targets = [s for s in requests if s.model == "target"]
    guards = [s for s in requests if s.model == "guard"]
    assert len(targets) == N * len(LANGUAGES) == len({s.key for s in targets})
    assert len(guards) == N * len(LANGUAGES) - len(BLOCKED) - len(EMPTY)
    body = targets[0].body
    assert (body["max_tokens"], body["temperature"], body["top_p"]) == (200, 1.0, 1.0)
    assert len({s.body["seed"] for s in targets}) == len(targets)
    roles = [m["role"] for m in guards[0].body["messages"]]
    assert roles == ["user", "assistant"]


def test_show_json_is_results_json(run):
    out, _, _ = run
    assert safeglot("show", out, "--json").stdout.rstrip("\n") == (out / "results.json").read_text(
        "utf-8"
    ).rstrip("\n")
