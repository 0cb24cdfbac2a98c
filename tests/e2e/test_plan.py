"""Runs under a plan that stops early, against a scripted server: what is asked, and what the numbers say of it."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing

import pytest

from e2e.runs import LANGUAGES, estimates, run_arguments, safeglot, scripted, write_prompts
from e2e.test_loopback_resume import committed, interrupt
from loopback import Fault, Loopback

CATEGORIES = ("hate", "theft", "drugs")
N = 300
RATES = {"en": 0.01, "de": 0.03, "sw": 0.08}
SCREEN = {"plan": "screen", "within": "5"}


def verdicts(rates=RATES, n=N, seed=3):
    draw = random.Random(seed)
    return {
        (i, tag): "unsafe\nS1" for i in range(n) for tag, p in rates.items() if draw.random() < p
    }


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    return write_prompts(tmp_path_factory.mktemp("plan") / "prompts.jsonl", N, CATEGORIES)


@pytest.fixture
def server():
    with Loopback(scripted(verdicts())) as running:
        yield running


@pytest.fixture(scope="module")
def screened(prompts, tmp_path_factory):
    """A screen run: its folder, and the requests that were sent."""
    out = tmp_path_factory.mktemp("screened") / "run"
    with Loopback(scripted(verdicts())) as running:
        done = safeglot(*run_arguments(running.base_url, out, prompts, **SCREEN))
        assert done.returncode == 0, done.stderr
        return out, done, list(running.requests)


def asked(requests, model="target"):
    """Language -> numbers of the prompts that a model was asked."""
    found = defaultdict(set)
    for seen in requests:
        if seen.model == model:
            _, i, _, tag = seen.texts[-1].split()
            found[tag].add(int(i))
    return found


def looks(out):
    with closing(sqlite3.connect(out / "safeglot.db")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("SELECT * FROM looks ORDER BY model, look")]


def test_a_screen_asks_each_language_until_its_average_is_known(screened):
    out, done, requests = screened
    numbers, sent = estimates(out), asked(requests)
    assert len(sent["en"]) < len(sent["sw"]) or len(sent["de"]) < len(sent["sw"])
    assert max(map(len, sent.values())) < N
    for tag in LANGUAGES:
        row = numbers["safety_macro", tag, None]
        assert row["n"] == len(sent[tag])
        assert row["missing"] == 0
        assert row["extra"]["n_pool"] == N
        assert row["extra"]["plan_state"] == "precise"
        assert row["extra"]["pool_high"] - row["value"] <= 0.05
        assert row["method"].endswith("; plan screen, stopped early")
        ended = numbers["blocked_rate", tag, None]
        assert ended["n"] + ended["extra"]["n_left_out"] == N
        assert ended["extra"]["n_not_asked"] == 0
    assert "Plan screen: it stopped by itself after" in done.stdout


def test_the_languages_have_the_same_prompts_as_far_as_each_goes(screened):
    sent = asked(screened[2])
    small, middle, large = sorted(sent.values(), key=len)
    assert small <= middle <= large
    for numbers in sent.values():
        counts = Counter(i % 3 for i in numbers)
        assert len(set(counts.values())) == 1


def test_the_ledger_is_stored_exported_and_shown(screened):
    out = screened[0]
    rows = looks(out)
    by_language = defaultdict(list)
    for row in rows:
        by_language[row["language"]].append(row)
    for tag, own in by_language.items():
        assert [row["look"] for row in own] == list(range(1, len(own) + 1))
        assert [row["state"] for row in own] == ["goes-on"] * (len(own) - 1) + ["precise"]
        last = own[-1]
        assert (last["n"], last["missing"], last["pool"]) == (last["drawn"] * 3, 0, N)
        row = estimates(out)["safety_macro", tag, None]
        assert json.loads(last["numbers"])["macro"] == pytest.approx(row["value"])
        assert row["extra"]["plan_look"] == last["look"]
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    exported = (out / "export" / "looks.jsonl").read_text("utf-8").splitlines()
    assert len(exported) == len(rows)
    page = (out / "report.html").read_text("utf-8")
    assert "How the looks went" in page
    assert "judge&#39;s verdicts" in page or "judge's verdicts" in page
    assert "not asked yet" not in page


def test_the_signature_names_the_plan_and_a_full_run_has_none(screened, tmp_path):
    text = json.loads((screened[0] / "results.json").read_text("utf-8"))["signature"]
    assert "|plan:screen,within=5|" in text


@pytest.mark.parametrize("share", [0.15, 0.8])
def test_a_run_that_was_killed_ends_in_the_same_bytes(share, screened, prompts, tmp_path):
    out = tmp_path / "run"
    moment = round(share * len(screened[2]))
    with Loopback(scripted(verdicts(), fault=lambda _: Fault(delay_s=0.005))) as running:
        arguments = run_arguments(running.base_url, out, prompts, concurrency=8, **SCREEN)
        done = interrupt(arguments, out, running, at_least=moment, how=signal.SIGKILL)
        assert done.returncode == -signal.SIGKILL
        assert moment <= committed(out) < len(screened[2])
        done = safeglot(*arguments)
        assert done.returncode == 0, done.stderr
        assert "resuming" in done.stderr
    assert (out / "results.json").read_bytes() == (screened[0] / "results.json").read_bytes()
    assert looks(out) == looks(screened[0])


def test_a_finished_plan_asks_nothing_more(screened, prompts, server, tmp_path):
    out = tmp_path / "run"
    arguments = run_arguments(server.base_url, out, prompts, **SCREEN)
    assert safeglot(*arguments).returncode == 0
    first, n = (out / "results.json").read_bytes(), len(server.requests)
    assert safeglot(*arguments).returncode == 0
    assert (out / "results.json").read_bytes() == first
    assert len(server.requests) == n


def test_going_on_in_full_gives_the_bytes_of_a_full_run(prompts, server, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "run"
    assert safeglot(*run_arguments(server.base_url, whole, prompts)).returncode == 0
    assert safeglot(*run_arguments(server.base_url, out, prompts, **SCREEN)).returncode == 0
    done = safeglot(*run_arguments(server.base_url, out, prompts))
    assert done.returncode == 0, done.stderr
    assert "the prompts that its plan left out" in done.stderr
    assert (out / "results.json").read_bytes() == (whole / "results.json").read_bytes()
    assert looks(out) == []
    back = safeglot(*run_arguments(server.base_url, out, prompts, **SCREEN))
    assert back.returncode == 2
    assert "plan: there full, now screen" in back.stderr


def test_each_target_stops_by_itself(prompts, tmp_path):
    bad = verdicts({"en": 0.25, "de": 0.25, "sw": 0.25})

    def answer(seen):
        if seen.model == "guard":
            text = seen.texts[-1].strip("[]").split()
            return bad.get((int(text[1]), text[2]), "safe") if text[0] == "weak" else "safe"
        _, i, _, tag = seen.texts[-1].split()
        return f"[{seen.model} {i} {tag}]"

    script = scripted({})
    script.answer = answer
    out = tmp_path / "run"
    with Loopback(script) as running:
        given = run_arguments(running.base_url, out, prompts, **{**SCREEN, "target": "vllm/weak"})
        done = safeglot(*given, "--target", "vllm/strong")
        assert done.returncode == 0, done.stderr
        sent = {name: asked(running.requests, name) for name in ("weak", "strong")}
    assert len(sent["strong"]["en"]) < len(sent["weak"]["en"])
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    for row in rows:
        if row["metric"] == "safety_macro" and row["language"]:
            name = row["model"].removeprefix("vllm/")
            assert (row["n"], row["missing"]) == (len(sent[name][row["language"]]), 0)


def test_what_fails_counts_as_lost_and_never_as_safe(prompts, tmp_path):
    def refuse(seen):
        text = seen.texts[-1]
        blocked = seen.model == "target" and text.endswith("in de") and text.split()[1][-1] == "7"
        return (
            Fault(status=400, code="content_filter", message="content_filter") if blocked else None
        )

    out = tmp_path / "run"
    with Loopback(scripted(verdicts(), fault=refuse)) as running:
        done = safeglot(
            *run_arguments(running.base_url, out, prompts, **SCREEN, **{"max-missing": "0.5"})
        )
        assert done.returncode == 0, done.stderr
    row = estimates(out)["safety_macro", "de", None]
    lost = row["missing"] / (row["n"] + row["missing"])
    assert lost > 0.05
    assert row["extra"]["pool_high"] - row["extra"]["pool_low"] > lost
    ended = estimates(out)["blocked_rate", "de", None]
    assert ended["n"] + ended["extra"]["n_left_out"] == N
    assert [x["missing"] for x in looks(out) if x["language"] == "de"][-1] == row["missing"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--shard", "1/2"), "a look needs the verdicts of all shards"),
        (("--samples", "2"), "a look counts one answer a prompt"),
        (("--probes", "framing=story"), "asked of all prompts"),
        (("--plan", "screens"), "Did you mean 'screen'?"),
        (("--within", "0"), "at least 0.1"),
    ],
)
def test_what_a_plan_cannot_go_with_is_refused(more, why, prompts, server, tmp_path):
    done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts, **SCREEN), *more)
    assert done.returncode == 2
    assert why in done.stderr
    assert server.requests == []


def test_a_dry_run_gives_the_price_as_a_range(prompts, server, tmp_path):
    done = safeglot(
        *run_arguments(server.base_url, tmp_path / "run", prompts, **SCREEN), "--dry-run"
    )
    assert done.returncode == 0, done.stderr
    assert "171 to 900" in done.stdout  # 19 of each of 3 categories where all are safe
    assert server.requests == []


def test_answers_without_a_judge_follow_no_plan(prompts, server, tmp_path):
    path = tmp_path / "safeglot.toml"
    path.write_text(f'prompts = "{prompts}"\nplan = "screen"\ntarget = "vllm/target"\n', "utf-8")
    done = safeglot("generate", path, "--base-url", server.base_url, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "its looks need verdicts" in done.stderr
