from __future__ import annotations

from dataclasses import replace

import pytest

from example.sets import make_set
from safeglot.backends.files.translation_folder import TranslationFolder, translation_row
from safeglot.errors import UsageError
from safeglot.types import CandidateRow, Outcome

CANDIDATE = CandidateRow(
    prompt="p0",
    language="sw",
    translator="t",
    text="habari",
    quality={"e": 0.5},
    untold={"f": "no"},
)
BROKEN = CandidateRow(prompt="p1", language="sw", translator="t", text="", broken="timeout")


@pytest.fixture
def folder(tmp_path):
    found = TranslationFolder(tmp_path / "set")
    found.create()
    return found


def test_candidates_are_read_as_they_were_written(folder):
    folder.write_rows([CANDIDATE, BROKEN], [], ranks=[1.5, None])
    assert list(folder.read_candidates()) == [replace(CANDIDATE, rank=1.5), BROKEN]
    first, second = folder.candidates.read_text("utf-8").splitlines()
    assert "broken" not in first  # what is empty is not written
    assert "rank" not in second


def test_a_failed_translation_has_no_text():
    failed = Outcome(prompt="p1", language="sw", outcome="failed", chosen=None, reason="timeout")
    row = translation_row(failed, {"source": "Hello"})
    assert (row["text"], row["translator"], row["quality"]) == ("", "", {})
    assert (row["reason"], row["source"]) == ("timeout", "Hello")
    kept = Outcome(prompt="p0", language="sw", outcome="kept", chosen=CANDIDATE)
    row = translation_row(kept, {})
    assert (row["text"], row["translator"], row["quality"]) == ("habari", "t", {"e": 0.5})


def test_a_set_is_finished_with_its_digest(tmp_path, folder):
    with pytest.raises(UsageError, match="no translation set here"):
        folder.require()
    whole = make_set(tmp_path / "whole", 5, ("sw",))
    assert whole.require() is whole
    folder.write_manifest(replace(whole.read_manifest(), digest=""))
    assert folder.exists()
    assert not folder.finished()
    with pytest.raises(UsageError, match="is not finished"):
        folder.require()


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match=r"holds other files \(thesis\.tex\)"):
        TranslationFolder(tmp_path).create()
    with pytest.raises(UsageError, match="Give a folder that can be made"):
        TranslationFolder(tmp_path / "thesis.tex" / "set").create()


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99}', "[" * 100_000])
def test_a_manifest_that_cannot_be_read_is_told(folder, text):
    folder.manifest.write_text(text)
    with pytest.raises(UsageError, match=r"manifest\.json: is "):
        folder.read_manifest()


@pytest.mark.parametrize(
    ("line", "why"),
    [("{", ":2: is damaged"), ("3", ":2: is damaged (no JSON object)"), ('{"outcome": "lost"}', "the outcome is 'lost'")],
)  # fmt: skip
def test_a_damaged_row_is_told_with_its_line(folder, line, why):
    folder.translations.write_text('{"outcome": "kept"}\n' + line + "\n", "utf-8")
    with pytest.raises(UsageError) as error:
        list(folder.read_translations())
    assert why in str(error.value)


def test_a_missing_file_is_told(folder):
    with pytest.raises(UsageError, match=r"candidates\.jsonl: cannot be read \(no such file\)"):
        list(folder.read_candidates())


def test_one_process_holds_a_set_at_a_time(folder):
    with folder.locked(), pytest.raises(UsageError), TranslationFolder(folder.path).locked():
        pass
