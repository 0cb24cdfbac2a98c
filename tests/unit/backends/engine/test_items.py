"""Items and answers are made from the rows of a store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from safeglot.backends.engine import items as module
from safeglot.backends.engine.items import Items
from safeglot.backends.store.plan import MissingAnswer
from safeglot.backends.store.store import Store
from safeglot.keys import response_key, translation_key
from safeglot.types import Prompt, Reply, Translation

N = 7
PROMPTS = [
    Prompt(
        id=f"p{i}", text=f"How? {i}", language="en", categories=("a",), source="s", kind="benign"
    )
    for i in range(N)
]
TEXTS = [
    Translation(prompt=p.id, language=tag, text=f"{tag} {p.id}", arm=arm)
    for p in PROMPTS
    for tag, arm in (("en", "main"), ("sw", "main"), ("sw", "roundtrip"))
]


@pytest.fixture
def store() -> Iterator[Store]:
    with contextlib.closing(Store.in_memory()) as opened:
        opened.add_inputs(PROMPTS, TEXTS)
        yield opened


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    monkeypatch.setattr(module, "KEPT", 2)


def test_what_is_missing_becomes_items_in_its_order(store: Store) -> None:
    missing = [MissingAnswer(n, 1, sample) for n in range(1, len(TEXTS) + 1) for sample in (0, 1)]
    found = list(Items(store, reference="en").of(iter(missing)))
    assert [work for work, _ in found] == missing
    for work, item in found:
        text = TEXTS[work.text - 1]
        assert item.prompt == PROMPTS[(work.text - 1) // 3]
        assert (item.translation.text, item.sample) == (text.text, work.sample)
        assert item.translation_key == translation_key(text)


def test_a_round_trip_is_in_the_reference_language(store: Store) -> None:
    missing = iter([MissingAnswer(n, 1, 0) for n in (1, 2, 3)])
    items = [item for _, item in Items(store, reference="en").of(missing)]
    assert [(i.translation.arm, i.translation.language) for i in items] == [
        ("main", "en"), ("main", "sw"), ("roundtrip", "en"),
    ]  # fmt: skip


def test_stored_answers_are_what_the_judges_were_shown(store: Store) -> None:
    step = store.step("generate", "x/m", "abcdefghij")
    reply = Reply(text="[safe answer 1]", thought="[t]", n_tokens=3, served_by="m", refused=True)

    async def answered() -> None:
        for text in range(1, 6):
            store.put_answer(text, step, 2, reply)

    asyncio.run(answered())
    store.flush()
    found = dict(Items(store, reference="en").answers([5, 99, 1]))
    assert list(found) == [5, 1]
    answer = found[5]
    response = answer.response
    assert response.key == response_key(translation_key(TEXTS[4]), "abcdefghij", 2)
    assert (response.text, response.thought, response.n_tokens) == ("[safe answer 1]", "[t]", 3)
    assert (response.model, response.sample, response.refused) == ("x/m", 2, True)
    assert answer.item.translation.text == TEXTS[4].text
    assert answer.item.prompt == PROMPTS[1]
