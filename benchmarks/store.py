"""Measure what a sample costs in the database alone, at the start of a run and at its end.

    python benchmarks/store.py [--samples 75000]

A sample is an answer with its reply and a verdict with its own, written in the batches of a run; then
what is missing is looked for, where nothing is. Exits with 1 where a limit is not met.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from safeglot.backends.store import plan
from safeglot.backends.store.store import Store
from safeglot.types import Prompt, Reply, Translation, Verdict

LANGUAGES = ("en", "de", "es", "fr", "it")
BATCH = 50
"""Samples a transaction, as a run with 64 requests in flight has them."""
AMONG = 5
"""Thousands that the first and the last cost is the median of."""
MAX_GROWTH = 1.2
MAX_RESUME_US = 5.0
TEXT = "Please explain what the topic of question {} is about, and what a newcomer should read."
ANSWER = Reply(
    text="[answer] "
    + "I can help with that in general terms, and here is what to keep in mind. " * 8,
    n_tokens=150,
    n_prompt_tokens=40,
    served_by="benchmark",
)
SAID = Reply(text="safe", n_tokens=2, n_prompt_tokens=300, logprobs=((("safe", -0.01),),))


def fill_inputs(store: Store, samples: int) -> None:
    """Write as many texts as there are samples."""
    prompts = [
        Prompt(id=str(i), text=TEXT.format(i), language="en", categories=("a",), source="b")
        for i in range(samples // len(LANGUAGES))
    ]
    texts = (
        Translation(prompt=p.id, language=tag, text=f"{p.text} {tag}")
        for p in prompts
        for tag in LANGUAGES
    )
    store.add_inputs(prompts, texts)


async def thousands(store: Store, samples: int) -> list[float]:
    """Return the CPU seconds of each thousand samples."""
    target = store.step("generate", "vllm/target", "0" * 32)
    judge = store.step("judge", "llama-guard-3=vllm/guard", "id", "prompt+answer")
    verdict = Verdict(
        response="", judge="", mode="", unsafe=False, unsafe_loose=False, label="safe", p_unsafe=0.1
    )
    took: list[float] = []
    for first in range(1, samples + 1, 1000):
        began = time.process_time()
        for text in range(first, first + 1000):
            number, _ = store.put_answer(text, target, 0, ANSWER)
            reply = store.numbers("replies")
            store.put_reply(None, SAID, reply)
            store.put_verdict(number, judge, verdict, reply)
            if text % BATCH == 0:
                store.flush()
        took.append(time.process_time() - began)
    return took


def resumed(store: Store, samples: int) -> float:
    """Return the CPU seconds of finding that nothing is missing."""
    began = time.process_time()
    assert not any(plan.missing_answers(store, (1,), 1, again=False))
    assert not any(plan.missing_verdicts(store, 2, again=False))
    assert sum(plan.answered_counts(store).values()) == samples
    return time.process_time() - began


def checks(took: list[float], looked_s: float) -> Iterator[tuple[bool, str]]:
    """Yield whether each limit is met, with its line."""
    samples = 1000 * len(took)
    first, last = (statistics.median(part) for part in (took[:AMONG], took[-AMONG:]))
    yield (
        last <= MAX_GROWTH * first,
        (
            f"a sample: {1e3 * first:.1f} us in the first thousands, {1e3 * last:.1f} us in the last of "
            f"{samples:,} ({last / first:.2f} times, at most {MAX_GROWTH:g})"
        ),
    )
    a_sample = 1e6 * looked_s / samples
    yield (
        a_sample <= MAX_RESUME_US,
        (
            f"finding that nothing is missing: {looked_s:.2f} s, {a_sample:.2f} us a sample, at most "
            f"{MAX_RESUME_US:g}"
        ),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=75_000)
    samples = max(10_000, parser.parse_args().samples // 1000 * 1000)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "safeglot.db")
        fill_inputs(store, samples)
        took = asyncio.run(thousands(store, samples))
        lines = list(checks(took, resumed(store, samples)))
        store.close()
    for met, line in lines:
        print(f"{'ok     ' if met else 'NOT MET'}  {line}")
    return 0 if all(met for met, _ in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
