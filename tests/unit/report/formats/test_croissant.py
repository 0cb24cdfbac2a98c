"""The card names the file, its hash, its fields and how the texts ended."""

from __future__ import annotations

from safeglot.backends.files.translation_folder import translation_row
from safeglot.report.formats.croissant import FIELDS, FILE, SetCard, croissant
from safeglot.types import Outcome

CARD = SetCard(
    name="mini", prompts="mini", reference="en", languages=("de", "sw"), translators=("apertium",),
    counts={"de": {"kept": 3, "failed": 1}}, created="2026-11-30T12:00:00+00:00", version="0.1.0",
    sha256="ab" * 32, digest="cd",
)  # fmt: skip


def test_a_card_names_the_file_and_how_the_texts_ended():
    made = croissant(CARD)
    (file,) = made["distribution"]
    assert (file["contentUrl"], file["sha256"]) == (FILE, CARD.sha256)
    assert "de: 3 kept, 1 failed" in made["description"]
    assert made["inLanguage"] == ["de", "sw"]
    assert "license" not in made


def test_its_fields_are_columns_of_the_file():
    row = translation_row(Outcome(prompt="p", language="de", outcome="failed", chosen=None), {})
    assert FIELDS.keys() <= row.keys()
    assert [field["name"] for field in croissant(CARD)["recordSet"][0]["field"]] == list(FIELDS)
