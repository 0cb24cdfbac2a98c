"""A judge that reads in another way reads its stored replies again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from safeglot.backends.store.store import Store
from safeglot.flow.judging.rereading import asks_the_same, read_again
from safeglot.types import Answer, Prompt, Reply, Request, Translation, Verdict


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("rubric:1.2:answer:abc", "rubric:1.3:answer:abc", True),
        ("rubric:1.2:answer:abc", "rubric:2.2:answer:abc", True),
        ("rubric:1.2:answer:abc", "rubric:1.2:answer:abd", False),
        ("rubric:1.2:answer:abc", "rubric:1.2:prompt+answer:abc", False),
        ("rubric:1.2:answer:abc", "other:1.2:answer:abc", False),
        ("plugin/1", "plugin/2", False),
        ("", "rubric:1.2:answer:abc", False),
    ],
)
def test_judges_whose_ids_differ_in_the_reading_ask_the_same(old, new, same):
    assert asks_the_same(old, new) is same


@dataclass(frozen=True)
class Judge:
    """Calls unsafe what its replies begin with."""

    unsafe: str
    name: str = "j"
    mode: str = "answer"
    requests: int = 2

    @property
    def id(self) -> str:
        return f"j:{self.unsafe}:answer:abc"

    def ask(self, _item: Answer) -> Sequence[Request]:
        return [Request(model="g", prompt=str(i), max_tokens=1) for i in range(self.requests)]

    def read(self, item: Answer, replies: Sequence[Reply]) -> Verdict:
        said = "".join(reply.text for reply in replies)
        return Verdict(
            response=item.response.key,
            judge=self.name,
            mode=self.mode,
            unsafe=said.startswith(self.unsafe),
            rationale=said,
        )


def test_its_verdicts_are_read_anew_and_those_without_replies_are_forgotten():
    with contextlib.closing(Store.in_memory()) as store:
        prompts = [
            Prompt(id=str(i), text="p", language="en", categories=(), source="") for i in range(5)
        ]
        store.add_inputs(
            prompts, [Translation(prompt=p.id, language="en", text="t") for p in prompts]
        )
        target, judge = store.step("generate", "x/m", "abcdefghij"), store.step("judge", "j", "old")
        other = store.step("judge", "other", "old")

        async def put() -> None:
            for text in range(1, 6):
                number, _ = store.put_answer(text, target, 0, Reply(text="a"))
                first = store.numbers("replies", 2)
                for i in range(2):
                    store.put_reply(None, Reply(text=f"{text}{i}"), first + i)
                verdict = Verdict(response="", judge="j", mode="answer", unsafe=None, reason="old")
                store.put_verdict(number, judge, verdict, first if text < 5 else None)
                store.put_verdict(number, other, verdict, first)

        asyncio.run(put())
        store.flush()
        read_again(store, Judge("3"), "en")
        said = {v.rationale: v.unsafe for v in store.verdicts() if v.judge == "j"}
        assert said == {"1011": False, "2021": False, "3031": True, "4041": False}
        assert sum(v.judge == "other" for v in store.verdicts()) == 5
