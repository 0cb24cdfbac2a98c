from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from example.sets import make_set, prompts_of
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.translation.joining import folder_of, joined
from safeglot.types import Prompt, Translation
from unit.flow.translation.plans import loaded

N = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_set(tmp_path_factory.mktemp("sets") / "first", N, ("sw", "yo"))


@pytest.fixture(scope="module")
def prompts():
    mini, _ = loaded(Config(prompts="mini", languages=("en",), limit=1))
    rows = prompts_of(N)
    return replace(
        mini,
        prompts=tuple(
            Prompt(id=r["id"], text=r["source"], language="en", categories=(), source="t")
            for r in rows
        ),
        translations=tuple(
            Translation(prompt=r["id"], language="en", text=r["source"]) for r in rows
        ),
    )


def rows_of(folder, outcome):
    return {
        (r["id"], r["language"]): r["text"]
        for r in folder.read_translations()
        if r["outcome"] == outcome
    }


def test_a_run_names_its_set_or_has_its_own():
    assert folder_of(Config(), Path("runs/a")).path == Path("runs/a/translations")
    assert folder_of(Config(translations="sets/b"), Path("runs/a")).path == Path("sets/b")


def test_kept_texts_are_main_ones_and_gated_ones_stand_beside(folder, prompts):
    run = joined(prompts, folder, Config())
    assert run.languages == ("en", "sw", "yo")
    main = {(t.prompt, t.language): t.text for t in run.translations if t.language != "en"}
    assert main == rows_of(folder, "kept")
    gated = {(t.prompt, t.language): t.text for t in run.arm_texts}
    assert gated == rows_of(folder, "gated")
    assert {(t.arm, t.kept) for t in run.arm_texts} == {("gated", False)}
    assert {(u.prompt, u.language) for u in run.untranslated} == set(rows_of(folder, "failed"))
    assert run.notes[-1] == f"translations: first ({folder.read_manifest().digest})"


def test_texts_go_prompt_by_prompt_in_the_order_of_languages(folder, prompts):
    run = joined(prompts, folder, Config(to=("yo",)))
    assert run.languages == ("en", "yo")
    order = [(t.prompt, t.language) for t in run.translations]
    places = {p.id: i for i, p in enumerate(prompts.prompts)}
    assert order == sorted(
        order, key=lambda place: (places[place[0]], run.languages.index(place[1]))
    )


def test_other_candidates_come_with_the_arm_of_translators(folder, prompts):
    run = joined(prompts, folder, Config(arms=("translators",)))
    others = [t for t in run.arm_texts if t.arm == "translators"]
    main = {(t.prompt, t.language): t.translator for t in run.translations}
    assert others
    assert all(main[t.prompt, t.language] != t.translator for t in others)


def test_a_language_that_is_not_in_the_set_is_refused(folder, prompts):
    with pytest.raises(UsageError, match="has no zh; it has sw, yo"):
        joined(prompts, folder, Config(to=("sw", "zh")))


def test_a_language_that_the_prompts_have_is_refused(folder, prompts):
    with pytest.raises(UsageError, match="has sw, and so have the prompts"):
        joined(replace(prompts, languages=("en", "sw")), folder, Config())


def test_other_prompts_than_those_of_the_set_are_refused(folder, prompts):
    first, second, *rest = prompts.prompts
    changed = (replace(first, text="another text"), replace(second, id="new"), *rest)
    with pytest.raises(InputErrors) as error:
        joined(replace(prompts, prompts=changed), folder, Config())
    lacking, other = error.value.problems
    assert f"lacks 1 of the {N} prompts (new)" in lacking
    assert f"1 prompts have another text there ({first.id})" in other
