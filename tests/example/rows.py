"""Rows of a small run, written one by one into a store."""

from __future__ import annotations

import json

from safeglot.backends.store.records import reply_row
from safeglot.backends.store.texts import text_numbers
from safeglot.keys import digest, response_key, translation_key
from safeglot.types import Prompt, Reply, Translation


class Writer:
    """Write what a test needs of a run; texts are known by their keys, answers by their numbers."""

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

    def answer(self, text, model="m", sample=0, answer="[answer]", **reply):
        """The number of an answer to the text of a key."""
        number = self.store.numbers("replies")
        self.store.write(
            "replies", [reply_row(number, None, Reply(text=answer, n_tokens=3, **reply))]
        )
        return self.response(text, model, sample, number)

    def response(self, text, model="m", sample=0, reply=0):
        """The number of an answer whose reply may not be there; the same once more is the same one."""
        own = digest(model)
        step, there = self.store.step("generate", model, own), response_key(text, own, sample)
        for (number,) in self.store.rows("SELECT id FROM keyed WHERE key = ?", (there,)):
            return number
        number, text = self.store.numbers("responses"), text_numbers(self.store, [text])[text]
        self.store.write("responses", [(number, text, step, sample, reply, None)])
        return number

    def key(self, number):
        """The public key of an answer."""
        ((key,),) = self.store.rows("SELECT key FROM keyed WHERE id = ?", (number,))
        return key

    def verdict(
        self, answer, unsafe, judge="j", *, loose=..., p=None, codes=(), reason="", refusal=None
    ):
        loose = unsafe if loose is ... else loose
        step = self.store.step("judge", judge, mode="answer")
        row = (
            answer, step, unsafe, loose, "", p, json.dumps(codes), refusal, None, f"because {reason}",
            reason, None,
        )  # fmt: skip
        self.store.write("verdicts", [row])

    def failure(self, stage, parent, by, kind, message="why", *, sample=0, transient=False):
        """One of an answer has the number of the answer, or the key of the text, for its parent."""
        work = {
            "judge": lambda: parent,
            "generate": lambda: text_numbers(self.store, [parent])[parent],
        }
        row = (
            stage, f"{stage}/{parent}/{by}/{kind}/{sample}", str(parent), by, sample, kind, message, 1,
            transient, "", "", work[stage]() if stage in work else None,
        )  # fmt: skip
        self.store.write("failures", [row])
