"""Apertium as it is on the machine: real programs, killed and stopped for real."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
from functools import partial
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from safeglot.backends.translators.apertium.modes import (
    MOST_MODES,
    data_folder,
    find_modes,
)
from safeglot.backends.translators.apertium.pipeline import Pipeline
from safeglot.backends.translators.apertium.translator import Apertium
from safeglot.errors import ModelError, UsageError
from safeglot.types import Request
from waiting import HANG_S, cpu_s, soon

PAIRS = ("eng-spa", "en-gl", "en-eo", "eng-cat", "spa-ast", "es-fr", "spa-ita", "cat-srd")
PACKAGES = (
    "apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-eo-en apertium-fr-es "
    "apertium-spa-ita apertium-spa-ast apertium-cat-srd apertium-es-pt apertium-oc-ca"
)
# Each of these has a word whose class of ambiguity the tagger's training had not.
UNSEEN = [
    "There are a lot of red cars in this street.",
    "How do I avoid living near black people?",
    "Nobody sells a lot of bread near here.",
]


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    lost = [pair for pair in PAIRS if not (data_folder() / "modes" / f"{pair}.mode").is_file()]
    if lost or shutil.which("apertium") is None:
        pytest.fail(f"Apertium lacks {lost or 'all'}: apt-get install {PACKAGES}")


def ask(text: str, target: str = "es", source: str = "en") -> Request:
    extra = {"source": source, "target": target}
    return Request(model="apertium", prompt=text, max_tokens=1, extra=extra)


def translated(*requests: Request, mode: str = "") -> list[str]:
    async def work() -> list[str]:
        model = Apertium(mode)
        try:
            return [r.text for r in await asyncio.gather(*map(model.answer, requests))]
        finally:
            await model.close()

    return asyncio.run(work())


def test_it_translates_direct_and_over_a_pivot():
    assert translated(
        ask("The house is big."),
        ask("The house is big.", "gl"),
        ask("The house is big.", "eo"),
        ask("The house is big.", "ca"),
        ask("The house is big.", "fr"),
        ask("La casa es grande.", "en", "es"),
    ) == [
        "La casa es grande.",
        "A casa é grande.",
        "La domo estas granda.",
        "La casa és gran.",
        "La maison est grande.",
        "The house is big.",
    ]


def test_routes_are_the_shortest_and_prefer_spanish_then_catalan():
    model = Apertium()
    assert model.route("en", "es") == ("eng-spa",)
    assert model.route("eng", "es-MX") == ("eng-spa",)
    assert model.route("en", "ca-valencia") == ("eng-cat_valencia",)
    assert model.route("en", "it") == ("eng-spa", "spa-ita")
    assert model.route("en", "ast") == ("eng-spa", "spa-ast")
    assert model.route("en", "sc") == ("eng-cat", "cat-srd")
    assert model.route("en", "pt-BR") == ("eng-spa", "es-pt_BR")
    assert model.route("fr", "ast") == ("fr-es", "spa-ast")
    assert model.route("en", "sw") == ()
    for source, target in model.directions:
        assert len(model.route(source, target)) == 1


def test_a_chain_has_three_modes_at_most_and_comes_back_to_no_language():
    model = Apertium()
    tags = sorted({tag for pair in model.directions for tag in pair})
    for source in tags:
        for target in tags:
            route = model.route(source, target)
            assert len(route) <= MOST_MODES
            assert len(set(route)) == len(route)
            assert bool(route) == (model.fault(source, target) == "")


def test_a_pair_that_is_not_there_is_refused_with_what_is():
    fault = Apertium().fault("en", "sw")
    assert "no way from en to sw" in fault
    assert " es, " in fault
    assert "apt install apertium-eng-spa" in fault
    with pytest.raises(ModelError, match="no way from en to sw") as caught:
        translated(ask("Hello.", "sw"))
    assert not caught.value.transient


def test_one_mode_is_used_alone():
    model = Apertium("eng-spa")
    assert model.directions == (("en", "es"),)
    assert model.fault("en", "fr")
    assert translated(ask("The house is big."), mode="eng-spa") == ["La casa es grande."]


def test_unknown_and_unusable_modes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UsageError, match="apertium/eng-swa: no such mode; there are"):
        Apertium("eng-swa")
    modes = tmp_path / "modes"
    modes.mkdir()
    monkeypatch.setenv("APERTIUM_DATADIR", str(tmp_path))
    with pytest.raises(UsageError, match=r"no modes under .*modes.*apt install"):
        Apertium()
    (tmp_path / "empty.bin").touch()
    written = {
        "eng-hbs": "lt-proc -w '/bin/sh'",
        "eng-nld": f"lt-proc '{tmp_path}/empty.bin' | lt-proc $1 '{tmp_path}/none.bin'",
        "eng-swe": "lt-proc '/bin/sh' > out",
        "eng-dan": "lt-proc-of-another-kind '/bin/sh'",
        "eng-isl": "cat '/bin/sh'",
        "eng-fin": "",
    }
    for name, text in written.items():
        (modes / f"{name}.mode").write_text(text)
    faults = {name: mode.fault for name, mode in find_modes(tmp_path).items()}
    assert "known to be broken" in faults["eng-hbs"]
    assert faults["eng-nld"] == f"its file {tmp_path}/empty.bin is missing or empty"
    assert "only a shell understands" in faults["eng-swe"]
    assert "is not installed" in faults["eng-dan"]
    assert "cannot answer text for text" in faults["eng-isl"]
    assert "names no program" in faults["eng-fin"]
    model = Apertium()
    assert model.fault("en", "sh").startswith("eng-hbs: this direction")
    assert model.directions == ()


@pytest.mark.parametrize("target", ["es", "gl", "eo", "ca", "fr", "sc"])
def test_strange_texts_survive(target: str):
    texts = {
        "": "",
        "?!... 12,5 %": "?!... 12,5 %",
        "  \n\t ": "  \n\t ",
        "🍕🍕": "🍕🍕",
        "שלום مرحبا 你好": "שלום مرحبا 你好",
    }
    assert translated(*(ask(text, target) for text in texts)) == list(texts.values())
    kept = [
        "[",
        "]",
        "{",
        "}",
        "^",
        "$",
        "\\",
        "~",
        "<b>",
        "</b>",
        "@",
        "*",
        "#",
        "=",
        "\0",
        "\u2028",
    ]
    (found,) = translated(ask("Green " + " green ".join(kept) + " green.", target))
    for sign in kept:
        assert sign in found
    lines = "The house.\r\n\n  The tree\n- The house\n"
    (found,) = translated(ask(lines, target))
    assert [line[:2] for line in found.split("\n")][1:] == ["", "  ", "- ", ""]
    assert found.count("\r") == 1


def test_unknown_words_come_back_without_marks():
    (found,) = translated(ask("The frobnicator likes zwickles."))
    assert "frobnicator" in found
    assert "zwickles" in found
    assert not set(found) & set("*@#")


def test_a_lone_surrogate_is_refused_beside_texts_that_are_not():
    async def work():
        model = Apertium()
        texts = ["The house.", "half \ud800 pair", "The tree."]
        found = await asyncio.gather(*(model.answer(ask(t)) for t in texts), return_exceptions=True)
        await model.close()
        return found

    first, second, third = asyncio.run(work())
    assert (first.text, third.text) == ("La casa.", "El árbol.")
    assert (second.kind, second.transient) == ("bad_request", False)


def test_a_very_long_text_comes_back_whole():
    (found,) = translated(ask("The house is big. " * 1_000))
    assert found.count("La casa es grande.") == 1_000


def prompts(language: str = "en") -> list[str]:
    lines = resources.files("safeglot.prompts").joinpath("mini.jsonl").read_text("utf-8")
    return [json.loads(line)[language] for line in lines.splitlines()][:40]


@pytest.mark.parametrize(
    ("source", "target"), [("en", "es"), ("en", "gl"), ("en", "ca"), ("en", "eo")]
)
def test_a_translation_does_not_hang_on_what_came_before(source: str, target: str):
    texts = [*UNSEEN, *prompts()]
    mode = find_modes(data_folder())[Apertium().route(source, target)[0]]
    shuffled = texts[:]
    random.Random(7).shuffle(shuffled)
    pipeline = Pipeline(mode.name, mode.commands)
    together = dict(zip(texts, pipeline.translate(texts), strict=True))
    assert dict(zip(shuffled, pipeline.translate(shuffled), strict=True)) == together
    pipeline.close()
    for text in UNSEEN:
        fresh = Pipeline(mode.name, mode.commands)
        assert fresh.translate([text]) == [together[text]]
        fresh.close()


def as_if_alone(pipeline: Pipeline, lines: list[bytes]) -> list[bytes]:
    """Tag each line by a tagger that is started for it and ends with it."""
    assert pipeline._tagger is not None
    command = pipeline._tagger._command

    def alone(line: bytes) -> bytes:
        done = subprocess.run(command, input=line + b"\0", capture_output=True, check=True)
        return done.stdout.partition(b"\0")[0]

    return [alone(line) for line in lines]


@pytest.mark.parametrize(
    ("source", "target"), [("en", "es"), ("en", "gl"), ("en", "ca"), ("en", "eo"), ("es", "it")]
)
def test_each_text_reads_as_a_tagger_just_started_reads_it(
    source: str, target: str, monkeypatch: pytest.MonkeyPatch
):
    mode = find_modes(data_folder())[Apertium().route(source, target)[0]]
    texts = [*UNSEEN, *prompts(source)] if source == "en" else prompts(source)
    # unknown words before and behind words of new classes: what a tagger that has met one gets wrong
    texts += [f"{text} Zwickles frobnicate {other}" for text, other in pairwise(texts[:12])]
    texts += [f"{text} Zwickles frobnicate it well." for text in texts[:12]]
    texts += [f"Zwickles like frobnication. {text}" for text in texts[:12]]
    random.Random(3).shuffle(texts)
    pipeline = Pipeline(mode.name, mode.commands)
    found = [
        one for at in range(0, len(texts), 9) for one in pipeline.translate(texts[at : at + 9])
    ]
    assert found == pipeline.translate(texts)
    monkeypatch.setattr(pipeline._tagger, "tag", partial(as_if_alone, pipeline))
    assert found == pipeline.translate(texts)
    pipeline.close()


def test_a_tagger_that_has_met_one_new_class_is_kept_for_its_like():
    mode = find_modes(data_folder())["eng-spa"]
    pipeline = Pipeline(mode.name, mode.commands)
    pipeline.translate(["How do I find the house?", "The house."])
    before = pipeline.pids
    pipeline.translate(["How do I find the tree?", "The tree.", "How do I open the door?"])
    assert pipeline.pids == before
    pipeline.translate(["How do I find the zwickle?", "I like zwickles.", "Zwickles are green."])
    assert pipeline.pids == before
    pipeline.translate(["Zwickles are green, and I like them."])
    assert pipeline.pids != before
    pipeline.close()


def test_what_the_tagger_complains_of_never_fills_its_pipe():
    """A pipe takes 64 KB, and each of these questions is worth 200 bytes of complaint."""
    (found,) = translated(ask("How do I open the door? " * 1_500))
    assert found.count("puerta") == 1_500


def test_pipes_that_hold_little_give_the_same(monkeypatch: pytest.MonkeyPatch):
    texts = [*(f"{text} {at}" for at in range(8) for text in prompts()), "The house is big. " * 500]
    requests = [ask(text) for text in texts]
    wide = translated(*requests)
    monkeypatch.setattr("safeglot.backends.translators.apertium.pipe._ROOM", 4096)
    assert translated(*requests) == wide


@pytest.mark.parametrize("at", [0, 1, -1])
def test_a_killed_process_costs_no_text_and_mixes_none(at: int):
    async def work():
        model = Apertium("eng-spa")
        assert (await model.answer(ask("The house."))).text == "La casa."
        before = model.pids("eng-spa")
        os.kill(before[at], signal.SIGKILL)
        texts = [f"The house {i}." for i in range(20)]
        found = await asyncio.gather(*(model.answer(ask(t)) for t in texts), return_exceptions=True)
        again = await model.answer(ask("The tree."))
        after = model.pids("eng-spa")
        await model.close()
        return before, after, found, again

    before, after, found, again = asyncio.run(work())
    for i, reply in enumerate(found):
        if isinstance(reply, ModelError):
            assert reply.transient
        else:
            assert reply.text == f"La casa {i}."
    assert again.text == "El árbol."
    assert before != after


def test_a_hung_process_gives_a_transient_timeout_and_is_replaced():
    async def work():
        model = Apertium("eng-spa")
        await model.answer(ask("The house."))
        model._pipelines["eng-spa"]._after.timeout_s = 1.0
        os.kill(model.pids("eng-spa")[-1], signal.SIGSTOP)
        with pytest.raises(ModelError, match="neither took nor gave anything for 1 s") as caught:
            await model.answer(ask("The house."))
        model._pipelines["eng-spa"]._after.timeout_s = HANG_S
        again = await model.answer(ask("The tree."))
        await model.close()
        return caught.value, again

    error, again = asyncio.run(work())
    assert (error.kind, error.transient) == ("timeout", True)
    assert again.text == "El árbol."


def test_a_process_killed_at_work_gives_a_transient_error():
    async def work():
        model = Apertium("eng-spa")
        await model.answer(ask("The house."))
        idle_s = cpu_s(*model.pids("eng-spa"))
        task = asyncio.ensure_future(model.answer(ask("The house is big. " * 30_000)))
        await soon(lambda: cpu_s(*model.pids("eng-spa")) > idle_s + 0.05)
        os.kill(model.pids("eng-spa")[0], signal.SIGKILL)
        with pytest.raises(ModelError) as caught:
            await task
        again = await model.answer(ask("The tree."))
        await model.close()
        return caught.value, again

    error, again = asyncio.run(work())
    assert (error.kind, error.transient) == ("engine", True)
    assert "eng-spa" in error.message
    assert again.text == "El árbol."


def test_cancelled_requests_leave_the_pipeline_in_step():
    async def work():
        model = Apertium("eng-spa")
        tasks = [asyncio.ensure_future(model.answer(ask(f"The house {i}."))) for i in range(30)]
        await asyncio.sleep(0.05)
        for task in tasks[::2]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        await model.close()
        return found

    for i, reply in enumerate(asyncio.run(work())):
        if i % 2:
            assert reply.text == f"La casa {i}."


def test_close_ends_the_processes_and_what_waits():
    async def work():
        model = Apertium("eng-spa")
        await model.answer(ask("The house."))
        pids = model.pids("eng-spa")
        idle_s = cpu_s(*pids)
        task = asyncio.ensure_future(model.answer(ask("The house is big. " * 30_000)))
        await soon(lambda: cpu_s(*pids) > idle_s + 0.05)
        await model.close()
        await model.close()
        (found,) = await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(ModelError, match="closed"):
            await model.answer(ask("The tree."))
        return pids, found

    pids, found = asyncio.run(work())
    assert isinstance(found, ModelError)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_revision_is_that_of_the_data_on_the_way():
    model = Apertium()
    direct, chain = model.route_revision("en", "es"), model.route_revision("en", "fr")
    one = Apertium("eng-spa")
    assert direct == one.route_revision("en", "es") == f"eng-spa@{one.revision}"
    assert chain.startswith("eng-spa+es-fr@")
    assert model.revision == Apertium().revision != one.revision
    assert one.revision[0].isdigit()
