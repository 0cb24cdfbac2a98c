"""Replies of all shapes through a whole run: what is an answer, and what becomes of the rest."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from e2e.runs import run_arguments, safeglot, write_prompts
from loopback import Fault, Loopback, Script, Seen

LANGUAGES = ("en", "sw")
Reply = Callable[[Seen, int], Fault | dict[str, Any]]


def chat(text: Any, finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 5},
    }


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


@dataclass
class Ran:
    """What came of a run."""

    code: int
    said: str
    seen: list[Seen]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    safety: dict[str, float | None] = field(default_factory=dict)

    def asked(self, who: str) -> list[Seen]:
        return [s for s in self.seen if s.model == who and "request" in "".join(s.texts)]

    @property
    def kinds(self) -> Counter[str]:
        return Counter(row["kind"] for row in self.rows["failures"])


def run(
    folder: Path, target: Reply, guard: Reply | None = None, *, n: int = 4, **flags: Any
) -> Ran:
    """Run once; the guard calls unsafe what says so, if nothing else is scripted."""
    counts = {who: itertools.count(1) for who in ("target", "guard")}

    def judged(seen: Seen, _: int) -> dict[str, Any]:
        return chat("unsafe\nS2" if "[unsafe" in seen.texts[-1] else "safe")

    def fault(seen: Seen) -> Fault:
        got = (guard or judged if seen.model == "guard" else target)(seen, next(counts[seen.model]))
        return got if isinstance(got, Fault) else Fault(body=got)

    prompts = write_prompts(folder / "prompts.jsonl", n, ("crime_tax",), LANGUAGES)
    settings = {"bootstrap": 0, "answers": 0, "retries": 1, "languages": ",".join(LANGUAGES)}
    with Loopback(Script(answer=lambda _: "", fault=fault)) as server:
        arguments = run_arguments(server.base_url, folder / "run", prompts, **settings | flags)
        done = safeglot(*arguments)
        seen = list(server.requests)
    ran = Ran(done.returncode, done.stdout + done.stderr, seen)
    assert "Traceback" not in ran.said
    assert safeglot("export", folder / "run", "--format", "jsonl").returncode == 0
    for file in (folder / "run" / "export").glob("*.jsonl"):
        ran.rows[file.stem] = [json.loads(x) for x in file.read_text("utf-8").splitlines()]
    if (folder / "run" / "results.json").exists():
        rows = json.loads((folder / "run" / "results.json").read_text("utf-8"))["estimates"]
        ran.safety = {
            r["language"]: r["value"]
            for r in rows
            if r["metric"] == "safety_micro" and r["language"]
        }
    return ran


# ---- thoughts


def thoughts(n: int) -> list[dict[str, Any]]:
    """Replies of many makers that refuse after an unsafe thought."""
    thought, answer = f"[unsafe thought {n}]", f"[refusal {n}]"
    part = {"type": "text", "text": answer}
    return [
        chat(f"<think>\n{thought}\n</think>\n\n{answer}"),
        chat(f"{thought}\n</think>\n\n{answer}"),
        chat(f"[THINK]{thought}[/THINK]{answer}"),
        chat(
            f"<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant"
            f"<|channel|>final<|message|>{answer}"
        ),
        chat(f"analysis{thought}assistantfinal{answer}"),
        chat(answer, reasoning_content=thought),
        chat(answer, reasoning=thought),
        chat(answer, thinking=thought),
        chat([{"type": "thinking", "thinking": thought}, part]),
        chat([{"type": "reasoning", "text": thought}, part]),
        chat([{"type": "thinking", "thinking": [{"type": "text", "text": thought}]}, part]),
        chat([{"text": thought, "thought": True}, part]),
    ]


def test_a_thought_is_kept_beside_the_answer_and_judged_by_nobody(tmp_path: Path) -> None:
    ran = run(tmp_path, lambda _, n: thoughts(n)[n % 12], n=12)
    assert ran.code == 0, ran.said
    assert ran.safety == {"en": 1.0, "sw": 1.0}
    assert not [s for s in ran.asked("guard") if "[unsafe thought" in "".join(s.texts)]
    assert {row["text"][:9] for row in ran.rows["answers"]} == {"[refusal "}
    assert {row["thought"][:16] for row in ran.rows["answers"]} == {"[unsafe thought "}
    assert "2 replies: a thought was cut off at a closing mark without an opening" in ran.said


@pytest.mark.parametrize(
    "reply",
    [
        chat("<think>\n[unsafe thought] and so on", "length"),
        chat(None, "length", reasoning_content="[unsafe thought]"),
        chat("", "MAX_TOKENS", reasoning="[unsafe thought]"),
        chat("analysis[unsafe thought]", "length"),
        chat([{"type": "thinking", "thinking": "[unsafe thought]"}], "length"),
        chat("[unsafe thought]\n</think>\n\n", "stop"),
        chat(None, "length"),
    ],
)
def test_where_the_limit_ends_within_the_thought_the_run_stops_and_says_so(
    tmp_path: Path, reply: dict[str, Any]
) -> None:
    ran = run(tmp_path, lambda _seen, _n: reply, n=20)
    assert ran.code == 4
    assert "--max-tokens" in ran.said
    assert "--thought-tokens" in ran.said
    assert 4 <= len(ran.asked("target")) < 40  # four, unless the machine is very busy
    assert ran.asked("guard") == []
    assert set(ran.kinds) == {"thought_only"}
    assert ran.kinds.total() == len(ran.asked("target"))


def test_the_same_command_does_not_pay_for_four_more(tmp_path: Path) -> None:
    for _ in range(2):
        ran = run(tmp_path, lambda _seen, _n: chat("<think>so", "length"), n=20)
    assert ran.code == 4
    assert ran.asked("target") == []


def test_room_for_the_thought_is_added_to_the_limit(tmp_path: Path) -> None:
    ran = run(
        tmp_path, lambda _seen, n: thoughts(n)[0], **{"max-tokens": 50, "thought-tokens": 400}
    )
    assert ran.code == 0, ran.said
    assert {s.body["max_tokens"] for s in ran.asked("target")} == {450}


def test_some_thoughts_only_are_failures_that_are_told(tmp_path: Path) -> None:
    def target(_seen: Seen, n: int) -> dict[str, Any]:
        return chat("<think>[unsafe thought]", "length") if n % 4 == 0 else chat("[refusal]")

    ran = run(tmp_path, target, n=8, **{"max-missing": 1})
    assert ran.code == 0, ran.said
    assert ran.kinds == {"thought_only": 4}
    assert {row["thought"] for row in ran.rows["failures"]} == {"[unsafe thought]"}
    assert len(ran.asked("guard")) == 12
    assert "of 16 planned answers 4 a thought and no answer" in ran.said


# ---- blocks


BLOCKS: list[Fault | dict[str, Any]] = [
    Fault(status=400, body=error("Your prompt was flagged by the usage policy.", code="invalid_prompt")),
    Fault(status=400, body=error("Content Exists Risk", code="invalid_request_error")),
    Fault(status=400, body=error("Input data may contain inappropriate content.", code="data_inspection_failed")),
    Fault(status=400, body=error("filtered", code="content_filter")),
    Fault(status=403, body={"code": "no permission", "error": "Content violates usage guidelines."}),
    Fault(status=403, body=error("x", code=403, metadata={"reasons": ["violence"], "flagged_input": "y"})),
    Fault(status=451, body=error("The content you provided is blocked.", type="censorship_blocked")),
    error("Provider returned error", code=403, metadata={"raw": json.dumps(error("Content Exists Risk"))}),
    chat(None, "SAFETY"),
    chat(None, "content_filter: PROHIBITED_CONTENT"),
    chat("[half of an", "sensitive"),
    chat("", "refusal"),
    chat(None, "guardrail_intervened"),
    {"id": "x", "model": "gemini-x", "choices": []},
    {"id": "x", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 0}},
    {"id": "x", "model": "google/gemini-x", "choices": [{"message": None, "finish_reason": None}]},
    {**chat("[half of an"), "prompt_filter_results": [{"content_filter_results": {"hate": {"filtered": True}}}]},
]  # fmt: skip


def test_a_run_in_which_every_prompt_is_blocked_finishes(tmp_path: Path) -> None:
    ran = run(tmp_path, lambda _, n: BLOCKS[n % len(BLOCKS)], n=len(BLOCKS))
    assert ran.code == 3, ran.said
    assert ran.kinds == {"blocked": 2 * len(BLOCKS)}
    assert set(Counter(s.key for s in ran.asked("target")).values()) == {1}
    assert {row["attempts"] for row in ran.rows["failures"]} == {1}
    assert ran.asked("guard") == []
    said = "\n".join(row["message"] for row in ran.rows["failures"])
    for words in ("usage policy", "Content Exists Risk", "inappropriate", "PROHIBITED_CONTENT"):
        assert words in said
    assert {row["text"] for row in ran.rows["failures"]} == {"", "[half of an"}
    assert f"{2 * len(BLOCKS)} blocked by the service" in ran.said


def test_an_access_error_stops_the_run_though_others_were_blocked(tmp_path: Path) -> None:
    def target(_seen: Seen, n: int) -> Fault | dict[str, Any]:
        return BLOCKS[4] if n < 5 else Fault(status=403, body=error("Forbidden"))

    ran = run(tmp_path, target, n=40)
    assert ran.code == 4
    assert "Forbidden" in ran.said


def test_a_blocked_judge_is_a_failure_of_its_stage_and_asked_once(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        lambda _seen, n: chat(f"[refusal {n}]"),
        lambda seen, n: (
            BLOCKS[n % len(BLOCKS)] if "request" in "".join(seen.texts) else chat("safe")
        ),
        n=8,
        **{"max-missing": 1},
    )
    assert ran.code == 0, ran.said
    rows = [row for row in ran.rows["failures"] if row["stage"] == "judge"]
    assert Counter(row["kind"] for row in rows) == {"blocked": 16}
    assert set(Counter(s.key for s in ran.asked("guard")).values()) == {1}


def test_a_judge_may_think_in_any_form(tmp_path: Path) -> None:
    def judged(seen: Seen, n: int) -> dict[str, Any]:
        label = "unsafe\nS2" if "[unsafe" in seen.texts[-1] else "safe"
        part = {"type": "text", "text": label}
        return [
            chat(f"<think>\nsafe or unsafe\n</think>\n\n{label}"),
            chat(f"It may be safe.\n</think>\n\n{label}"),
            chat(label, reasoning_content="unsafe"),
            chat([{"type": "thinking", "thinking": "unsafe"}, part]),
            chat(f"analysisMay be unsafe.assistantfinal{label}"),
        ][n % 5]

    ran = run(
        tmp_path,
        lambda seen, _n: chat("[unsafe answer]" if seen.texts[-1].endswith("sw") else "[refusal]"),
        judged,
        n=5,
    )
    assert ran.code == 0, ran.said
    assert ran.safety == {"en": 1.0, "sw": 0.0}


def test_a_judge_that_only_thinks_gives_no_verdict(tmp_path: Path) -> None:
    def judged(seen: Seen, _n: int) -> dict[str, Any]:
        if "request" in "".join(seen.texts):
            return chat("<think>It is safe", "length")
        return chat("unsafe\nS2" if "[unsafe" in seen.texts[-1] else "safe")

    ran = run(tmp_path, lambda _seen, _n: chat("[refusal]"), judged)
    assert ran.code == 3, ran.said
    assert ran.kinds == {"thought_only": 8}
    assert ran.rows["verdicts"] == []


# ---- broken replies, and refusals in their own field


def broken(n: int) -> Fault | dict[str, Any]:
    in_choice = chat("[half of an", None)
    in_choice["choices"][0]["error"] = {"code": 502, "message": "Upstream broke off"}
    return [
        chat("[half of an", "error"),
        chat("[half of an", "network_error"),
        chat("[half of an", "a_word_of_next_year"),
        chat("[half of an", "aborted"),
        in_choice,
        {**chat("[half of an"), "error": {"message": "bad luck"}},
        chat("", None),
    ][n % 7]


def test_half_an_answer_is_tried_again_and_never_judged(tmp_path: Path) -> None:
    ran = run(tmp_path, lambda _, n: broken(n), n=14, **{"max-missing": 1})
    assert ran.code == 0, ran.said
    assert ran.asked("guard") == []
    assert set(ran.kinds) == {"broken", "server_error"}
    assert {row["attempts"] for row in ran.rows["failures"]} == {2}
    assert "[half of an" in {row["text"] for row in ran.rows["failures"]}


def test_what_was_broken_once_is_answered_in_the_end(tmp_path: Path) -> None:
    def target(seen: Seen, n: int) -> Fault | dict[str, Any]:
        return broken(n) if seen.nth == 1 else chat("[refusal]")

    ran = run(tmp_path, target, n=7)
    assert ran.code == 0, ran.said
    assert ran.rows["failures"] == []
    assert ran.safety == {"en": 1.0, "sw": 1.0}


@pytest.mark.parametrize(
    "reply",
    [
        chat("", refusal="[refusal]"),
        chat(None, refusal="[refusal]"),
        chat(" \n", refusal="[refusal]"),
        chat([{"type": "refusal", "refusal": "[refusal]"}]),
        chat([], refusal="[refusal]"),
    ],
)
def test_a_refusal_in_its_field_is_the_answer(tmp_path: Path, reply: dict[str, Any]) -> None:
    ran = run(tmp_path, lambda _seen, _n: reply)
    assert ran.code == 0, ran.said
    assert ran.safety == {"en": 1.0, "sw": 1.0}
    assert {(row["text"], row["refused"]) for row in ran.rows["answers"]} == {("[refusal]", 1)}


# ---- what a server says of itself


def test_several_models_under_one_name_and_a_cut_prompt_are_told(tmp_path: Path) -> None:
    def target(_seen: Seen, n: int) -> dict[str, Any]:
        body = chat("[refusal]") | {"model": f"m-{n % 2}", "system_fingerprint": "fp"}
        body["usage"] = {"prompt_tokens": 5 if n == 8 else 40, "completion_tokens": 5}
        return body

    ran = run(tmp_path, target, n=4, concurrency=1)
    assert ran.code == 0, ran.said
    assert {row["served_by"] for row in ran.rows["answers"]} == {"m-0 fp", "m-1 fp"}
    assert "2 served models or builds under one name: m-0 fp (4), m-1 fp (4)" in ran.said
    assert "may have cut 1 prompts" in ran.said
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "served models or builds under one name" in page


def test_judges_that_are_served_by_several_models_are_told_on_the_page_too(tmp_path: Path) -> None:
    served = itertools.cycle(("guard-a", "guard-b"))

    def answer(seen: Seen) -> str:
        return "safe" if seen.model == "guard" else "[refusal]"

    def fault(seen: Seen) -> Fault | None:
        if seen.model != "guard":
            return None
        return Fault(body=chat("safe") | {"model": next(served)})

    prompts = write_prompts(tmp_path / "p.jsonl", 4, ("crime_tax",), ("en", "sw"))
    with Loopback(Script(answer=answer, fault=fault)) as server:
        arguments = run_arguments(server.base_url, tmp_path / "run", prompts)
        assert safeglot(*arguments).returncode == 0
    line = "vllm/guard: replies came from 3 served models or builds under one name: guard (4), guard-a (4), guard-b (4)"  # fmt: skip
    for _ in range(2):
        shown = safeglot("report", tmp_path / "run")
        assert shown.returncode == 0
        assert line in " ".join((tmp_path / "run" / "report.html").read_text("utf-8").split())


# ---- thoughts that are judged


def judging_thoughts(folder: Path, **flags: Any) -> Ran:
    return run(folder, lambda _seen, n: thoughts(n)[n % 12], n=6, **flags)


def rates(folder: Path, metric: str) -> dict[str, tuple[float | None, int]]:
    rows = json.loads((folder / "run" / "results.json").read_text("utf-8"))["estimates"]
    return {r["language"]: (r["value"], r["n"]) for r in rows if r["metric"] == metric}


def test_thoughts_are_judged_on_request_in_rates_of_their_own(tmp_path: Path) -> None:
    ran = judging_thoughts(tmp_path, **{"judge-thoughts": True})
    assert ran.code == 0, ran.said
    assert ran.safety == {"en": 1.0, "sw": 1.0}
    every = {"en": (1.0, 6), "sw": (1.0, 6)}
    assert rates(tmp_path, "thinking_rate") == every
    assert rates(tmp_path, "thought_unsafe") == every
    assert rates(tmp_path, "thought_unsafe_answer_safe") == every
    assert rates(tmp_path, "thought_safe_answer_unsafe") == {"en": (0.0, 6), "sw": (0.0, 6)}
    said = " ".join(safeglot("show", tmp_path / "run", "--full").stdout.split())
    assert "An unsafe thought before a safe answer: 6 of 6 in English, 6 of 6 in Swahili." in said
    assert len(ran.asked("guard")) == 24


def test_the_same_command_judges_no_thought_twice(tmp_path: Path) -> None:
    judging_thoughts(tmp_path, **{"judge-thoughts": True})
    assert judging_thoughts(tmp_path, **{"judge-thoughts": True}).asked("guard") == []
