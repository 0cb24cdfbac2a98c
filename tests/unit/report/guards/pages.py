"""Pages of made-up tests of guards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from safeglot.report.page import NamedLanguage, Page, Run
from safeglot.score.guards.estimates import estimates
from safeglot.types import Estimate
from unit.score.guards.sheets import sheet_of, with_variant

NAMES = {"en": "English", "de": "German", "sw": "Swahili"}


def page_of(sheet, named=("en", "de", "sw", "yo"), side="prompts"):
    counted = []
    for tag in named:
        place = sheet.languages.index(tag) if tag in sheet.languages else -1
        own = sheet.language_N == place
        counted.append(
            Estimate(
                metric="guard_texts", language=tag, value=float(own.sum()), method="counted",
                n=int((own & (sheet.label_N >= 0)).sum()), level=None, extra={"side": side},
            )
        )  # fmt: skip
    run = Run(
        title="guards",
        reference="en",
        languages=tuple(NamedLanguage(tag=tag, name=NAMES[tag]) for tag in sheet.languages),
        models=("imported/labelled-texts",),
        judges=sheet.guards,
    )
    return Page(run=run, estimates=[*counted, *estimates(sheet)])


def losing(
    n=200, lost=40, unread=0, guards=("llama-guard-3=vllm/a@prompt", "qwen3guard=vllm/b@prompt")
):
    """The first guard finds less in Swahili; the second cannot be read on some of its texts there."""
    label = np.tile(np.arange(n) // 2 % 2, (3, 1))
    said = np.stack([label, label])
    bad = np.flatnonzero(label[0] == 1)
    said[0, 2, bad[:lost]] = 0
    said[1, 2, bad[:unread]] = -1
    p = np.stack([np.where(said[0] == 1, 0.9, 0.1), np.full(label.shape, np.nan)])
    more = {"categories": ("slur", "negated"), "category_N": np.tile(np.arange(n) // 4 % 2, 3)}
    return sheet_of(label, said, p, guards=guards, **more)


def probed(lost=40, **changes):
    """German texts in Latin letters, of which the first guard misses some; other languages have none."""
    sheet = losing(lost=0, **changes)
    german = sheet.language_N == sheet.languages.index("de")
    missed = np.flatnonzero(german & (sheet.label_N == 1))[:lost]
    said = sheet.unsafe_GN.astype(object)
    said[0, missed] = 0
    said[:, ~german] = None
    why = {(tag, "translit=latin"): "written in Latin script already (200)" for tag in ("en", "sw")}
    return with_variant(replace(sheet, unmade=why), "translit=latin", said.tolist())
