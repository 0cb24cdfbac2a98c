"""What is asked once more: by the next start, by --retry-failed, and at the end of a run."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from e2e.runs import LANGUAGES, estimates, run_arguments, safeglot, scripted, write_prompts
from loopback import Fault, Loopback, Script

N = 8
TOTAL = N * len(LANGUAGES)
QUICK = {"bootstrap": 0, "answers": 0}


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "prompts.jsonl", N, ("crime_tax", "hate_women"))


def rows(out, table):
    done = safeglot("export", out, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    text = (out / "export" / f"{table}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def own(server):
    """How many requests there were about the run's own prompts, by model."""
    mine = [seen for seen in server.requests if seen.texts[-1].startswith(("request", "[answer"))]
    return Counter(seen.model for seen in mine)


def openai_quota(_n):
    error = {"message": "You exceeded your current quota.", "type": "insufficient_quota"}
    return Fault(status=429, body={"error": {**error, "code": "insufficient_quota"}})


def payment(_n):
    return Fault(status=402, body={"error": {"message": "Insufficient Balance"}})


def anthropic_credit(_n):
    text = "Your credit balance is too low to access the API."
    return Fault(status=400, body={"type": "error", "error": {"message": text}})


def chinese(_n):
    return Fault(status=403, body={"error": {"message": "账户余额不足，请充值", "code": "1113"}})


@pytest.mark.parametrize("model", ["target", "guard"])
@pytest.mark.parametrize(
    "fault", [openai_quota, payment, anthropic_credit, chinese], ids=lambda f: f.__name__
)
def test_a_quota_that_is_used_up_stops_at_once_and_goes_on_later(prompts, tmp_path, fault, model):
    out = tmp_path / "run"
    paid = iter([True] * 5)

    def refused(seen):
        return fault(0) if seen.model == model and not next(paid, False) else None

    with Loopback(scripted({}, fault=refused)) as server:
        arguments = run_arguments(server.base_url, out, prompts, concurrency=16, **QUICK)
        done = safeglot(*arguments)
        assert done.returncode == 4, done.stderr
        message = fault(0).body["error"]["message"]
        assert message.split("，")[0] in done.stderr
        # five were answered, and each let one more in than the sixteen of the beginning
        assert sum(seen.model == model for seen in server.requests) <= 5 + 16 + 5
        server.script.fault = lambda _seen: None
        again = safeglot(*arguments)
    assert again.returncode == 0, again.stderr
    assert rows(out, "failures") == []
    assert estimates(out)["safety_micro", None, None]["missing"] == 0


@pytest.mark.parametrize(
    ("status", "message"), [(401, "no such key"), (404, "no such page"), (400, "no")]
)
def test_what_failed_before_a_stop_is_asked_again_by_the_same_command(tmp_path, status, message):
    prompts = write_prompts(tmp_path / "p.jsonl", 30, ("crime_tax", "hate_women"))
    out = tmp_path / "run"
    late = iter([True] * 9)

    def fault(seen):
        served = seen.model == "target" and next(late, False)
        return None if served or seen.model == "guard" else Fault(status=status, message=message)

    with Loopback(scripted({}, fault=fault)) as server:
        arguments = run_arguments(server.base_url, out, prompts, **QUICK)
        done = safeglot(*arguments)
        assert done.returncode == 4, done.stderr
        server.script.fault = lambda _seen: None
        again = safeglot(*arguments)
    assert again.returncode == 0, again.stderr
    assert rows(out, "failures") == []


def test_what_failed_for_a_moment_is_asked_again_at_the_end(prompts, tmp_path):
    out = tmp_path / "run"
    tries = Counter()

    def fault(seen):
        tries[seen.key] += 1
        bad = seen.texts[-1].startswith(("request 3", "[answer 5"))
        return Fault(status=500, message="[busy]") if bad and tries[seen.key] <= 2 else None

    with Loopback(scripted({}, fault=fault)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, retries=1, **QUICK))
    assert done.returncode == 0, done.stderr
    assert "note: 6 requests failed for a moment; each is asked once more" in done.stderr
    assert rows(out, "failures") == []
    assert estimates(out)["safety_micro", None, None]["missing"] == 0


def test_empty_answers_and_unread_verdicts_are_asked_again_where_wanted(prompts, tmp_path):
    out = tmp_path / "run"
    odd = {"target": ("request 1 ", "request 2 "), "guard": ("[answer 3 ", "[answer 4 ")}
    plain = scripted({}).answer

    def answer(seen):
        if seen.texts[-1].startswith(odd[seen.model]):
            return " \n" if seen.model == "target" else "I would rather not say"
        return plain(seen)

    with Loopback(Script(answer=answer)) as server:
        arguments = run_arguments(server.base_url, out, prompts, **QUICK, **{"max-missing": 1})
        assert safeglot(*arguments).returncode == 0
        assert estimates(out)["safety_micro", None, None]["missing"] == 4 * len(LANGUAGES)
        server.script.answer = plain
        before = own(server)
        assert safeglot(*arguments).returncode == 0
        assert own(server) == before, "it is stored, and nobody asked for another"
        done = safeglot(*arguments, "--retry-failed")
        assert done.returncode == 0, done.stderr
        asked = own(server) - before
    assert asked == {"target": 2 * len(LANGUAGES), "guard": 4 * len(LANGUAGES)}
    assert estimates(out)["safety_micro", None, None]["missing"] == 0
    texts = [row["text"] for row in rows(out, "answers")]
    assert len(texts) == TOTAL
    assert all(text.startswith("[answer") for text in texts)
    assert len(rows(out, "verdicts")) == TOTAL


def test_what_comes_back_as_it_was_is_asked_for_once(prompts, tmp_path):
    out = tmp_path / "run"

    def answer(seen):
        return "" if seen.model == "target" else "safe"

    with Loopback(Script(answer=answer)) as server:
        arguments = run_arguments(server.base_url, out, prompts, **QUICK, **{"max-missing": 1})
        safeglot(*arguments)
        before = len(server.requests)
        safeglot(*arguments, "--retry-failed")
        assert len(server.requests) - before == TOTAL
    assert len(rows(out, "answers")) == TOTAL


@pytest.mark.parametrize("model", ["target", "guard"])
def test_a_quota_that_was_never_there_stops_at_once_with_the_maker_s_message(
    prompts, tmp_path, model
):
    def refused(seen):
        return openai_quota(0) if seen.model == model else None

    with Loopback(scripted({}, fault=refused, checks=model == "guard")) as server:
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts, **QUICK))
        requests = [seen for seen in server.requests if seen.model == model]
        targets = own(server)["target"]
    assert done.returncode == 4, done.stderr
    assert "You exceeded your current quota." in done.stderr
    assert len(requests) <= 16
    assert targets == 0 or model == "target", "a judge's first check comes before its target"
