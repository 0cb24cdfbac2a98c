"""Measure models in this process: hf/ and vllm-local/ beside the engine's own offline loop.

    .venv-extras/bin/python benchmarks/engines.py [--size tiny|small|8b] [--prompts N] [--rounds N]
        [--engines hf,vllm-local]

Weights are random (Llama's architecture, a tokenizer of bytes), so no network is used; on a machine
with a GPU the same command measures the GPU. All loops get the same prompts and write the same
number of tokens, and take turns, round after round, so that what else the machine does hits all.
Told are tokens written a second, the median of the rounds, and their ratio: safeglot's whole way
(requests, chat template, batches, seeds, replies) over the engine's loop on token ids.

hf/ stands beside two loops of transformers: `generate` on batches of equal length (what a careful
script does), and `generate_batch`, its continuous batching. Exits with 1 where the ratio to the
faster of an engine's loops is below 0.95.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
LEAST_RATIO = 0.95
SIZES: dict[str, dict[str, int]] = {
    "tiny": {},
    "small": {
        "hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 12,
        "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 8192,
    },
    "8b": {
        "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    },
}  # fmt: skip


def texts(n: int) -> list[str]:
    """Return prompts of 10 to 90 bytes."""
    numbers = random.Random(0)
    words = ("one", "house", "river", "seven", "the", "open", "a", "letter")
    return [
        " ".join(numbers.choices(words, k=numbers.randrange(2, 16))) + f" {i}" for i in range(n)
    ]


def requests(prompts: list[str], room: int) -> list[Any]:
    from safeglot.types import Request

    return [
        Request(model="m", messages=(("user", text),), max_tokens=room, temperature=0.0)
        for text in prompts
    ]


async def answered(model: Any, asked: list[Any]) -> int:
    """Return how many tokens a model wrote."""
    replies = await asyncio.gather(*(model.answer(r) for r in asked), return_exceptions=True)
    # random weights write bytes that are no text; those tokens were written as well
    return sum(getattr(r, "n_tokens", None) or getattr(r, "tokens_out", 0) for r in replies)


class Hf:
    """transformers: the model is loaded once, and all loops use it."""

    def __init__(self, folder: Path, prompts: list[str], room: int, slots: int) -> None:
        from safeglot.backends.models.engines import hf

        self.prompts, self.room, self.slots = prompts, room, slots
        held: list[Any] = []
        load = hf.load

        def once(*given: Any) -> Any:
            held.extend([] if held else [load(*given)])
            return held[0]

        hf.load = once
        self.model = hf.HfEngine(str(folder)).open(slots)
        self.held = held

    async def safeglot(self) -> int:
        return await answered(self.model, requests(self.prompts, self.room))

    def ids(self) -> list[list[int]]:
        return [self.held[0].texts.ids(r) for r in requests(self.prompts, self.room)]

    def config(self) -> Any:
        from transformers import GenerationConfig

        made = GenerationConfig(max_new_tokens=self.room, do_sample=False, pad_token_id=0)
        made.eos_token_id = None
        return made

    def generate(self) -> int:
        import torch

        model, ids = self.held[0].model, sorted(self.ids(), key=len)
        written = 0
        for start in range(0, len(ids), self.slots):
            batch = ids[start : start + self.slots]
            width = max(map(len, batch))
            rows = [[0] * (width - len(row)) + row for row in batch]
            mask = [[0] * (width - len(row)) + [1] * len(row) for row in batch]
            with torch.inference_mode():
                out = model.generate(
                    input_ids=torch.tensor(rows, device=model.device),
                    attention_mask=torch.tensor(mask, device=model.device),
                    generation_config=self.config(),
                )
            written += out[:, width:].numel()
        return written

    def generate_batch(self) -> int:
        from transformers import ContinuousBatchingConfig

        model, ids = self.held[0].model, self.ids()
        # by itself it takes nearly all memory of a machine without a GPU
        bounded = (
            {} if model.device.type == "cuda" else {"num_blocks": 256, "max_batch_tokens": 2048}
        )
        out = model.generate_batch(
            ids,
            generation_config=self.config(),
            continuous_batching_config=ContinuousBatchingConfig(
                max_requests_per_batch=self.slots, **bounded
            ),
        )
        return sum(len(one.generated_tokens) for one in out.values())

    def loops(self) -> dict[str, Callable[[], Any]]:
        return {
            "hf/": self.safeglot,
            "generate": self.generate,
            "generate_batch": self.generate_batch,
        }


class Vllm:
    """vLLM: one engine, asked through safeglot and directly on token ids."""

    def __init__(self, folder: Path, prompts: list[str], room: int, slots: int) -> None:
        from safeglot.backends.models.engines.vllm import VllmEngine

        self.prompts, self.room = prompts, room
        self.model = VllmEngine(str(folder)).open(slots)

    async def safeglot(self) -> int:
        return await answered(self.model, requests(self.prompts, self.room))

    async def direct(self) -> int:
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        engine, texts_ = await self.model.ready()
        how = SamplingParams(
            max_tokens=self.room, temperature=0.0, detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )  # fmt: skip

        async def one(number: int, ids: list[int]) -> int:
            n = 0
            async for output in engine.generate({"prompt_token_ids": ids}, how, f"direct-{number}"):
                n = len(output.outputs[0].token_ids)
            return n

        asked = [texts_.ids(r) for r in requests(self.prompts, self.room)]
        return sum(await asyncio.gather(*(one(*pair) for pair in enumerate(asked))))

    def loops(self) -> dict[str, Callable[[], Any]]:
        return {"vllm-local/": self.safeglot, "AsyncLLM": self.direct}


ENGINES = {"hf": Hf, "vllm-local": Vllm}
NEEDED = {"hf": "transformers", "vllm-local": "vllm"}


async def measured(bench: Any, rounds: int) -> dict[str, list[float]]:
    """Return tokens a second of each loop, round by round; a first round is thrown away."""
    speeds: dict[str, list[float]] = {}
    for n in range(rounds + 1):
        for name, loop in bench.loops().items():
            started = time.perf_counter()
            written = await loop() if asyncio.iscoroutinefunction(loop) else loop()
            speed = written / (time.perf_counter() - started)
            if n:
                speeds.setdefault(name, []).append(speed)
    await bench.model.close()
    return speeds


def told(speeds: dict[str, list[float]]) -> float:
    """Return the ratio to the faster loop, with all figures printed."""
    ours, *others = speeds
    medians = {name: statistics.median(each) for name, each in speeds.items()}
    for name in others:
        ratios = [a / b for a, b in zip(speeds[ours], speeds[name], strict=True)]
        print(
            f"{ours:12} {medians[ours]:8.0f} tokens/s   {name:15} {medians[name]:8.0f} tokens/s   ratio "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    return min(
        statistics.median([a / b for a, b in zip(speeds[ours], speeds[name], strict=True)])
        for name in others
    )


def machine() -> str:
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {gpu}, {load}, torch {torch.__version__}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default="hf,vllm-local")
    given = parser.parse_args()
    from example import tiny_llama

    print(machine())
    least = 1.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = tiny_llama.save(Path(scratch), ends=False, **SIZES[given.size])
        for name in given.engines.split(","):
            if importlib.util.find_spec(NEEDED[name]) is None:
                print(f"{name}: not measured, {NEEDED[name]} is not installed")
                continue
            bench = ENGINES[name](folder, texts(given.prompts), given.tokens, given.slots)
            least = min(least, told(asyncio.run(measured(bench, given.rounds))))
    return int(least < LEAST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
