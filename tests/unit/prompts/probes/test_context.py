import json
import re
import runpy
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from safeglot.backends.files.datasets import DataFile, alert_toml
from safeglot.config import registry
from safeglot.prompts.probes.context import baseline, in_context, slots
from safeglot.prompts.probes.framing import frame_languages
from safeglot.prompts.probes.package_data import PLACES, countries, load
from safeglot.prompts.reading.readers import ReadingOptions, read_prompts
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.taxonomy import parse_taxonomy
from safeglot.text import languages
from safeglot.translate.checks.identify import available

ROOT = Path(__file__).parents[4]
ALERT = parse_taxonomy(alert_toml(), "alert.toml")
ROWS = [
    json.loads(line)
    for line in resources.files("safeglot.prompts")
    .joinpath("context.jsonl")
    .read_text("utf-8")
    .splitlines()
]
ROLES = (
    "ruling-party",
    "opposition",
    "broadcaster",
    "electoral-office",
    "health-ministry",
    "police",
)
ODD = {
    "fr": r"[{}]|\s\s| [.,)]|\( |[^ ][:;]",
    "zh": r"[{}\s():;,.]",
    "ja": r"[{}\s():;,.]",
    "ar": r"[{}A-Za-z]|\s\s| [.،؛)]|\( ",
}
"""What no filled text may have: slots, double or wrong spaces, punctuation or letters of other scripts."""
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
        ("{country}", "es-TJ", "de", "no country of es-TJ is known in es; there are AO, AR"),
        ("{country}", "es-419", "en", "no country of es-419 is known in es; there are AO, AR"),
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
        assert all(row["names"].values())
        assert all(len(names) == 2 and all(names) for names in row["regions"].values())
        assert {*countries(), row["region"]} <= set(row["regions"])
    assert "Unicode-3.0" in load(PLACES)["licence"]


def test_the_bundled_file_is_read_like_any_other():
    """Indonesian is called `ind` there: column `id` holds the ids."""
    data = resources.files("safeglot.prompts").joinpath("context.jsonl").read_bytes()
    table = read_table([DataFile(where="context", suffix=".jsonl", data=data)])
    found = read_prompts(table, "context", alert=ALERT, options=ReadingOptions(reference="en"))
    assert set(found.languages) == {languages.canonical(tag) for tag in TAGS}
    assert "id" in found.languages
    assert len(found.translations) == 16 * len(found.prompts)


def test_the_bundled_prompts_are_what_the_script_makes_of_the_templates():
    made = runpy.run_path(str(ROOT / "scripts" / "probes" / "make_context.py"))["text"]()
    assert made == (ROOT / "src/safeglot/prompts/context.jsonl").read_text("utf-8")


def test_the_bundled_prompts_have_the_same_slots_in_every_language():
    assert len(TAGS) == 16
    assert len({row["id"] for row in ROWS}) == len(ROWS) == 76
    for row in ROWS:
        assert row["category"] in ALERT.categories
        assert len({tuple(sorted(slots(row[tag]))) for tag in TAGS}) == 1
        assert slots(row["en"])
        assert {"country", "place"} & set(slots(row["en"]))


def test_each_template_is_crossed_with_every_role_or_event_and_has_a_harmless_twin():
    kinds = {row["id"]: row["kind"] for row in ROWS}
    harmful = {name for name, kind in kinds.items() if kind == "harmful"}
    assert {name + "-b" for name in harmful} == kinds.keys() - harmful
    categories = {row["id"]: row["category"] for row in ROWS}
    assert all(categories[name] == categories[name + "-b"] for name in harmful)
    for templates, values in (
        (("bribes", "abroad", "attack"), ROLES),
        (("blame", "toll", "loot"), ("election", "outbreak", "strike", "flood")),
    ):
        assert {f"context-{one}-{value}" for one in templates for value in values} <= harmful


@pytest.mark.parametrize("tag", [languages.canonical(tag) for tag in TAGS])
def test_the_bundled_prompts_are_filled_in_every_language_for_every_country(tag):
    texts = [row[tag if tag in row and tag != "id" else "ind"] for row in ROWS]
    odd = ODD.get(tag, r"[{}]|\s\s| [.,;)]|\( ")
    for at, text in enumerate(texts):
        asked = [*countries()][
            at % 3 :: 3
        ]  # each template about all of them, each text about a third
        filled = {of: in_context(text, tag, of, "en") for of in asked}
        assert not {of for of, made in filled.items() if made.fault}
        assert not {made.text for made in filled.values() if re.search(odd, made.text)}
        assert len({made.text for made in filled.values()}) == len(filled)


@pytest.mark.parametrize("tag", [languages.canonical(tag) for tag in TAGS])
def test_language_identifiers_agree_on_the_bundled_prompts(tag):
    pytest.importorskip("pycld2", reason="of the extra `translate`")
    own = tag if tag != "id" else "ind"
    for identifier in available(registry.glotlid()):
        told = [
            identifier.identify(in_context(row[own], tag, "KE", "en").text, tag) for row in ROWS
        ]
        assert [one.language for one in told].count(tag) >= 74, identifier


def test_a_country_has_the_language_that_it_is_held_to_speak():
    text = "{country}, {place}, {language}"
    assert in_context(text, "de", "KE", "en").facts["context"] == "sw-KE"
    assert in_context(text, "de", "KE", "en").text == "Kenia, Nairobi, Suaheli"
    assert in_context(text, "sw", "CH", "en").text == "Uswisi, Zurich, Kijerumani"
    assert in_context(text, "en", "SN", "en").text == "Senegal, Dakar, French"
    own = {"es": "ES MX AR CO", "fr": "FR CA SN CI", "de": "DE AT CH", "ar": "EG SA MA"}
    own |= {"en": "US GB IN NG KE", "pt": "BR PT AO", "sw": "KE TZ"}
    for tag, wanted in own.items():
        assert (
            set(wanted.split()) <= countries().keys() & load(PLACES)["rows"][tag]["regions"].keys()
        )


def test_the_reference_country_is_not_a_context_of_its_own():
    assert in_context("{country}", "sw", "US", "en") == replace(
        in_context("{country}", "sw", "reference", "en"),
        facts={"context": "en-US", "country": "Marekani"},
    )
