"""Slots of main texts: filled for the reference's country, or missing with the reason."""

import pytest

from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.prompts import load
from safeglot.flow.translation.slots import filled

TEXTS = {
    "en": ("Say it (country: {country}).", "Do it."),
    "de": ("Sag es (Land: {country}).", "Tu es."),
    "eo": ("Diru tion (lando: {country}).", "Faru tion."),
}


def asked(tmp_path, *texts, languages=("en", "de", "eo"), **more):
    rows = [
        ",".join((f"p{i}", *(TEXTS[tag][at] for tag in languages))) for i, at in enumerate(texts)
    ]
    path = tmp_path / "prompts.csv"
    path.write_text("\n".join([",".join(("id", *languages)), *rows]) + "\n", "utf-8")
    config = Config(prompts=str(path), languages=languages, columns={"category": "=all"}, **more)
    return filled(load(config)[0], config)


def test_a_language_without_places_is_left_out_and_stops_no_other(tmp_path):
    prompts = asked(tmp_path, 0, 0)
    assert prompts.languages == ("en", "de")
    assert {t.text for t in prompts.translations} == {
        "Say it (country: United States).",
        "Sag es (Land: Vereinigte Staaten).",
    }
    rows = [(u.prompt, u.language, u.stage, u.kind) for u in prompts.untranslated]
    assert rows == [(f"p{i}", "eo", "translate", "no-context") for i in range(2)]
    assert prompts.untranslated[0].message.startswith("no countries and places are known for eo")
    told, gone = prompts.notes[-2:]
    assert told.startswith("eo: 2 texts have no context (no countries and places")
    assert gone == "eo is left out"


def test_texts_without_a_slot_stay_where_others_are_missing(tmp_path):
    prompts = asked(tmp_path, 0, 1)
    assert prompts.languages == ("en", "de", "eo")
    assert [t.text for t in prompts.translations if t.language == "eo"] == ["Faru tion."]
    assert [(u.prompt, u.language) for u in prompts.untranslated] == [("p0", "eo")]


@pytest.mark.parametrize(
    ("languages", "reference"), [(("en", "eo"), "en"), (("eo", "de"), "eo"), (("eo",), "eo")]
)
def test_without_the_reference_or_another_language_nothing_is_asked(tmp_path, languages, reference):
    with pytest.raises(InputErrors, match="eo: 2 texts have no context"):
        asked(tmp_path, 0, 0, languages=languages, reference=reference)


def test_what_has_no_slots_is_as_it_was(tmp_path):
    prompts = asked(tmp_path, 1, 1)
    assert prompts.languages == ("en", "de", "eo")
    assert not prompts.untranslated
