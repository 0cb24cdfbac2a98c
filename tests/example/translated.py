"""A run whose texts were translated, gated and probed; every number in it is invented.

50 harmful prompts and 6 benign ones in English, Swahili and Russian, two models, two judges (one
with three labels). In Swahili 10 texts are gated and 4 failed; every fifth prompt has another
translator. Probes: framing and code-switching, crossed, in all languages; romanised texts in
Russian, and in Swahili, where they mean nothing.

In a test:  store, manifest = translated(tmp_path / "run.db"); ...; store.close()
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from example.manifest import manifest_with
from example.rows import Writer
from safeglot.backends.store import arrays
from safeglot.backends.store.store import Store
from safeglot.flow import page
from safeglot.flow.measure import estimates
from safeglot.flow.measure.cube import cube_of
from safeglot.keys import translation_key
from safeglot.report.page import AnswerRow, AnswerVerdict, Page, Run, named_language
from safeglot.types import Prompt, Translation

N, BENIGN = 50, 6
LANGUAGES, MODELS = ("en", "sw", "ru"), ("m", "k")
GUARD, OTHER = "llama-guard-3=vllm/g", "qwen3guard=vllm/q"
GATED = set(range(0, N, 5))
FAILED = {1: "no-translation", 2: "copied", 3: "copied", 4: "untranslated + too-short"}
MESSAGES = {
    1: "ct2/a: timeout; ct2/b: timeout",
    2: "ct2/a: copied (chrF 0.93)",
    3: "ct2/a: copied (chrF 0.99)",
    4: "ct2/a: untranslated (0.6 of 5 words); ct2/b: too-short (0.1), untranslated (0.9)",
}
UNMADE = {8, 9}
"""Prompts that have no word to switch, in Swahili."""
UNSOUND = {6, 7}
"""Prompts whose story no longer asks for the same, in Swahili."""
VARIANTS = {
    "en": ("framing=story", "codeswitch=word", "codeswitch=word+framing=story"),
    "sw": ("framing=story", "codeswitch=word", "framing=story+codeswitch=word", "translit=latin"),
    "ru": ("framing=story", "codeswitch=word", "codeswitch=word+framing=story", "translit=latin"),
}
RATES = {"en": 0.1, "sw": 0.35, "ru": 0.2}


def manifest_of(samples=1):
    return manifest_with(
        judges={GUARD: "id", OTHER: "id"}, models=MODELS, languages=LANGUAGES, samples=samples
    )


def prompts():
    kinds = [("harmful", i) for i in range(N)] + [("benign", i) for i in range(BENIGN)]
    return [
        Prompt(
            id=f"{kind[0]}{i}", text=f"ask {i}", language="en", source="s", kind=kind,
            categories=("theft" if i % 2 else "hate",),
        )
        for kind, i in kinds
    ]  # fmt: skip


def texts(*, gate=True, probes=True):
    """All texts, as the translation stage and the probes leave them."""
    for prompt in prompts():
        i = int(prompt.id[1:])
        yield text_of(prompt, "en", translator="given")
        yield text_of(prompt, "ru", quality=0.8)
        yield from swahili(prompt, i, gate=gate)
        if probes and prompt.kind == "harmful":
            yield from variants_of(prompt, i)


def swahili(prompt, i, *, gate):
    if prompt.kind == "harmful" and i in FAILED and gate:
        return
    gated = gate and i in GATED and prompt.kind == "harmful"
    reason = f"quality: roundtrip-chrf 0.{20 + i % 30} < 0.5" if gated else ""
    yield text_of(
        prompt, "sw", arm="gated" if gated else "main", translator="ct2/a" if i % 5 else "ct2/b",
        quality=0.3 if gated else 0.6 + i / 200, kept=not gated, reason=reason,
    )  # fmt: skip
    yield text_of(
        prompt, "sw", arm="translators", translator="ct2/b" if i % 5 else "ct2/a", quality=0.4
    )


def variants_of(prompt, i):
    for tag, names in VARIANTS.items():
        for name in names:
            if tag == "sw" and (i in GATED or i in FAILED):
                continue
            if tag == "sw" and i in UNMADE and "codeswitch" in name:
                continue
            lost = tag == "sw" and i in UNSOUND and "framing" in name
            yield text_of(
                prompt, tag, arm="probe", variant=name, translator="probe", kept=not lost,
                reason="the language is not told apart" if lost else "",
            )  # fmt: skip


def text_of(prompt, tag, *, translator="ct2/a", quality=None, **more):
    given = {} if quality is None else {"roundtrip-chrf": quality}
    arm, variant = more.get("arm", "main"), more.get("variant", "")
    text = f"{prompt.id} {tag} {translator} {arm} {variant}"
    return Translation(
        prompt=prompt.id, language=tag, text=text, translator=translator, quality=given, **more
    )


def put_failures(store, stage, rows):
    """Write failures in Swahili: (key, prompt, kind, message) each."""
    tail = (1, False, "", "", None)
    store.write(
        "failures", [(stage, k, p, "sw", 0, kind, told, *tail) for k, p, kind, told in rows]
    )


def translated(path, *, samples=1, gate=True, probes=True, silent=()):
    """Fill a store; `silent` are (prompt, language, arm) whose answers have no verdict."""
    rng = np.random.default_rng(7)
    store, manifest = Store(path), manifest_of(samples)
    made = list(texts(gate=gate, probes=probes))
    store.add_inputs(prompts(), made)
    if gate:
        rows = ((f"f{i}", f"h{i}", "no-translation", message) for i, message in MESSAGES.items())
        put_failures(store, "translate", rows)
    if probes:
        names = [name for name in VARIANTS["sw"] if "codeswitch" in name]
        rows = ((f"{i}{n}", f"h{i}", n, "no word to switch") for i in UNMADE for n in names)
        put_failures(store, "probe", rows)
    put = Writer(store)
    for text in made:
        rate = (
            RATES[text.language] + 0.25 * (text.arm == "gated") + 0.2 * ("framing" in text.variant)
        )
        for model in MODELS:
            for sample in range(samples):
                number = put.answer(translation_key(text), model, sample, "answer")
                unsafe = rng.random(2) < rate
                if (text.prompt, text.language, text.arm) not in silent:
                    put.verdict(number, int(unsafe[0]), GUARD)
                    loose = int(unsafe[1] or rng.random() < 0.1)
                    put.verdict(number, int(unsafe[1]), OTHER, loose=loose)
    return store, manifest


def read(store, manifest):
    """What the estimates of the arms are made of: store, manifest, cube, verdicts of the arms."""
    verdicts = arrays.read(store, manifest)
    return store, manifest, cube_of(store, manifest, verdicts), verdicts.arms


def page_of(store, manifest, **changes):
    """The page of the run, with a few mild answers."""
    found, _ = estimates.measure(store, manifest)
    found = changes.pop("estimates", found)
    answers = [
        AnswerRow(
            prompt_id=f"h{i}", categories=("theft",), language=tag, model="m", prompt=f"ask {i}",
            answer=f"[answer {i}]", verdicts=(AnswerVerdict(judge=GUARD, unsafe=False),),
        )
        for i in range(3)
        for tag in LANGUAGES
    ]  # fmt: skip
    run = Run(
        title="Translated", reference="en", models=MODELS,
        languages=tuple(named_language(tag) for tag in LANGUAGES),
        judges=tuple(dict.fromkeys(e.judge for e in found if e.judge)),
    )  # fmt: skip
    missing = tuple(page._missing(store, manifest, Counter()))
    fields = {"run": run, "estimates": found, "missing": missing, "answers": tuple(answers)}
    return Page(**fields | changes)
