from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from safeglot.backends.translation_files import load
from safeglot.errors import InputErrors, UsageError
from safeglot.prompts.translation_rows import TranslationFile, read_translations

LONG = [
    {"id": "1", "language": "fr", "text": "La maison.", "translator": "Ana"},
    {"id": "1", "language": "pt_BR", "text": "A casa, \u200bverde.", "translator": "Rui"},
    {"id": "2", "language": "fr", "text": "\u202eL'arbre", "translator": "Ana"},
]
TEXTS = {
    ("1", "fr"): "La maison.",
    ("1", "pt-BR"): "A casa, \u200bverde.",
    ("2", "fr"): "\u202eL'arbre",
}


def read(path: Path, ids: tuple[str, ...] = ("1", "2"), targets=("fr", "pt-BR")) -> TranslationFile:
    return read_translations(load(str(path)), ids=ids, source="en", targets=targets)


def write(folder: Path, suffix: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"t{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        mark = "\t" if suffix == ".tsv" else ","
        lines = [list(rows[0]), *([str(v) for v in row.values()] for row in rows)]
        quoted = [mark.join(f'"{cell}"' for cell in line) for line in lines]
        path.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_the_long_shape_is_read_from_every_format(tmp_path: Path, suffix: str):
    found = read(write(tmp_path, suffix, LONG))
    assert found.texts == TEXTS  # bidi and zero-width characters are for the hard checks
    assert found.translators == ("Ana", "Rui")
    assert len(found.sha256) == 64


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_the_wide_shape_is_read_from_every_format(tmp_path: Path, suffix: str):
    rows = [
        {"id": 1, "en": "The house.", "fr": "La maison.", "pt-BR": "A casa, \u200bverde."},
        {"id": 2, "en": "The tree.", "fr": "\u202eL'arbre", "pt-BR": ""},
    ]
    found = read(write(tmp_path, suffix, rows))
    assert found.texts == TEXTS
    assert found.notes == ("t" + suffix + ": 1 of 2 prompts have no text in pt-BR: 2",)


def test_extra_and_missing_ids_and_languages_are_noted(tmp_path: Path):
    extra = [{"id": f"x{i}", "language": "fr", "text": "Oui."} for i in range(7)]
    more = [{"id": "1", "language": "it", "text": "La casa."}]
    found = read(write(tmp_path, ".jsonl", [*LONG, *extra, *more]), ("1", "2", "3"), ("fr", "sw"))
    assert found.notes == (
        "t.jsonl: 7 ids are none of the prompts' and are not used: x0, x1, x2, x3, x4 and 2 more",
        "t.jsonl: 1 of 3 prompts have no text in fr: 3",
        "t.jsonl: 3 of 3 prompts have no text in sw: 1, 2, 3",
        "t.jsonl: its texts in it, pt-BR are not used",
    )
    assert ("x0", "fr") not in found.texts


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path):
    rows = [
        {"id": "1", "language": "fr", "text": "La maison."},
        {"id": "1", "language": "fra", "text": "Une maison."},
        {"id": "2", "language": "frenchish", "text": "L'arbre."},
        {"id": "2", "language": "fr", "text": "L'ar\0bre."},
        {"id": "2", "language": "pt-BR", "text": "meia \ud800 letra"},
        {"id": "", "language": "fr", "text": "Oui."},
        {"id": "3", "language": "", "text": "Oui."},
        {"id": "3", "language": "fr", "text": 12},
        {"id": "4", "language": "fr", "text": "Non.", "source": "de"},
    ]
    with pytest.raises(InputErrors) as caught:
        read(write(tmp_path, ".jsonl", rows), ("1", "2", "3", "4"))
    problems = caught.value.problems
    expected = [
        ("t.jsonl:2", "id 1 in fr is there already, at t.jsonl:1; keep one"),
        ("t.jsonl:3", '"frenchish" is not a language tag'),
        ("t.jsonl:4", "null byte"),
        ("t.jsonl:5", "half of a surrogate pair"),
        ("t.jsonl:6", "the id is ''"),
        ("t.jsonl:7", "the language is empty"),
        ("t.jsonl:8", "the text in fr is 12, not a text"),
        ("t.jsonl:9", "id 4: is translated from de, and the run's source is en"),
    ]
    assert len(problems) == len(expected)
    for problem, (place, part) in zip(problems, expected, strict=True):
        assert problem.startswith(f"{place}: ")
        assert part in problem


def test_a_source_column_of_texts_is_no_direction(tmp_path: Path):
    rows = [{"id": "1", "source": "The house.", "language": "fr", "text": "La maison."}]
    assert read(write(tmp_path, ".csv", rows)).texts == {("1", "fr"): "La maison."}
    rows[0]["source"] = "eng"
    assert read(write(tmp_path, ".csv", rows)).texts == {("1", "fr"): "La maison."}


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([{"key": "1", "fr": "Oui."}], 'has no column "id" (its columns: key, fr)'),
        ([{"id": "1", "comment": "Oui."}], "has no text (its columns: id, comment)"),
        ([{"id": "1", "fr": "Oui.", "fra": "Si."}], 'columns "fr" and "fra" are both'),
    ],
)
def test_a_file_of_another_shape_is_refused_with_what_is_needed(tmp_path: Path, rows, fault):
    with pytest.raises(InputErrors) as caught:
        read(write(tmp_path, ".csv", rows))
    assert fault in str(caught.value)


def test_prompts_are_no_translations():
    for spec in ("mini", "hf:felfri/M-ALERT"):
        with pytest.raises(UsageError, match="are prompts"):
            load(spec)
    with pytest.raises(UsageError, match="no such file"):
        load("nowhere.csv")
