"""Rows of a small run, written one by one into a store."""

from __future__ import annotations

import json

from safeglot.keys import translation_key
from safeglot.types import Prompt, Translation


class Writer:
    """Write what a test needs of a run; texts, answers and verdicts are known by their keys."""

    def __init__(self, store):
        self.store = store

    def prompt(self, name, kind="harmful", category="theft"):
        prompt = Prompt(
            id=name, text=f"ask {name}", language="en", categories=(category,), source="s", kind=kind
        )  # fmt: skip
        self.store.add_inputs([prompt], [])

    def text(self, prompt, language="de", **more):
        text = Translation(prompt=prompt, language=language, text=f"{prompt} {language}", **more)
        self.store.add_inputs([], [text])
        return translation_key(text)

    def answer(self, text, model="m", sample=0, answer="[answer]"):
        key = f"{text}/{model}/{sample}"
        self.store.write("replies", [(f"reply {key}", answer, "stop", 3, 9, None, "", None, "", 0)])
        self.store.write("responses", [(key, text, model, sample, f"reply {key}")])
        return key

    def verdict(self, answer, unsafe, judge="j", *, loose=..., p=None, codes=(), reason=""):
        loose = unsafe if loose is ... else loose
        row = (
            f"{answer}/{judge}", answer, judge, "answer", unsafe, loose, "", p, json.dumps(codes),
            None, None, f"because {reason}", reason,
        )  # fmt: skip
        self.store.write("verdicts", [row])

    def failure(self, stage, parent, by, kind, message="why"):
        row = (
            stage,
            f"{stage}/{parent}/{by}/{kind}",
            parent,
            by,
            0,
            kind,
            message,
            1,
            False,
            "",
            "",
        )
        self.store.write("failures", [row])
