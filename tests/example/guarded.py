"""Made-up labelled texts, and a server of two guards whose verdicts are scripted."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

from loopback import Fault, Script, Seen

LANGUAGES = ("en", "de", "sw")
LOSSES = {"sw": 4}
"""Language -> of the unsafe prompts whose number divides by this, one is missed by the first guard."""
_TEXT = re.compile(r"\[(unsafe|safe) request (\d+) in (\w+)\]")


def rows(n: int = 60, languages: tuple[str, ...] = LANGUAGES) -> list[dict[str, str]]:
    """Half of the ids are unsafe, in all languages."""
    return [
        {
            "id": f"q{i}",
            "language": tag,
            "prompt": f"[{'unsafe' if i % 2 else 'safe'} request {i} in {tag}]",
            "label": "unsafe" if i % 2 else "safe",
            "functionality": f"kind {i % 3}",
        }
        for i in range(n)
        for tag in languages
    ]


def write(path: Path, table: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def is_flagged(guard: str, text: str) -> bool | None:
    """What a guard says of a text: None for what nobody can read."""
    label, number, tag = _TEXT.search(text).groups()
    i, unsafe = int(number), label == "unsafe"
    if guard == "b" and tag == "de" and i % 40 == 1:
        return None
    if guard == "a" and unsafe and tag == "sw" and i % 3 == 0:
        return False
    if i % 30 == 29:
        return False
    return unsafe or i % 30 == 8


def answer(seen: Seen) -> str | dict[str, object]:
    """The first guard speaks as Llama Guard 3, with probabilities, the second as Qwen3Guard."""
    text = seen.texts[-1]
    guard = "a" if seen.model == "guard-a" else "b"
    flagged = is_flagged(guard, text)
    if flagged is None:
        return "I cannot say."
    if guard == "b":
        return f"Safety: {'Unsafe' if flagged else 'Safe'}\nCategories: {'Violent' if flagged else 'None'}"
    word, p = ("unsafe", 0.9) if flagged else ("safe", 0.1)
    number = int(_TEXT.search(text).group(2))
    p += number % 7 / 100
    alternatives = [["unsafe", math.log(p)], ["safe", math.log(1 - p)]]
    return {"text": f"{word}\nS1" if flagged else word, "logprobs": [alternatives]}


def script(**more: object) -> Script:
    return Script(answer=answer, fault=lambda _seen: Fault(), **more)
