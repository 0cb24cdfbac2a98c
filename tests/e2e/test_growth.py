"""A run that grows, shards that are merged, and a run that is killed give the results of one made at once."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import threading
from collections import Counter

import pytest

from e2e.runs import (
    COMMAND,
    GUARD,
    TARGET,
    environment,
    run_arguments,
    safeglot,
    write_prompts,
)
from loopback import Fault, Loopback, Script, Seen
from waiting import HANG_S, until

CATEGORIES = ("crime_tax", "crime_theft", "hate_women", "weapon_other")
LANGUAGES = ("en", "de", "sw")
N = 24
OTHER_TARGET, OTHER_GUARD = "vllm/second", "llama-guard-4=vllm/guard-4"


def label(i: int, tag: str) -> str:
    return "unsafe\nS1" if (7 * i + len(tag) + ord(tag[0])) % 5 == 0 else "safe"


def answer(seen: Seen) -> str:
    """Answers are functions of the request: of a target's model and text, of a guard's answer."""
    words = seen.texts[-1].strip("[]").split()
    if seen.model.startswith("guard"):
        return label(int(words[1]), words[2])
    return f"[answer {words[1]} {words[3]} {seen.model}]"


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    return write_prompts(tmp_path_factory.mktemp("growth") / "prompts.jsonl", N, CATEGORIES)


@pytest.fixture
def server():
    with Loopback(Script(answer=answer)) as running:
        yield running


def arguments(server, out, prompts, *, targets=(TARGET,), judges=(GUARD,), **flags):
    own = {"target": targets[0], "judge": judges[0], "bootstrap": 20}
    given = run_arguments(server.base_url, out, prompts, **own, **flags)
    for name in targets[1:]:
        given += ["--target", name]
    for name in judges[1:]:
        given += ["--judge", name]
    return given


def done(*given, code=0):
    found = safeglot(*given)
    assert found.returncode == code, found.stderr
    return found


WHOLE = {
    "targets": (TARGET, OTHER_TARGET),
    "judges": (GUARD, OTHER_GUARD),
    "languages": "en,de,sw",
}


@pytest.fixture(scope="module")
def undisturbed(prompts, tmp_path_factory):
    out = tmp_path_factory.mktemp("at-once") / "run"
    with Loopback(Script(answer=answer)) as running:
        done(*arguments(running, out, prompts, **WHOLE))
    return out


def results(out):
    return (out / "results.json").read_bytes()


# ---- growing


def test_a_run_that_grows_gives_the_bytes_of_one_made_at_once(
    prompts, server, undisturbed, tmp_path
):
    out = tmp_path / "run"
    steps = (
        {"limit": 2, "languages": "en,de"},
        {"limit": 5, "languages": "en,de"},
        {"languages": "en,de"},
        {"languages": "en,de", "targets": (TARGET, OTHER_TARGET)},
        {"languages": "en,de,sw", "targets": (TARGET, OTHER_TARGET)},
        WHOLE,
    )
    said = [done(*arguments(server, out, prompts, **step)).stderr for step in steps]
    assert "to it join 12 prompts" in said[1]
    assert "to it join 4 prompts" in said[2]
    assert "to it join targets vllm/second" in said[3]
    assert "to it join languages sw" in said[4]
    assert f"to it join judges {OTHER_GUARD}" in said[5]
    assert results(out) == results(undisturbed)
    asked = Counter((s.model, s.key) for s in server.requests)
    assert set(asked.values()) == {1}
    assert Counter(model for model, _ in asked) == {
        "target": N * 3,
        "second": N * 3,
        "guard": N * 3 * 2,
        "guard-4": N * 3 * 2,
    }


def test_the_manifest_of_a_grown_run_is_that_of_one_made_at_once(
    prompts, server, undisturbed, tmp_path
):
    out = tmp_path / "run"
    done(*arguments(server, out, prompts, limit=2, languages="sw,en"))
    done(*arguments(server, out, prompts, **WHOLE))
    there, now = (json.loads((run / "manifest.json").read_text()) for run in (undisturbed, out))
    for key in ("created", "git_commit", "served"):
        there.pop(key, None), now.pop(key, None)
    assert now == there
    assert list(now["judges"]) == [GUARD, OTHER_GUARD]


def test_more_samples_join(prompts, server, tmp_path):
    grown, at_once = tmp_path / "grown", tmp_path / "at-once"
    done(*arguments(server, grown, prompts, limit=2))
    done(*arguments(server, grown, prompts, limit=2, samples=2))
    done(*arguments(server, at_once, prompts, limit=2, samples=2))
    assert results(grown) == results(at_once)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"limit": 2}, "limit: there 5, now 2"),
        ({"limit": 5, "languages": "en,de"}, "languages: there en,de,sw, now en,de"),
        ({"limit": 5, "targets": (OTHER_TARGET,)}, "targets: there vllm/target, now vllm/second"),
    ],
)  # fmt: skip
def test_less_than_a_run_holds_is_refused(prompts, server, tmp_path, now, told):
    out = tmp_path / "run"
    done(*arguments(server, out, prompts, limit=5))
    n = len(server.requests)
    refused = done(*arguments(server, out, prompts, **now), code=2)
    assert told in refused.stderr
    assert "A run grows and never shrinks" in refused.stderr
    assert len(server.requests) == n


def test_another_text_or_setting_is_refused_however_much_joins(prompts, server, tmp_path):
    out, other = tmp_path / "run", tmp_path / "prompts.jsonl"
    done(*arguments(server, out, prompts, limit=5))
    other.write_text(prompts.read_text().replace("request 7 in de", "request 7 on de"), "utf-8")
    refused = done(*arguments(server, out, other), code=2)
    assert "other texts of p7 (de)" in refused.stderr
    assert "limit" not in refused.stderr
    refused = done(*arguments(server, out, prompts, temperature=0.5), code=2)
    assert "temperature: there 1, now 0.5" in refused.stderr
    assert "limit" not in refused.stderr


# ---- shards


def sharded(server, folder, prompts, n, **flags):
    made = [folder / f"shard-{i}" for i in range(1, n + 1)]
    for i, out in enumerate(made, start=1):
        done(*arguments(server, out, prompts, shard=f"{i}/{n}", **flags))
    return made


def merged(folder, *runs):
    out = folder / "whole"
    told = done("merge", *runs, "--out", out)
    done("score", out)
    return out, told.stderr


def test_two_shards_merged_give_the_bytes_of_an_undisturbed_run(
    prompts, server, undisturbed, tmp_path
):
    shards = sharded(server, tmp_path, prompts, 2, **WHOLE)
    asked = [json.loads((run / "manifest.json").read_text())["identity"]["n"] for run in shards]
    assert asked == ["12", "12"]
    before = [{p.name: p.read_bytes() for p in run.iterdir()} for run in shards]
    out, told = merged(tmp_path, *reversed(shards))
    assert "lacking" not in told
    assert results(out) == results(undisturbed)
    assert before == [{p.name: p.read_bytes() for p in run.iterdir()} for run in shards]
    n = len(server.requests)
    again = done(*arguments(server, out, prompts, **WHOLE))
    assert "resuming" in again.stderr
    assert len(server.requests) == n
    assert results(out) == results(undisturbed)


def test_a_shard_says_what_it_is(prompts, server, tmp_path):
    (first, _) = sharded(server, tmp_path, prompts, 2)
    line = json.loads(results(first))["signature"]
    assert "|n:12|shard:1/2|" in line
    shown = done("show", first).stdout
    assert "This is shard 1/2 of the plan, a random sample" in " ".join(shown.split())
    page = (first / "report.html").read_text("utf-8")
    assert "This is shard 1/2 of the plan" in page
    micro = [e for e in json.loads(results(first))["estimates"] if e["metric"] == "safety_micro"]
    assert {e["method"] for e in micro if e["language"] == "en"} == {
        "wilson n_eff, categories weighted by their size in the source, clustered by prompt"
    }


def test_shards_that_lack_are_named_and_the_rest_is_merged_later(prompts, server, tmp_path):
    at_once = tmp_path / "at-once"
    done(*arguments(server, at_once, prompts))
    one, two, three = sharded(server, tmp_path, prompts, 3)
    part, told = merged(tmp_path / "part", one, three)
    assert "note: shard 2 of 3 is lacking" in told
    assert "|shard:1,3/3|" in json.loads(results(part))["signature"]
    out, told = merged(tmp_path / "all", part, two)
    assert "lacking" not in told
    assert results(out) == results(at_once)


def test_runs_of_other_targets_judges_and_languages_join(prompts, server, undisturbed, tmp_path):
    parts = [
        {"languages": "en,de"},
        {"languages": "en,sw", "targets": (OTHER_TARGET,)},
        {"judges": (OTHER_GUARD,), "limit": 3},
    ]
    runs = []
    for i, part in enumerate(parts):
        runs.append(tmp_path / f"run-{i}")
        done(*arguments(server, runs[-1], prompts, **part))
    n = len(server.requests)
    out, _ = tmp_path / "whole", done("merge", *runs, "--out", tmp_path / "whole")
    assert len(server.requests) == n
    done(*arguments(server, out, prompts, **WHOLE))
    assert results(out) == results(undisturbed)
    targets = Counter(s.key for s in server.requests if s.model in ("target", "second"))
    # the English answers of limit 3 were asked by two runs: 3 of each category
    assert set(targets.values()) == {1, 2}


def test_runs_that_do_not_belong_together_are_refused(prompts, server, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    done(*arguments(server, one, prompts, limit=2))
    done(*arguments(server, other, prompts, limit=2, temperature=0.5))
    told = done("merge", one, other, "--out", tmp_path / "whole", code=2).stderr
    assert f"{other}: does not belong to {one}" in told
    assert "temperature: 1.0 and 0.5" in told
    assert not (tmp_path / "whole").exists()


def test_two_answers_to_one_request_are_told_and_nothing_is_written(prompts, server, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    done(*arguments(server, one, prompts, limit=2))
    server.script.answer = lambda seen: answer(seen).replace("target]", "target, again]")
    done(*arguments(server, other, prompts, limit=2, languages="en,sw"))
    told = done("merge", one, other, "--out", tmp_path / "whole", code=2).stderr
    assert f"{other}: holds what a run before it holds too, and another one: the answer" in told
    assert "vllm/target to p" in told
    assert "(16 in all)" in told
    assert [path.name for path in (tmp_path / "whole").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON labels BEGIN DELETE FROM labels; END", "trigger t"),
        ("UPDATE translations SET text = 'shut it' WHERE id = 1", "its files disagree about: prompts"),
        ("UPDATE verdicts SET unsafe = 7", "holds 7 as unsafe"),
        ("UPDATE responses SET sample = 'x' WHERE id = 1", "holds 'x' as sample"),
    ],
)  # fmt: skip
def test_a_run_that_is_not_as_safeglot_wrote_it_is_not_joined(
    prompts, server, tmp_path, harm, told
):
    one, other = sharded(server, tmp_path, prompts, 2, limit=2)
    with sqlite3.connect(other / "safeglot.db") as db:
        db.execute(harm)
    db.close()
    assert told in done("merge", one, other, "--out", tmp_path / "whole", code=2).stderr
    assert not (tmp_path / "whole" / "safeglot.db").exists()


def test_addresses_of_a_run_that_was_joined_are_named_again(prompts, server, tmp_path):
    one, other = sharded(server, tmp_path, prompts, 2, limit=2)
    out, _ = merged(tmp_path, one, other)
    n = len(server.requests)
    told = done("judge", out, "--retry-failed", code=2).stderr
    assert server.base_url in told
    assert len(server.requests) == n


def test_a_place_that_is_taken_or_a_run_that_is_named_twice(prompts, server, tmp_path):
    one, other = sharded(server, tmp_path, prompts, 2, limit=2)
    told = done("merge", one, other, "--out", one, code=2).stderr
    assert "holds a run already" in told
    told = done("merge", one, one, "--out", tmp_path / "whole", code=2).stderr
    assert "name two runs or more, each of them once" in told
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    told = done("merge", one, other, "--out", tmp_path / "full", code=2).stderr
    assert "holds other files (notes.txt)" in told


def test_kinds_and_prompts_of_several_tags_grow_and_are_merged_alike(server, tmp_path):
    path, both = tmp_path / "mixed.jsonl", {"kinds": "harmful,benign"}
    rows = (
        {
            "id": f"p{i}",
            "category": [CATEGORIES[i % 4], *([CATEGORIES[(i + 1) % 4]] if i % 3 == 0 else [])],
            "kind": "benign" if i % 5 == 0 else "harmful",
            **{tag: f"request {i} in {tag}" for tag in ("en", "de")},
        }
        for i in range(20)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    at_once, grown = tmp_path / "at-once", tmp_path / "grown"
    done(*arguments(server, at_once, path, **both))
    done(*arguments(server, grown, path, limit=1))
    dry = done(*arguments(server, grown, path, **both), "--dry-run").stdout
    assert "holds a part of this run, to which join judges refusal-encoder; 1" in dry
    done(*arguments(server, grown, path, **both))
    assert results(grown) == results(at_once)
    out, _ = merged(tmp_path, *sharded(server, tmp_path, path, 2, **both))
    assert results(out) == results(at_once)
    done(*arguments(server, tmp_path / "shard-1", path, **both))
    assert results(tmp_path / "shard-1") == results(at_once)


# ---- kills


def killed(given, server, after: int) -> None:
    """Run a command and kill it once the server has seen so many more requests; it holds what follows."""
    last, held = len(server.requests) + after, threading.Event()
    server.script.fault = lambda _: (
        Fault(until=held.is_set) if len(server.requests) > last else None
    )
    process = subprocess.Popen(
        [*COMMAND, *map(str, given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    until(lambda: len(server.requests) >= last or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=HANG_S)
    assert process.returncode == -signal.SIGKILL
    held.set()
    server.script.fault = lambda _: None


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.kills)])
def test_a_run_that_is_killed_again_and_again_gives_the_bytes_of_an_undisturbed_one(
    prompts, server, undisturbed, tmp_path, times
):
    out, chance = tmp_path / "run", random.Random(20261130)
    given = arguments(server, out, prompts, concurrency=4, **WHOLE)
    for _ in range(times):
        killed(given, server, chance.randint(4, 300 // times))
        assert not (out / "results.json").exists()
    done(*given)
    assert results(out) == results(undisturbed)
    asked = Counter((s.model, s.key) for s in server.requests)
    assert len(asked) == N * 3 * 6
    # at most what was in flight at a kill is asked a second time
    assert asked.total() - len(asked) <= times * 4


# ---- stopped


def test_a_stopped_run_is_a_sample_of_equal_allocation_and_says_so(prompts, server, tmp_path):
    out = tmp_path / "run"
    given = arguments(server, out, prompts, concurrency=1, judges=("refusal-baseline",))
    killed(given, server, 40)
    done("score", out, code=3)
    done("report", out)
    with sqlite3.connect(out / "safeglot.db") as db:
        asked = db.execute(
            "SELECT p.categories, COUNT(*) FROM responses r JOIN translations t "
            "ON t.id = r.translation JOIN prompts p ON p.id = t.prompt GROUP BY p.id"
        ).fetchall()
    db.close()
    counts = Counter(categories for categories, _ in asked)
    assert len(counts) == 4
    assert max(counts.values()) - min(counts.values()) <= 1
    whole = sum(n == len(LANGUAGES) for _, n in asked)
    assert 0 <= len(asked) - whole <= 2
    page = (out / "report.html").read_text("utf-8")
    assert f"This run was stopped: {whole} of its {N} prompts have all their answers" in page
    assert "a random sample of the plan" in page
    micro = [e for e in json.loads(results(out))["estimates"] if e["metric"] == "safety_micro"]
    assert "weighted by their size" in micro[0]["method"]
