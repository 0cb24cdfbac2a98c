from __future__ import annotations

from dataclasses import dataclass

import pytest

from safeglot.backends.console import Console
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config
from safeglot.flow.translation.asking import Asking, open_bench, run
from safeglot.flow.translation.round_trips import round_trips
from safeglot.flow.translation.translators import TranslationSteps
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.translate.translators.from_file import FileTranslator
from safeglot.types import Prompt, Request, Translated, Translation
from unit.flow.translation.models import Echo, EchoTranslator, route


@dataclass(frozen=True)
class Marking(EchoTranslator):
    """Puts its name and the language it went to behind the text."""

    lost: str = ""

    def ask(self, item):
        marked = f"{item.text}>{self.name}.{item.target}"
        return (Request(model="echo", prompt=marked, max_tokens=0),)

    def read(self, item, replies):
        text = replies[0].text
        return (
            Translated(text="", fault="empty: gave nothing")
            if text == self.lost
            else Translated(text=text)
        )


class Same(Echo):
    async def answer(self, request):
        reply = await super().answer(request)
        return type(reply)(text=request.prompt)


PEOPLE = FileTranslator(name="human=x", digest="0", source="en", texts={("p0", "sw"): "Habari"})


@pytest.fixture
def trips(tmp_path):
    def call(arms, *translators, by="a", languages=("en", "sw"), text="Habari"):
        prompt = Prompt(id="p0", text="Hello", language="en", categories=("c",), source="s")
        prompts = PromptSet(
            prompts=(prompt,),
            translations=(
                Translation(prompt="p0", language="en", text="Hello"),
                *(Translation(prompt="p0", language=tag, text=text, translator=by)
                  for tag in languages[1:]),
            ),
            taxonomy=Taxonomy(name="t", categories=("c",)),
            languages=languages,
            source="s",
        )  # fmt: skip
        config = Config(arms=arms)
        asking = Asking(
            config=config,
            steps=TranslationSteps(
                translators=translators, engines={"echo": lambda: route(Same())}
            ),
            log=tmp_path / "log.jsonl",
            console=Console(quiet=True),
            adaptations=Adaptations(),
        )
        store = Store(tmp_path / "replies.db")

        async def opened():
            async with open_bench(asking, store) as bench:
                return await round_trips(config, prompts, bench)

        try:
            return run(opened, tmp_path)
        finally:
            store.close()

    return call


def told(found):
    return [(t.arm, t.text, t.translator) for t in found]


A, B = Marking(name="a", id="a"), Marking(name="b", id="b")


def test_a_second_trip_goes_out_by_who_made_the_text_and_back_by_another(trips):
    found = trips(("roundtrip", "roundtrip2"), A, B)
    once = "Habari>b.en"
    assert told(found) == [
        ("roundtrip", once, "a+b"),
        ("roundtrip2", f"{once}>a.sw>b.en", "a+b+a+b"),
    ]
    assert {t.language for t in found} == {"sw"}


def test_either_arm_can_be_had_alone(trips):
    assert [t.arm for t in trips(("roundtrip2",), A, B)] == ["roundtrip2"]
    assert [t.arm for t in trips(("roundtrip",), A, B)] == ["roundtrip"]
    assert trips((), A, B) == []


def test_with_one_translator_it_goes_all_ways_and_files_go_none(trips):
    found = trips(("roundtrip", "roundtrip2"), PEOPLE, A, by="human=x")
    assert [t.translator for t in found] == ["human=x+a", "human=x+a+a+a"]
    assert trips(("roundtrip", "roundtrip2"), PEOPLE, by="human=x") == []


@pytest.mark.parametrize("lost", ["Habari>b.en", "Habari>b.en>a.sw", "Habari>b.en>a.sw>b.en"])
def test_a_text_that_is_lost_on_the_way_says_so_and_goes_no_further(trips, lost):
    a, b = (Marking(name=name, id=name, lost=lost) for name in "ab")
    found = trips(("roundtrip", "roundtrip2"), a, b)
    (failed,) = [t for t in found if not isinstance(t, Translation)]
    first = lost == "Habari>b.en"
    assert (failed.stage, failed.kind) == ("roundtrip" if first else "roundtrip2", "empty")
    assert [t.arm for t in found if isinstance(t, Translation)] == ([] if first else ["roundtrip"])
