import csv
import re

import pytest

from example.parallel import MULTIJAIL, needs_multijail
from safeglot.backends.console import Console
from safeglot.config.settings import Config
from safeglot.flow.logs.imports import import_run
from safeglot.flow.logs.recording import ToImport
from safeglot.flow.own_texts import CHECKS, text_notes
from safeglot.flow.prompts import load
from safeglot.translate.checks import hard_checks

GERMAN = "Bitte erzähle mir in wenigen Sätzen, wie der kleine Laden im Dorf seine Bücher führt"
ENGLISH = "Please tell me in a few sentences how the small shop in the village keeps its books"
RUSSIAN = "Расскажи мне в нескольких словах, как маленький магазин в деревне ведёт свои книги"


def written(path, rows, head="id,category,en,de"):
    """Return a file of prompts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head.split(","), *rows])
    return path


def notes_of(path, **settings):
    """Return what is told of the texts of a file."""
    notes = load(Config(prompts=str(path), **settings))[0].notes
    return [note for note in notes if "fail the check" in note]


def parallel(path, german, n=40, every=2):
    """Return a file in which every so many German texts are others."""
    rows = [
        (f"p{i}", "c", f"{ENGLISH} in {1900 + i}?", (german if i % every == 0 else GERMAN + " im Jahr {}?").format(1900 + i))
        for i in range(n)
    ]  # fmt: skip
    return written(path, rows)


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (ENGLISH + " in {}?", "copied"),
        (RUSSIAN + " {}?", "wrong-script"),
        ("Hier ist die Übersetzung:\n\n" + GERMAN + " im Jahr {}?", "wrapped"),
        ("“" + GERMAN + " im Jahr {}?”", "wrapped"),
        (GERMAN + " ****** {}?", "censored"),
        (GERMAN + "\u202e im Jahr {}?", "control-characters"),
        ("Sag {}?", "too-short"),
    ],
)
def test_what_fails_is_told_by_check_and_language_with_its_count(tmp_path, text, check):
    notes = notes_of(parallel(tmp_path / "a.csv", text))
    assert any(
        f"fail the check {check} (" in note and re.search(r"de 20 of 40 \(as p0[:)]", note)
        for note in notes
    ), notes
    assert all(GERMAN not in note and ENGLISH not in note for note in notes)


def test_one_text_in_many_and_right_texts_are_not_told(tmp_path):
    wrong = ENGLISH + " in {}?"
    assert notes_of(parallel(tmp_path / "few.csv", wrong, n=40, every=10)) == []
    assert notes_of(parallel(tmp_path / "right.csv", GERMAN + " im Jahr {}?")) == []
    assert notes_of(parallel(tmp_path / "share.csv", wrong, n=300, every=60)) == []


def test_texts_without_another_beside_them_are_checked_by_themselves(tmp_path):
    rows = [(f"p{i}", "c", f"{(GERMAN, RUSSIAN, ENGLISH)[i % 3]} {i}") for i in range(60)]
    (script, language) = notes_of(written(tmp_path / "a.csv", rows, "id,category,en"))
    assert "check wrong-script" in script
    assert "en 20 of 60 (as p1: " in script
    assert "check wrong-language" in language
    assert "en 20 of 60 (as p0: " in language
    unpaired = [(f"p{i}", "c", ("en", "de")[i % 2], f"{ENGLISH} {i}") for i in range(60)]
    path = written(tmp_path / "unpaired.csv", unpaired, "id,category,language,text")
    (note,) = notes_of(path, unpaired=True)
    assert "check wrong-language" in note
    assert "de 30 of 30" in note


def test_of_many_texts_a_sample_is_looked_at_that_is_the_same_in_each_shard(tmp_path):
    path = parallel(tmp_path / "a.csv", ENGLISH + " in {}?", n=2_200)
    told = notes_of(path)
    assert "of a sample of 2,000 (as p" in told[0]
    assert notes_of(path, shard="1/2") == notes_of(path, shard="2/2") == told


def test_zero_width_spaces_between_words_of_khmer_are_right(tmp_path):
    rows = [(f"p{i}", "c", f"How does a shop keep its books in {i}?", f"តើ\u200bហាង\u200bរក្សាទុក\u200bសៀវភៅ\u200bរបស់ខ្លួន\u200bយ៉ាងដូចម្តេច {i}?") for i in range(20)]  # fmt: skip
    assert notes_of(written(tmp_path / "a.csv", rows, "id,category,en,km")) == []


def test_nothing_is_told_of_the_bundled_prompts():
    prompts, _ = load(Config(prompts="mini"))
    assert list(text_notes(prompts.prompts.columns)) == []


@needs_multijail
def test_nothing_is_told_of_texts_of_people():
    assert notes_of(MULTIJAIL) == []


def test_each_check_has_its_words():
    assert tuple(CHECKS) == hard_checks.CHECKS


@pytest.mark.parametrize(("every", "told"), [(2, True), (40, False), (1, False)])
def test_two_languages_under_one_tag_are_told_of_imports(tmp_path, every, told):
    tag = "de" if every == 1 else "en"
    rows = [(i, tag, "c", f"{GERMAN if i % every == 0 else ENGLISH} ({i})", "x") for i in range(40)]
    path = written(tmp_path / "a.csv", rows, "id,language,category,text,answer")
    wanted = ToImport(sources=(str(path),), reference=tag)
    run = import_run(wanted, tmp_path / "run", Console(quiet=True))
    said = run.read_manifest().settings["on reading the prompts"]
    assert ("look like another language" in said) is told
    assert (re.search(r"en 20 of 40 \(as 0: .*\bde\b", said) is not None) is told
