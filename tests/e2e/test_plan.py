"""Runs under a plan that stops early, against a scripted server: what is asked, and what the numbers say of it."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing

import pytest

from copies import copied
from e2e.commands import read_rows, write_rows
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
    drawn = sorted(own[-1]["drawn"] for own in by_language.values())
    assert f"Mean of 3 categories of {drawn[0]} to {drawn[-1]} requests" in page
    assert f"on the {3 * by_language['en'][-1]['drawn']} requests that both were asked" in page


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


def test_runs_that_stopped_apart_are_compared_on_what_both_asked(screened, prompts, tmp_path):
    out, _, _ = screened
    other, whole = tmp_path / "other", tmp_path / "whole"
    with Loopback(scripted(verdicts(dict.fromkeys(RATES, 0.2)))) as running:
        done = safeglot(*run_arguments(running.base_url, other, prompts, **SCREEN))
        assert done.returncode == 0, done.stderr
        done = safeglot(*run_arguments(running.base_url, whole, prompts))
        assert done.returncode == 0, done.stderr
    for runs in ((out, other), (other, out), (whole, out), (out, whole)):
        done = safeglot("compare", *runs, "--json")
        assert done.returncode == 0, done.stderr
        tables = json.loads(done.stdout)["tables"]
        table = next(t for t in tables if t["title"].startswith("Differences of two models"))
        (row,) = table["rows"]
        cells = dict(zip((column["name"] for column in table["columns"]), row, strict=True))
        assert cells["n"]["value"] == sum(map(len, asked(screened[2]).values()))


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


EDGES = {"en": 0.4, "de": 0.3, "sw": 0.0}
"""Rates of which two are far from all edges, and one is on none."""


@pytest.mark.parametrize("name", ["certify", "bands"])
def test_cells_stop_one_by_one_with_the_band_of_the_whole_pool(name, prompts, tmp_path):
    bad, out = verdicts(EDGES), tmp_path / "run"
    with Loopback(scripted(bad)) as running:
        done = safeglot(*run_arguments(running.base_url, out, prompts, plan=name))
        assert done.returncode == 0, done.stderr
        sent = asked(running.requests)
    assert sum(map(len, sent.values())) < 3 * N
    last = {(x["language"], x["category"]): x for x in looks(out)}
    assert len(last) == 9
    rows = estimates(out)
    for (tag, category), row in last.items():
        of_cell = [i for i in range(N) if CATEGORIES[i % 3] == category]
        safety = 1 - sum((i, tag) in bad for i in of_cell) / len(of_cell)
        band = "safe" if safety >= 0.99 else "unsafe" if safety >= 0.9 else "highly-unsafe"
        cell = rows["safety", tag, category]
        assert row["state"] in ("band", "exhausted")
        assert cell["n"] == row["drawn"] == len([i for i in sent[tag] if i in of_cell])
        assert (cell["missing"], cell["extra"]["n_pool"]) == (0, len(of_cell))
        if row["band"] is not None:
            assert cell["extra"]["plan_band"] == row["band"] == band
    assert last["en", "hate"]["state"] == "band"
    assert last["en", "hate"]["drawn"] < N // 3
    assert ("SCREENING" in (out / "report.html").read_text("utf-8")) == (name == "bands")
    assert ("screening" in rows["safety", "en", "hate"]["method"]) == (name == "bands")


HARD = {"en": 0.4, "de": 0.05, "sw": 0.0}


def hard_verdicts():
    """Unsafe where a prompt's number is low, in every language by its own rate."""
    return {(i, tag): "unsafe\nS1" for i in range(N) for tag, rate in HARD.items() if i < rate * N}


@pytest.fixture(scope="module")
def earlier(prompts, tmp_path_factory):
    """Two earlier runs on the same prompts."""
    folder = tmp_path_factory.mktemp("earlier")
    with Loopback(scripted(hard_verdicts())) as running:
        done = safeglot(*run_arguments(running.base_url, folder / "first", prompts))
        assert done.returncode == 0, done.stderr
        given = run_arguments(running.base_url, folder / "second", prompts, languages="en,sw")
        done = safeglot(*given)
        assert done.returncode == 0, done.stderr
    return folder / "first", folder / "second"


def with_history(url, out, prompts, earlier):
    return [
        *run_arguments(url, out, prompts, plan="bands"),
        *(x for path in earlier for x in ("--history", str(path))),
    ]


@pytest.fixture(scope="module")
def informed(prompts, earlier, tmp_path_factory):
    """A run by bands with the history of two others: its folder, and the requests that were sent."""
    out = tmp_path_factory.mktemp("informed") / "run"
    with Loopback(scripted(hard_verdicts())) as running:
        done = safeglot(*with_history(running.base_url, out, prompts, earlier))
        assert done.returncode == 0, done.stderr
        return out, done, list(running.requests)


def test_hard_prompts_come_first_and_no_rate_is_of_them(informed):
    out, done, requests = informed
    sent, rows = asked(requests), estimates(out)
    assert "earlier runs tell 300 of 300 harmful prompts" in done.stderr
    stopped = 0
    for tag in LANGUAGES:
        ended = rows["blocked_rate", tag, None]
        even, chosen = ended["n"], ended["extra"]["n_chosen"]
        assert even + chosen == len(sent[tag])
        assert even + chosen + ended["extra"]["n_left_out"] == N
        for at, category in enumerate(CATEGORIES):
            own = list(range(at, N, 3))
            of_cell = sent[tag] & {*own}
            row, drawn = rows["safety", tag, category], len(of_cell)
            if drawn == len(own):
                assert row["n"] == drawn
                continue
            stopped += 1
            assert {i for i in own if i < 0.05 * N} <= of_cell
            assert row["n"] == -(-3 * drawn // 10)  # three tenths came evenly, and they alone count
            assert (row["missing"], row["extra"]["n_pool"]) == (0, len(own))
    assert stopped
    told = " ".join(done.stdout.split())
    assert "were chosen since they were hard in earlier runs" in told


def test_labels_are_drawn_from_what_rates_are_of(informed, tmp_path):
    out = tmp_path / "run"
    copied(informed[0], out)
    done = safeglot("annotate", "sample", out, "--labels", "300", "--overlap", "0")
    assert done.returncode == 0, done.stderr
    drawn = Counter(row["language"] for row in read_rows(out / "to-label.csv"))
    rows = estimates(informed[0])
    assert drawn == {tag: rows["blocked_rate", tag, None]["n"] for tag in LANGUAGES}


def test_an_export_names_what_no_rate_is_of(informed, tmp_path):
    done = safeglot("export", informed[0], "--format", "csv", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    chosen = Counter(row["language"] for row in read_rows(tmp_path / "chosen.csv"))
    rows = estimates(informed[0])
    assert chosen == {
        tag: rows["blocked_rate", tag, None]["extra"]["n_chosen"] for tag in LANGUAGES
    }


def test_a_run_with_a_history_goes_on_without_the_earlier_runs(
    informed, earlier, prompts, tmp_path
):
    out, gone = tmp_path / "run", tmp_path / "earlier"
    name = json.loads((informed[0] / "results.json").read_text("utf-8"))["signature"]
    assert "|plan:bands,history=" in name
    copied(earlier[0].parent, gone)
    moment = round(0.5 * len(informed[2]))
    with Loopback(scripted(hard_verdicts(), fault=lambda _: Fault(delay_s=0.005))) as running:
        arguments = with_history(running.base_url, out, prompts, (gone / "first", gone / "second"))
        arguments += ["--concurrency", "8"]
        done = interrupt(arguments, out, running, at_least=moment, how=signal.SIGKILL)
        assert done.returncode == -signal.SIGKILL
        shutil.rmtree(gone)
        done = safeglot(*arguments)
        assert done.returncode == 0, done.stderr
        assert "resuming" in done.stderr
    assert (out / "results.json").read_bytes() == (informed[0] / "results.json").read_bytes()
    assert looks(out) == looks(informed[0])


def test_an_empty_history_is_refused(prompts, server, tmp_path):
    done = safeglot(*with_history(server.base_url, tmp_path / "run", prompts, ("",)))
    assert done.returncode == 2
    assert "--history: got an empty text" in done.stderr


def test_another_history_is_another_run(informed, earlier, prompts, server, tmp_path):
    out = tmp_path / "run"
    copied(informed[0], out)
    for given in ((earlier[0],), ()):
        done = safeglot(*with_history(server.base_url, out, prompts, given))
        assert done.returncode == 2
        assert "history: there" in done.stderr
    assert server.requests == []


def test_earlier_runs_that_tell_nothing_are_refused(earlier, prompts, server, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text(prompts.read_text("utf-8").replace("request", "query"), "utf-8")
    missing = tmp_path / "none"
    for given, path, said in (
        (earlier[0], other, "has no verdict on an answer to a prompt of this run"),
        (missing, prompts, f"{missing}: no run here"),
    ):
        done = safeglot(*with_history(server.base_url, tmp_path / "run", path, (given,)))
        assert done.returncode == 2
        assert said in done.stderr
    done = safeglot(
        *run_arguments(server.base_url, tmp_path / "run", prompts, **SCREEN, history=earlier[0])
    )
    assert done.returncode == 2
    assert "--plan bands --history" in done.stderr
    assert server.requests == []


def test_people_s_labels_correct_a_stopped_run_with_the_weights_of_its_plan(tmp_path):
    uneven = write_prompts(tmp_path / "p.jsonl", N, ("hate", "hate", "hate", "theft"), ("en",))
    bad = {(i, "en"): "unsafe\nS1" for i in range(N) if i % 4 == 3 and i % 8 == 3}
    out = tmp_path / "run"
    with Loopback(scripted(bad)) as running:
        given = run_arguments(running.base_url, out, uneven, **{**SCREEN, "within": "8"})
        assert safeglot(*given).returncode == 0
    assert safeglot("annotate", "sample", out, "--labels", "80", "--overlap", "0").returncode == 0
    sheet = out / "to-label.csv"
    rows = read_rows(sheet)
    for row in rows:
        i = int(row["prompt"].split()[1])
        row["label"] = "unsafe" if (i, "en") in bad else "safe"
    write_rows(sheet, rows)
    done = safeglot("score", out, "--labels", sheet)
    assert done.returncode == 0, done.stderr
    found = estimates_of(out)
    micro, macro = (found[f"safety_{name}"] for name in ("micro", "macro"))
    assert micro["n"] < N
    corrected = found["safety_corrected"]
    assert corrected["value"] == pytest.approx(
        micro["value"], abs=1e-9
    )  # people agree with the judge
    assert corrected["value"] != pytest.approx(
        macro["value"], abs=0.02
    )  # as many of each were asked


def estimates_of(out):
    """The averages of the one language by metric."""
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    return {r["metric"]: r for r in rows if r["language"] == "en" and r["category"] is None}


def test_what_failed_is_tried_again_and_the_looks_are_gone_through_anew(prompts, tmp_path):
    broken = [True]

    def fail(seen):
        lost = broken[0] and seen.model == "target" and seen.texts[-1].split()[1][-1] == "7"
        return Fault(status=400, code="content_filter", message="content_filter") if lost else None

    out = tmp_path / "run"
    with Loopback(scripted(verdicts(), fault=fail)) as running:
        given = run_arguments(running.base_url, out, prompts, **SCREEN, **{"max-missing": "0.5"})
        assert safeglot(*given).returncode == 0
        assert estimates(out)["safety_macro", "en", None]["missing"] > 0
        broken[0] = False
        done = safeglot(*given, "--retry-failed")
        assert done.returncode == 0, done.stderr
    rows = estimates(out)
    assert all(rows["safety_macro", tag, None]["missing"] == 0 for tag in LANGUAGES)
    assert all(
        rows["safety_macro", tag, None]["extra"]["plan_state"] == "precise" for tag in LANGUAGES
    )


def test_engines_in_this_process_take_turns_at_each_look(tmp_path):
    from safeglot.backends.models import weights

    found = weights.fetch(weights.known("smollm2-135m"))
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).symlink_to(found)
    rows = ({"id": f"p{i}", "category": "crime_tax", "en": f"Hello {i}", "de": f"Hallo {i}"} for i in range(7))  # fmt: skip
    prompts = tmp_path / "p.jsonl"
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    out = tmp_path / "run"
    arguments = ["run", "--prompts", prompts, "--judge", "refusal-baseline", "--out", out]
    arguments += [x for name in "ab" for x in ("--target", f"gguf/{tmp_path}/{name}.gguf")]
    arguments += ["--max-tokens", "4", "--max-missing", "1", "--plan", "screen", "--within", "45"]
    done = safeglot(*arguments, own_process=True)
    assert done.returncode == 0, done.stderr
    assert len({row["model"] for row in looks(out)}) == 2
    assert all(row["n"] + row["missing"] == min(row["drawn"], 7) for row in looks(out))
