"""A run that grows, shards that are merged, and a run that is killed give the results of one made at once."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from e2e.runs import (
    GUARD,
    TARGET,
    run_arguments,
    safeglot,
    write_prompts,
)
from loopback import Loopback, Script, Seen

CATEGORIES = ("crime_tax", "crime_theft", "hate_women", "weapon_other")
LANGUAGES = ("en", "de", "sw")
N = 40
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
    given = run_arguments(server.base_url, out, prompts, **flags)
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
    assert "to it join 20 prompts" in said[2]
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
        ({"limit": 5, "target": OTHER_TARGET}, "targets: there vllm/target, now vllm/second"),
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
