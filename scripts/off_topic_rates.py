"""How many recorded answers are flagged as off topic: real ones, and those to another prompt.

On the public answers of mainlp/Multilingual-Refusal (three models, WildGuard's word on refusals), of
which nothing is kept here. Usage: off_topic_rates.py FOLDER, a clone of that repository.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from safeglot.backends.encoders.cosines import Cosines
from safeglot.backends.encoders.use import open_encoder
from safeglot.judge.answers.response_class import traits_of
from safeglot.score.answers.off_topic import THRESHOLD

FILES = "output/ja_vector_sweep/*/*/*/*/1/completions/harmful_baseline_evaluations.json"


def answered(path: Path, language: str) -> Iterator[tuple[str, str]]:
    """Yield the prompts and answers of a file, without refusals and invalid answers."""
    for row in json.loads(path.read_text("utf-8"))["completions"]:
        asked, answer = row["instruction"], row["response"]
        if row["wildguard"]["refusal"] == 0 and not traits_of(answer, asked, language, "stop").invalid:  # fmt: skip
            yield asked, answer


def main() -> None:
    cosines = Cosines(encoder := open_encoder())
    flagged: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for path in sorted(Path(sys.argv[1]).glob(FILES)):
        language = path.parts[-5]
        if language in encoder.languages:
            pairs = list(answered(path, language))
            others = [(asked, pairs[i - 1][1]) for i, (asked, _) in enumerate(pairs)]
            real, other = ([c < THRESHOLD for c in cosines.of(given)] for given in (pairs, others))
            flagged[language] += zip(real, other, strict=True)
    flagged["all"] = [row for rows in list(flagged.values()) for row in rows]
    for language, rows in flagged.items():
        real, other = (sum(column) for column in zip(*rows, strict=True))
        print(f"{language}: real {real} of {len(rows)} ({real / len(rows):.1%}), of another prompt {other / len(rows):.1%}")  # fmt: skip


if __name__ == "__main__":
    main()
