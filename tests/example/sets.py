"""Translation sets made without any translator: texts are placeholders, the choice is the real one."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from safeglot.backends.files.manifest import EstimatorTable, GateTable, PromptOrigin, SetManifest
from safeglot.backends.files.translation_folder import TranslationFolder, translation_row
from safeglot.keys import digest
from safeglot.translate.base import Scale
from safeglot.translate.choice.choice import Gate
from safeglot.translate.choice.outcomes import Scope, choose_rows, counts
from safeglot.types import CandidateRow

TRANSLATORS = ("apertium", "ct2/opus-mt-en-mul", "llm=openai/gpt-5-nano")
SCALES = {
    "roundtrip-chrf": Scale(worst=0.0, best=1.0, proxy=True, machine_only=True),
    "metricx=google/metricx-24-hybrid-large-v2p6": Scale(worst=25.0, best=0.0),
    "cometkiwi=Unbabel/wmt22-cometkiwi-da": Scale(worst=0.0, best=1.0),
}
ROUNDTRIP, METRICX, KIWI = SCALES
UNCOVERED = {KIWI: {"yo": "XLM-R was not trained on Yoruba"}}
FAULTS = (
    ("wrong language", "identified as English"),
    ("untranslated", "0.62 of the words stand in the source too"),
    ("refusal", "I cannot help"),
    ("length ratio", "0.2 of the source"),
)
WORDS = {
    "ar": "ترجمة الطلب", "es": "traducción de la petición", "sw": "tafsiri ya ombi",
    "yo": "ìtumọ̀ ìbéèrè", "zh": "请求的译文",
}  # fmt: skip
MEANS = {"ar": 0.62, "es": 0.75, "sw": 0.58, "yo": 0.47, "zh": 0.66}
GATE = Gate(threshold=0.5, by_language={"yo": {ROUNDTRIP: 0.4}})


def prompts_of(n):
    return [
        {
            "id": f"p{i}",
            "source": f"[request {i}] </script><b>&",
            "categories": [("fraud", "slander", "privacy")[i % 3]],
            "kind": "benign" if i % 4 == 3 else "harmful",
        }
        for i in range(n)
    ]


def candidate(rng, prompt, tag, translator):
    """One candidate: a text with estimates, one that a check refused, or none at all."""
    about = {"prompt": prompt["id"], "language": tag, "translator": translator}
    luck = rng.random()
    if translator == "apertium" and tag in ("yo", "zh"):
        return None
    if luck < 0.02:
        return CandidateRow(**about, text="", broken="timeout: no reply in 60 s")
    number = prompt["id"].removeprefix("p")
    text = f"[{WORDS.get(tag, tag)} {number}, {TRANSLATORS.index(translator)}] </script>"
    if luck < 0.02 + 0.12 * (1.4 - MEANS.get(tag, 0.6)):
        name, found = rng.choice(FAULTS)
        return CandidateRow(**about, text=text, faults={name: found})
    good = min(max(rng.gauss(MEANS.get(tag, 0.6), 0.14), 0.0), 1.0)
    quality = {
        name: round(value, 4)
        for name, value in (
            (ROUNDTRIP, good),
            (METRICX, min(max(25 * (1 - good) ** 2 + rng.gauss(0, 0.5), 0.0), 25.0)),
            (KIWI, min(max(0.5 * good + 0.45 + rng.gauss(0, 0.04), 0.0), 1.0)),
        )
        if tag not in UNCOVERED.get(name, {})
    }
    untold = {name: "not covered" for name in SCALES if name not in quality}
    return CandidateRow(**about, text=text, quality=quality, untold=untold)


def make_set(path, n=60, tags=("ar", "es", "sw", "yo", "zh"), *, gate=GATE, scales=SCALES, seed=4):
    """Write a finished set of n prompts; return its folder."""
    folder = TranslationFolder(Path(path))
    folder.create()
    prompts, rng = prompts_of(n), random.Random(seed)
    rows = [
        row
        for prompt in prompts
        for tag in tags
        for translator in TRANSLATORS
        if (row := candidate(rng, prompt, tag, translator)) is not None
    ]
    rows = [without(row, scales) for row in rows]
    scope = Scope(
        prompts=[p["id"] for p in prompts], languages=tags, translators=TRANSLATORS, scales=scales
    )
    outcomes, ranks = choose_rows(rows, scope, gate)
    write(folder, prompts, scope, (outcomes, rows, ranks), gate)
    return folder


def without(row, scales):
    told = {k: v for k, v in row.quality.items() if k in scales}
    return replace(row, quality=told, untold={k: v for k, v in row.untold.items() if k in scales})


def write(folder, prompts, scope, chosen, gate):
    outcomes, rows, ranks = chosen
    known = {p["id"]: {k: v for k, v in p.items() if k != "id"} for p in prompts}
    table = [translation_row(one, known[one.prompt]) for one in outcomes]
    folder.write_rows(rows, table, ranks=ranks)
    content = [(r["id"], r["language"], r["outcome"], r["text"], r["translator"]) for r in table]
    folder.write_manifest(
        SetManifest(
            safeglot="0.0", created="2026-01-02T03:04:05+00:00",
            versions={"safeglot": "0.0", "python": "3.11"},
            identity={"prompts": "placeholders@000000000000"},
            source=PromptOrigin(name="placeholders", sha256="00" * 32, revision=""), reference="en",
            languages=tuple(scope.languages),
            translators={name: f"{name}:1@revision" for name in scope.translators},
            estimators={
                name: EstimatorTable(
                    id=f"{name}:1@revision", worst=scale.worst, best=scale.best, proxy=scale.proxy,
                    uncovered={
                        tag: why for tag, why in UNCOVERED.get(name, {}).items()
                        if tag in scope.languages
                    },
                    machine_only=scale.machine_only,
                )
                for name, scale in scope.scales.items()
            },
            gate=GateTable(threshold=gate.threshold, by_language=dict(gate.by_language)),
            notes=(), digest=digest("translation-set", content)[:16],
            counts=counts(outcomes, scope.languages),
            by_order=tuple(
                tag for tag in scope.languages
                if all(s.proxy or tag in UNCOVERED.get(name, {}) for name, s in scope.scales.items())
            ),
        )
    )  # fmt: skip
