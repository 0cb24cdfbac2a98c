import json
from importlib import resources

import pytest

from safeglot.backends.files.datasets import DataFile, alert_toml
from safeglot.prompts.probes.context import PLACES, baseline, in_context, slots
from safeglot.prompts.probes.framing import frame_languages
from safeglot.prompts.probes.package_data import load
from safeglot.prompts.reading.readers import ReadingOptions, read_prompts
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.taxonomy import parse_taxonomy
from safeglot.text import languages

ALERT = parse_taxonomy(alert_toml(), "alert.toml")
ROWS = [
    json.loads(line)
    for line in resources.files("safeglot.prompts")
    .joinpath("context.jsonl")
    .read_text("utf-8")
    .splitlines()
]
TAGS = [key for key in ROWS[0] if key not in ("id", "category", "kind")]


def test_a_slot_is_filled_with_the_name_in_the_language_of_the_text():
    text = "Land: {country}; Ort: {place}; Sprache: {language}; {other}"
    assert slots(text) == ("country", "place", "language")
    local = in_context(text, "de", "local", "en")
    assert local.text == "Land: Deutschland; Ort: Berlin; Sprache: Deutsch; {other}"
    assert local.facts == {
        "context": "de",
        "country": "Deutschland",
        "place": "Berlin",
        "language": "Deutsch",
    }
    there = in_context(text, "de", "reference", "en")
    assert there.text == "Land: Vereinigte Staaten; Ort: New York; Sprache: Englisch; {other}"
    assert baseline(text, "de", "en") == there
    assert baseline("No slot", "de", "en").text == "No slot"


@pytest.mark.parametrize(
    ("text", "tag", "reference", "says"),
    [
        (
            "No slot",
            "de",
            "en",
            "the prompt has no slot for a context ({country}, {place}, {language})",
        ),
        ("{country}", "en", "en-US", "the local context is that of the reference language"),
        ("{language}", "en-GB", "en", "the local context is that of the reference language"),
        (
            "{country}",
            "eo",
            "en",
            "no countries and places are known for eo; there are some for en",
        ),
        ("{country}", "es-TJ", "de", "no country of es-TJ is known in es; there are AR, AT"),
        ("{country}", "es-419", "en", "no country of es-419 is known in es; there are AR, AT"),
    ],
)
def test_no_local_context(text, tag, reference, says):
    assert in_context(text, tag, "local", reference).fault.startswith(says)


def test_a_rare_reference_language_is_not_named_everywhere():
    fault = in_context("{country}", "de", "reference", "yo").fault
    assert fault.startswith("no names for yo are known in de; there are some for ar, de, en")


def test_the_region_that_is_meant():
    assert in_context("{country}", "pt-BR", "local", "en").text == "Brasil"
    assert in_context("{country}", "zh-TW", "local", "en").text == "台灣"


@pytest.mark.parametrize(
    ("tag", "reference", "text"),
    [
        ("es-ES", "en", "España, Madrid, español"),
        ("es-MX", "en", "México, Ciudad de México, español"),
        ("es-MX", "es-ES", "México, Ciudad de México, español"),
        ("de-DE", "en", "Deutschland, Berlin, Deutsch"),
        ("de-AT", "de", "Österreich, Wien, Deutsch"),
        ("de-CH", "en", "Schweiz, Zürich, Deutsch"),
        ("fr-FR", "en", "France, Paris, français"),
        ("fr-CA", "en", "Canada, Toronto, français"),
        ("pt-PT", "en", "Portugal, Lisboa, português"),
        ("pt-BR", "pt-PT", "Brasil, São Paulo, português"),
        ("en-GB", "en", "United Kingdom, London, English"),
    ],
)
def test_a_tag_with_a_region_is_asked_about_its_country(tag, reference, text):
    assert in_context("{country}, {place}, {language}", tag, "local", reference).text == text


def test_the_country_of_a_reference_with_a_region_has_a_name_in_every_language():
    for tag in load(PLACES)["rows"]:
        assert not in_context("{country}", tag, "reference", "en-GB").fault
    assert in_context("{country}", "de", "reference", "en-GB").text == "Vereinigtes Königreich"


def test_every_language_with_frames_but_one_has_a_country():
    rows = load(PLACES)["rows"]
    assert set(frame_languages()) - set(rows) == {"eo"}
    for tag, row in rows.items():
        assert languages.canonical(tag) == tag
        assert {tag, "en", "es", "fr", "ar", "zh", "sw"} <= set(row["names"])
        assert all(len(names) == 3 and all(names) for names in row["names"].values())
        assert all(len(names) == 2 and all(names) for names in row["regions"].values())
    assert "Unicode-3.0" in load(PLACES)["licence"]


def test_the_bundled_file_is_read_like_any_other():
    """Indonesian is called `ind` there: column `id` holds the ids."""
    data = resources.files("safeglot.prompts").joinpath("context.jsonl").read_bytes()
    table = read_table([DataFile(where="context", suffix=".jsonl", data=data)])
    found = read_prompts(table, "context", alert=ALERT, options=ReadingOptions(reference="en"))
    assert set(found.languages) == {languages.canonical(tag) for tag in TAGS}
    assert "id" in found.languages
    assert len(found.translations) == 160


def test_the_bundled_prompts_have_the_same_slots_in_every_language():
    assert len(TAGS) >= 12
    assert len({row["id"] for row in ROWS}) == len(ROWS) == 10
    assert [row["kind"] for row in ROWS].count("benign") == 2
    for row in ROWS:
        assert row["category"] in ALERT.categories
        assert len({slots(row[tag]) for tag in TAGS}) == 1
        assert slots(row["en"])


def test_the_bundled_prompts_are_filled_in_every_language():
    for row in ROWS:
        for tag in TAGS:
            there = in_context(row[tag], tag, "reference", "en")
            assert not there.fault
            assert "{" not in there.text
            if tag != "en":
                local = in_context(row[tag], tag, "local", "en")
                assert not local.fault
                assert local.text != there.text
