from types import MappingProxyType

import numpy as np
import pytest

from safeglot.backends.files.manifest import GuardTest
from safeglot.backends.store.records import reply_row, verdict_row
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import text_numbers
from safeglot.flow.measure.guards import FILE, audit, measure, sheet_of
from safeglot.keys import translation_key
from safeglot.types import Prompt, Reply, Translation, Verdict

LANGUAGES = ("en", "sw")
TEST = GuardTest(side="prompts", configured=("en", "sw", "yo"), texts={"en": 4, "sw": 4}, labelled={"en": 3, "sw": 3})  # fmt: skip


class About:
    """The part of a manifest that is read."""

    judges = MappingProxyType({"g": "id"})
    languages = LANGUAGES
    reference = "en"
    level = 0.95


@pytest.fixture
def store():
    """Four ids in two languages; the last has no label, and one verdict cannot be read."""
    store = Store.in_memory()
    texts = [
        Translation(prompt=f"q{i}", language=tag, text=f"{i} {tag}")
        for i in range(4)
        for tag in LANGUAGES
    ]
    prompts = [
        Prompt(id=f"q{i}", text="", language="en", categories=(f"c{i % 2}",), source="")
        for i in range(4)
    ]
    store.add_inputs(prompts, texts)
    at = text_numbers(store, [translation_key(t) for t in texts])
    step, judge = store.step("generate", "texts", "key"), store.step("judge", "g", "id", "prompt")
    for n, text in enumerate(texts, start=1):
        store.write("replies", [reply_row(n, None, Reply(text=""))])
        store.write("responses", [(n, at[translation_key(text)], step, 0, n, None)])
        if n < 7:
            store.write("labels", [(n, FILE, "unsafe" if n % 4 < 2 else "safe", "")])
    for n in range(1, 8):
        unsafe = None if n == 5 else n % 2 == 0
        verdict = Verdict(
            response="", judge="g", mode="prompt", unsafe=unsafe, p_unsafe=0.25 if n == 1 else None
        )
        store.write("verdicts", [verdict_row(n, judge, verdict, None)])
    yield store
    store.close()


def test_columns_hold_labels_and_verdicts(store):
    sheet = sheet_of(store, About)
    assert sheet.label_N.tolist() == [1, 0, 0, 1, 1, 0, -1, -1]
    assert sheet.unsafe_GN.tolist() == [[0, 1, 0, 1, -1, 1, 0, -1]]
    assert sheet.prompt_N.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert sheet.p_GN[0, 0] == 0.25
    assert np.isnan(sheet.p_GN[0, 1:]).all()
    assert sheet.categories == ("c0", "c1")
    assert sheet.half_N[0] == sheet.half_N[1]


def test_what_is_not_there_is_missing_never_safe(store):
    told, missing = measure(store, About, TEST)
    assert missing == 0.25
    recall = next(e for e in told if e.metric == "guard_recall" and e.language == "en")
    assert (recall.value, recall.n, recall.missing) == (0.0, 1, 1)


def test_the_audit_has_every_language_that_was_named():
    counted = {e.language: (e.value, e.n) for e in audit(About, TEST)}
    assert counted == {"en": (4.0, 3), "sw": (4.0, 3), "yo": (0.0, 0)}
