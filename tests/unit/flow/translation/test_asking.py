from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from safeglot.backends.console import Console
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config
from safeglot.errors import ModelError, Stopped
from safeglot.flow.translation.asking import Asking, open_bench, run
from safeglot.flow.translation.translators import TranslationSteps
from safeglot.translate.translators.from_file import FileTranslator
from safeglot.types import Candidate, Request, Source, Translated
from unit.flow.translation.models import Echo, EchoTranslator, LengthEstimator, route

FILE = FileTranslator(
    name="human", digest="0", source="en", texts={("p0", "sw"): "Habari", ("p0", "yo"): "Bawo"}
)


def source(text, prompt="p0", target="sw"):
    return Source(prompt=prompt, text=text, language="en", target=target)


@pytest.fixture
def ask(tmp_path):
    """Return what a coroutine on an open bench returns."""

    def call(work, model=None, **more):
        steps = TranslationSteps(
            translators=more.pop("translators", (EchoTranslator(), FILE)),
            estimators=more.pop("estimators", (LengthEstimator(),)),
            engines={"echo": lambda: route(model or Echo())},
        )
        asking = Asking(
            config=more.pop("config", Config()),
            steps=steps,
            log=tmp_path / "log.jsonl",
            console=Console(quiet=True),
            adaptations=Adaptations(),
            **more,
        )
        store = Store(tmp_path / "replies.db")

        async def opened():
            async with open_bench(asking, store) as found:
                return await work(found)

        try:
            return run(opened, tmp_path)
        finally:
            store.close()

    return call


def candidates(*sources):
    return lambda opened: opened.candidates(list(sources))


def test_every_translator_that_knows_the_languages_gives_a_candidate(ask):
    rows = ask(candidates(source("Hello"), source("Bye", target="yo")))
    assert [(r.translator, r.language, r.text) for r in rows] == [
        ("echo", "sw", "HELLO"),
        ("human", "sw", "Habari"),
        ("human", "yo", "Bawo"),
    ]
    assert [r.quality for r in rows] == [{"length": 1.0}, {"length": 6 / 5}, {}]
    assert rows[2].untold == {"length": "not covered: yo"}


def test_what_there_is_no_text_of_is_broken_and_neither_checked_nor_estimated(ask):
    shown = []

    def check(given):
        shown.extend(candidate.text for candidate in given)
        return [{} for _ in given]

    rows = ask(candidates(source("Hello", prompt="p1")), check=check)
    assert rows[1].broken == "the file has no text of this prompt"
    assert (rows[1].text, rows[1].quality) == ("", {})
    assert shown == ["HELLO"]


@dataclass(frozen=True)
class Fussy(EchoTranslator):
    """Takes only replies to texts that end in an exclamation mark, and asks so once more."""

    name: str = "fussy"

    def read(self, item, replies):
        if replies[0].text.endswith(item.prompt):
            return Translated(text=replies[0].text)
        again = replace(self.ask(item)[0], prompt=item.text + "!", sample=1)
        return Translated(text="", fault="untagged: no marks", again=(again,))


def test_one_more_try_is_asked_and_not_more(ask):
    model = Echo()
    only = {"translators": (Fussy(),)}
    (row,) = ask(candidates(source("Hello", prompt="!")), model, **only)
    assert (row.text, row.broken) == ("HELLO!", "")
    (row,) = ask(candidates(source("Bye", prompt="?")), model, **only)
    assert (row.text, row.broken) == ("", "untagged: no marks")
    ask(candidates(source("Bye", prompt="?")), model, **only)
    assert model.asked == {"Hello": 1, "Hello!": 1, "Bye": 1, "Bye!": 1}


def test_only_what_passed_the_checks_is_estimated(ask):
    rows = ask(
        candidates(source("Hello")),
        check=lambda given: [{"copied": "all"} if c.text == "HELLO" else {} for c in given],
    )
    assert [(r.faults, r.quality) for r in rows] == [({"copied": "all"}, {}), ({}, {"length": 1.2})]


def test_what_failed_for_good_is_not_asked_again_unless_it_is_wanted(ask):
    model = Echo(broken={"Hello"})
    only = {"translators": (EchoTranslator(),)}
    (row,) = ask(candidates(source("Hello")), model, **only)
    assert row.broken == "failed: no such text"
    (row,) = ask(candidates(source("Hello")), model, **only)
    assert row.broken == "failed before; --retry-failed asks again"
    assert model.asked["Hello"] == 1
    model.broken.clear()
    (row,) = ask(candidates(source("Hello")), model, retry_failed=True, **only)
    assert (row.text, row.broken) == ("HELLO", "")
    (row,) = ask(candidates(source("Hello")), model, **only)
    assert row.text == "HELLO"
    assert model.asked["Hello"] == 2  # the reply is stored


@dataclass
class Passing(Echo):
    """Fails for a moment the first time that it is asked anything."""

    async def answer(self, request):
        if not self.asked[request.prompt]:
            self.asked[request.prompt] += 1
            raise ModelError("server_error", "not now", transient=True)
        return await super().answer(request)


@dataclass(frozen=True)
class AskingEstimator(LengthEstimator):
    """Asks a model of the text, and takes any reply."""

    name: str = "asking"

    def ask(self, item):
        return (Request(model="echo", prompt=f"rate {item.text}", max_tokens=0),)


def test_what_failed_for_a_moment_is_asked_once_more_at_the_end(ask):
    model = Passing()
    more = {"translators": (EchoTranslator(),), "estimators": (AskingEstimator(),)}
    (row,) = ask(candidates(source("Hello")), model, config=Config(retries=0), **more)
    assert (row.text, row.broken, dict(row.quality), dict(row.untold)) == (
        "HELLO", "", {"asking": 1.0}, {},
    )  # fmt: skip
    assert model.asked == {"Hello": 2, "rate HELLO": 2}

    async def failures(bench):
        return bench.earlier

    assert ask(failures, model) == set()


def test_stored_replies_without_a_text_are_asked_again_where_wanted(ask):
    model = Echo(says=" ")
    only = {"translators": (EchoTranslator(),)}
    for _ in range(2):
        (row,) = ask(candidates(source("Hello")), model, **only)
    assert (row.text.strip(), model.asked["Hello"]) == ("", 1)
    (row,) = ask(candidates(source("Hello")), model, afresh=True, **only)
    assert (row.text.strip(), model.asked["Hello"]) == ("", 2)  # once a command
    model.says = ""
    (row,) = ask(candidates(source("Hello")), model, afresh=True, **only)
    assert (row.text, model.asked["Hello"]) == ("HELLO", 3)
    (row,) = ask(candidates(source("Hello")), model, afresh=True, **only)
    assert (row.text, model.asked["Hello"]) == ("HELLO", 3)


def test_both_tries_of_a_translation_are_asked_again_where_wanted(ask):
    model, only = Echo(), {"translators": (Fussy(),)}
    for afresh in (False, True):
        (row,) = ask(candidates(source("Bye", prompt="?")), model, afresh=afresh, **only)
        assert row.broken == "untagged: no marks"
    assert model.asked == {"Bye": 2, "Bye!": 2}


def test_estimates_come_in_the_order_of_the_candidates(ask):
    given = [Candidate(source=source("x" * 10), translator="t", text="y" * n) for n in (5, 1, 10)]
    qualities = ask(lambda opened: opened.qualities(given))
    assert [numbers["length"] for numbers, _ in qualities] == [0.5, 0.1, 1.0]


def test_a_stop_says_how_to_go_on(tmp_path):
    async def work():
        raise Stopped("the budget is spent.")

    with pytest.raises(
        Stopped, match=r"the budget is spent\.\nWhat was translated so far is stored"
    ):
        run(work, tmp_path)
