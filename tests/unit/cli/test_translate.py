from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from example.sets import KIWI, ROUNDTRIP, SCALES, make_set
from safeglot.cli import translate
from safeglot.errors import UsageError


@pytest.fixture
def made(tmp_path):
    return make_set(tmp_path / "set", 12, ("es", "yo"))


def call(*arguments):
    return CliRunner().invoke(translate.translate, [str(a) for a in arguments])


def test_a_set_is_summed_up_by_language(made):
    lines = translate.summary(made, width=200).splitlines()
    counts = made.read_manifest().counts
    assert lines[0].split() == [
        "language",
        "kept",
        "gated",
        "failed",
        "quality",
        "of",
        "those",
        "kept",
    ]
    for line, tag, name in ((lines[1], "es", "Spanish"), (lines[2], "yo", "Yoruba")):
        n = counts[tag]
        assert line.startswith(f"{tag} ({name})")
        assert line.split()[2:5] == [str(n["kept"]), str(n["gated"]), str(n["failed"])]
    assert f"{ROUNDTRIP} " in lines[1]
    assert lines[-1].startswith(f"Next: safeglot run … --translations {made.path}")


def test_notes_name_proxies_languages_that_are_not_covered_and_empty_ones(made):
    about = made.read_manifest()
    notes = list(translate._notes(about))
    assert (
        f"{ROUNDTRIP} is a proxy of quality: it was not trained on human judgements, ranks no "
        "translators, gates no text that was brought."
    ) in notes
    assert not any("No estimator that ranks" in note for note in notes)
    assert f"{KIWI} does not cover yo: XLM-R was not trained on Yoruba" in notes
    assert not any("nothing is kept" in note or "no gate" in note for note in notes)
    bare = replace(
        about,
        gate=replace(about.gate, threshold=None, by_language={}),
        counts={"es": {"kept": 0, "gated": 1, "failed": 0}},
    )
    more = list(translate._notes(bare))
    assert "no gate: every text that passed the hard checks is kept." in more
    assert any(note.startswith("es: nothing is kept, so a run has no es.") for note in more)


def test_that_the_order_of_the_translators_chose_is_told(tmp_path):
    scales = {ROUNDTRIP: SCALES[ROUNDTRIP]}
    folder = make_set(tmp_path / "set", 12, ("es", "yo"), scales=scales)
    told = translate.summary(folder, width=200)
    assert (
        "No estimator that ranks translations covers es, yo: each prompt has the first text that "
        "passed, in the order of the translators (apertium, ct2/opus-mt-en-mul, llm=openai/gpt-5-nano)."
    ) in told


def test_a_dry_run_asks_nothing(tmp_path):
    done = call(
        "mini",
        "--to",
        "es",
        "--with",
        "llm=vllm/m",
        "--limit",
        1,
        "--out",
        tmp_path / "s",
        "--dry-run",
    )
    assert done.exit_code == 0, done.exception
    lines = done.output.splitlines()
    assert lines[-1] == "Nothing was sent."
    assert lines[1].split() == ["languages", "es"]
    assert any(
        line.startswith("translator   llm=vllm/m: ") and line.endswith(" in es") for line in lines
    )
    assert not (tmp_path / "s").exists()


def test_a_set_needs_a_folder_and_a_translator(tmp_path):
    assert "Missing option '--out'" in call("mini", "--to", "es", "--with", "llm=vllm/m").output
    done = call("mini", "--to", "es", "--out", tmp_path / "s")
    assert isinstance(done.exception, UsageError)


def test_a_tag_that_is_no_language_is_refused(tmp_path):
    done = call("mini", "--to", "klingon", "--with", "llm=vllm/m", "--out", tmp_path / "s")
    assert isinstance(done.exception, UsageError)
    assert "klingon" in str(done.exception)
