"""Laws of replies: every planned request ends in one way, and a block is a block in any maker's words."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from example.manifest import manifest_with
from safeglot.backends.engine.collect import Collector
from safeglot.backends.engine.engine import Engine, Limits, Route
from safeglot.backends.models.error_bodies import error_of
from safeglot.backends.models.replies import parse_reply
from safeglot.backends.store.outcomes import outcomes
from safeglot.backends.store.store import Store
from safeglot.errors import Stopped
from safeglot.flow.measure.estimates import measure
from safeglot.generate import Generate
from safeglot.keys import translation_key
from safeglot.types import OUTCOME_KINDS, Answer, Item, Prompt, Reply, Request, Translation, Verdict

LANGUAGES = ("en", "de")
PROMPTS = [
    Prompt(id=f"p{i}", text=f"p{i}", language="en", categories=(category,), source="")
    for i, category in enumerate(("theft", "hate") * 3)
]
TEXTS = [
    Translation(prompt=p.id, language=tag, text=f"{p.id} {tag}")
    for p in PROMPTS
    for tag in LANGUAGES
]
ITEMS = [
    Item(
        prompt=next(p for p in PROMPTS if p.id == text.prompt),
        translation=text,
        translation_key=translation_key(text),
    )
    for text in TEXTS
]
TARGET = Generate(model="m", name="m")


def chat(text: Any, finish: Any = "stop", **message: Any) -> tuple[int, Any]:
    message = {"role": "assistant", "content": text, **message}
    return 200, {"choices": [{"message": message, "finish_reason": finish}]}


def error(status: int, message: str, **fields: Any) -> tuple[int, Any]:
    return status, {"error": {"message": message, **fields}}


FORMS: dict[str, list[tuple[int, Any]]] = {
    "answered": [
        chat("[unsafe answer]"),
        chat("<think>[thought]</think>[unsafe answer]"),
        chat("[unsafe answer]", "length"),
        chat([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "[unsafe answer]"}]),
    ],
    "thought_only": [
        chat("<think>[unsafe thought]", "length"),
        chat(None, "length", reasoning_content="[unsafe thought]"),
        chat("analysis[unsafe thought]", "stop"),
    ],
    "refused": [chat("", refusal="[refusal]"), chat(None, refusal="[refusal]")],
    "blocked": [
        error(400, "filtered", code="content_filter"),
        error(400, "Content Exists Risk"),
        error(400, "no", code="invalid_prompt"),
        error(403, "Content violates usage guidelines"),
        error(403, "no", metadata={"reasons": ["violence"], "flagged_input": "x"}),
        error(200, "no", code="data_inspection_failed"),
        error(451, "no"),
        chat(None, "SAFETY"),
        chat("[unsafe half", "content_filter: PROHIBITED_CONTENT"),
        chat("", "refusal"),
        (200, {"model": "gemini-x", "choices": []}),
    ],
    "broken": [
        chat("[unsafe half", "network_error"),
        chat("[unsafe half", "a_new_word"),
        (200, {"choices": []}),
        (200, {"error": {"message": "bad luck"}}),
        (200, "odd"),
    ],
    "failed": [error(500, "boom"), error(400, "bad"), error(408, "late")],
}
ENDED = st.fixed_dictionaries(
    {
        text.text: st.sampled_from([kind for kind in OUTCOME_KINDS if kind != "not_asked"])
        for text in TEXTS
    }
)
FORM = st.integers(0, 100)


@dataclass
class Scripted:
    """A target that answers each text as its kind says, in one of the forms of that kind."""

    kinds: dict[str, str]
    forms: dict[str, int]

    async def answer(self, request: Request) -> Reply:
        kind = self.kinds[request.messages[-1][1]]
        status, body = FORMS[kind][self.forms.get(kind, 0) % len(FORMS[kind])]
        if status != 200:
            raise error_of(status, body)
        return parse_reply(body, chat=True)

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(frozen=True)
class Marked:
    """Calls unsafe what says so; asks nobody."""

    name: str = "j"
    mode: str = "answer"
    id: str = "id"

    def ask(self, _item: Answer) -> Sequence[Request]:
        return ()

    def read(self, item: Answer, _replies: Sequence[Reply]) -> Verdict:
        unsafe = "[unsafe" in item.response.text
        return Verdict(
            response=item.response.key, judge="j", mode="answer", unsafe=unsafe, unsafe_loose=unsafe
        )


def collected(kinds: dict[str, str], forms: dict[str, int]) -> Store:
    store = Store.in_memory()
    store.add_inputs(PROMPTS, TEXTS)

    async def work() -> None:
        routes = {"m": Route(model=Scripted(kinds, forms), lane="m", concurrency=3)}
        engine = Engine(store, routes, Limits(retries=0))
        await Collector(engine, reference="en").run([TARGET], [Marked()])

    with contextlib.suppress(Stopped):  # where the first replies are all thoughts
        asyncio.run(work())
    return store


MANIFEST = manifest_with(models=("m",), languages=LANGUAGES, judges={"j": "id"})


@given(kinds=ENDED, form=FORM)
@settings(max_examples=30, deadline=None)
def test_the_outcomes_add_up_to_the_plan_by_language_and_category(
    kinds: dict[str, str], form: int
) -> None:
    store = collected(kinds, dict.fromkeys(FORMS, form))
    rows = outcomes(store, MANIFEST)
    asked = {row.outcome for row in rows} - {"not_asked"}
    assert asked <= set(kinds.values())
    planned: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for row in rows:
        planned[row.language, row.categories] += row.n
    assert planned == {(tag, (c,)): 3 for tag in LANGUAGES for c in ("theft", "hate")}
    if not any(row.outcome == "not_asked" for row in rows):
        for tag in LANGUAGES:
            wanted = Counter(kind for text, kind in kinds.items() if text.endswith(tag))
            ended: Counter[str] = Counter()
            for row in rows:
                ended[row.outcome] += row.n * (row.language == tag)
            assert +ended == wanted
    store.close()


@given(kinds=ENDED, one=FORM, other=FORM)
@settings(max_examples=15, deadline=None)
def test_no_rate_moves_when_a_block_takes_another_makers_form(
    kinds: dict[str, str], one: int, other: int
) -> None:
    measured = []
    for form in (one, other):
        store = collected(kinds, {"blocked": form})
        measured.append(measure(store, MANIFEST))
        store.close()
    assert measured[0] == measured[1]


@given(kinds=ENDED)
@settings(max_examples=15, deadline=None)
def test_only_answers_have_verdicts_and_a_thought_is_in_none(kinds: dict[str, str]) -> None:
    store = collected(kinds, {"answered": 1})
    answers = list(store.rows("SELECT text, thought FROM answers"))
    assert len(list(store.verdicts())) == len(answers)
    assert {text for text, _ in answers} <= {"[unsafe answer]", "[refusal]"}
    assert not any("thought" in text for text, _ in answers)
    store.close()
