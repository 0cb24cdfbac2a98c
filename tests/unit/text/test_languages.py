import argparse
import csv
import io
import json
import pickle
import re
import subprocess
import sys
import tomllib
from importlib import resources

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safeglot.text import languages
from safeglot.text.languages import UnknownLanguage, all_tags, canonical, lookup, nearest, primary

ROWS = languages._table().rows

CANONICAL = {
    # case and separator
    "sw": "sw",
    " SW ": "sw",
    "PT_br": "pt-BR",
    "zh-hant-hk": "zh-Hant-HK",
    "es-419": "es-419",
    "mn-CYRL-mn": "mn-MN",
    # ISO 639-2 and 639-3
    "swa": "sw",
    "eng": "en",
    "ger": "de",
    "deu": "de",
    "fre": "fr",
    "cmn": "zh",
    "arb": "ar",
    "hbs": "sh",
    "nor": "no",
    "tgl": "tl",
    "fil": "fil",
    "twi": "tw",
    "srd": "sc",
    "oci": "oc",
    "glg": "gl",
    # withdrawn and old tags
    "iw": "he",
    "in": "id",
    "jw": "jv",
    "ji": "yi",
    "mo": "ro",
    "i-klingon": "tlh",
    "no-bok": "nb",
    "zh-min-nan": "nan",
    "cmn-guoyu": "zh",
    "en-UK": "en-GB",
    # extended language subtags
    "zh-yue": "yue",
    "zh-cmn-Hans-CN": "zh-Hans-CN",
    "ar-arz": "arz",
    # FLORES-200
    "swh_Latn": "sw",
    "arb_Arab": "ar",
    "arb_Latn": "ar-Latn",
    "zho_Hans": "zh-Hans",
    "zho_Hant": "zh-Hant",
    "yue_Hant": "yue",
    "ace_Arab": "ace-Arab",
    "kor_Hang": "ko",
    "gaz_Latn": "om",
    # scripts: kept where they say something
    "hi-Latn": "hi-Latn",
    "hi-Deva": "hi",
    "en-Latn-US": "en-US",
    "sr-Latn": "sr-Latn",
    "sr-Cyrl": "sr-Cyrl",
    "ko-Kore": "ko",
    "pa-Arab-PK": "pa-Arab-PK",
    "pa-Guru-PK": "pa-Guru-PK",
    # the rest of the grammar
    "sl-ROZAJ-biske": "sl-rozaj-biske",
    "de-1996": "de-1996",
    "en-U-ca-buddhist-T-de": "en-t-de-u-ca-buddhist",
    "en-x-Pirate": "en-x-pirate",
    "x-Tokpisin": "x-tokpisin",
    "qaa-latn": "qaa-Latn",
}

MALFORMED = [
    "", " ", "-", "e", "en-", "-en", "en--us", "en us", "en-abcdefghi", "en-a", "en-x", "x", "x-",
    "x-abcdefghi", "en-latn-latn", "en-US-GB", "de-1996-1996", "en-a-bb-a-cc", "12", "ен", "\u212ak",
    "en-ſatn", "sw\nsw", "zh-min", "en-yue", "qua-yue",
]  # fmt: skip


@pytest.mark.parametrize(("given_tag", "expected"), CANONICAL.items())
def test_canonical(given_tag, expected):
    assert canonical(given_tag) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("tag", [*MALFORMED, "xx", "qzz", "klingonese"])
def test_malformed_and_unknown_tags_are_refused(tag):
    with pytest.raises(UnknownLanguage) as caught:
        canonical(tag)
    assert caught.value.tag == tag
    assert all(near in ROWS for near in caught.value.nearest)
    with pytest.raises(UnknownLanguage):
        lookup(tag)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("German", ("de",)),
        ("swahili", ("sw",)),
        ("ENGLISH", ("en",)),
        ("Farsi", ("fa",)),
        ("jp", ("ja",)),
        ("Mandarin Chinese", ("zh",)),
        ("gaelic", ("ga", "gd")),
        ("en-toolongsubtag", ("en",)),
    ],
)
def test_a_name_or_a_country_leads_to_its_language(tag, expected):
    with pytest.raises(UnknownLanguage) as caught:
        canonical(tag)
    assert caught.value.nearest == expected
    assert all(near in str(caught.value) for near in expected)


@pytest.mark.parametrize(
    ("typo", "first"), [("ge", "de"), ("swahilli", "sw"), ("portugese", "pt"), ("sp", "es")]
)
def test_a_typo_leads_to_the_likely_language(typo, first):
    assert nearest(typo)[0] == first


def test_nearest_gives_at_most_n():
    assert len(nearest("ge", 2)) == 2
    assert nearest("ge", 0) == nearest("German", 0) == nearest("en", 0) == ()
    assert nearest("", 3) == ()


def test_the_error_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(UnknownLanguage("ge", ("de",))))
    assert (error.tag, error.nearest) == ("ge", ("de",))
    assert isinstance(error, ValueError)


def test_norwegian_is_a_language_wherever_a_tag_is_read():
    from_toml = tomllib.loads('languages = ["no"]\n[no]\nname = "Norsk"')
    from_csv = next(csv.DictReader(io.StringIO("language,text\nno,ja\n")))["language"]
    parser = argparse.ArgumentParser()
    parser.add_argument("--languages", nargs="+")
    from_cli = parser.parse_args(["--languages", "no", "en"]).languages[0]
    from_json = json.loads('{"language": "no"}')["language"]
    for tag in (
        from_toml["languages"][0],
        next(iter(from_toml.keys() - {"languages"})),
        from_csv,
        from_json,
        from_cli,
        "NO",
    ):
        assert canonical(tag) == "no"
    assert lookup("no").name == "Norwegian"
    assert primary("no-NO") == "no"
    assert [canonical(t) for t in ("nb", "nn", "nob_Latn", "nno_Latn")] == ["nb", "nn", "nb", "nn"]


def test_lookup_of_a_row():
    assert lookup("swh_Latn") == languages.Language(
        tag="sw",
        name="Swahili",
        script="Latn",
        direction="ltr",
        flores="swh_Latn",
        resource_class=2,
    )


@pytest.mark.parametrize(
    ("tag", "name", "script", "direction", "flores"),
    [
        ("pt-BR", "Brazilian Portuguese", "Latn", "ltr", "por_Latn"),
        ("pt-AO", "Portuguese (AO)", "Latn", "ltr", "por_Latn"),
        ("zh-Hans", "Chinese (Simplified)", "Hans", "ltr", "zho_Hans"),
        ("zh-TW", "Chinese (TW)", "Hant", "ltr", "zho_Hant"),
        ("zh-Hant-HK", "Chinese (Traditional) (HK)", "Hant", "ltr", "zho_Hant"),
        ("hi-Latn", "Hindi (Latin)", "Latn", "ltr", None),
        ("ur-Latn", "Urdu (Latn)", "Latn", "ltr", None),
        ("pa-PK", "Punjabi (PK)", "Arab", "rtl", None),
        ("sr-ME", "Serbian (ME)", "Latn", "ltr", None),
        ("ks-Deva", "Kashmiri (Devanagari)", "Deva", "ltr", "kas_Deva"),
        ("ca-valencia", "Catalan (valencia)", "Latn", "ltr", "cat_Latn"),
        ("ff-Adlm", "Fula (Adlam)", "Adlm", "rtl", None),
        ("x-klingon", "Private use (x-klingon)", "Zzzz", "ltr", None),
        ("qaa-Hebr", "Private use (qaa-Hebr)", "Hebr", "rtl", None),
    ],
)
def test_lookup_falls_back_along_the_tag(tag, name, script, direction, flores):
    found = lookup(tag)
    assert (found.tag, found.name, found.script) == (tag, name, script)
    assert (found.direction, found.flores) == (direction, flores)


def test_a_resource_class_is_the_languages_whatever_the_region():
    assert lookup("pt-BR").resource_class == lookup("pt").resource_class == 4
    assert lookup("x-name").resource_class is None


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("pt-BR", "pt"), ("zho_Hant", "zh"), ("eng", "en"), ("x-a-b", "x-a-b"), ("qaa-Latn", "qaa")],
)
def test_primary(tag, expected):
    assert primary(tag) == expected


def test_the_table_is_wide_enough():
    assert len(ROWS) >= 220
    assert all_tags() == tuple(sorted(ROWS))
    wanted = "jv yo ha ig zu am om so ti bn th ko vi tl fil ceb min ast sc oc eo gl ca sh sr hr bs no nb nn"
    assert set(wanted.split()) <= set(ROWS)
    assert sum("flores" in row for row in ROWS.values()) == 204


@pytest.mark.parametrize("tag", ROWS)
def test_every_row_is_well_formed(tag):
    row = ROWS[tag]
    assert canonical(tag) == tag
    assert set(row) <= languages._Row.__annotations__.keys()
    assert row["name"]
    assert row["name"] == row["name"].strip()
    assert re.fullmatch(r"[A-Z][a-z]{3}", row["script"])
    assert (row["direction"] == "rtl") == (row["script"] in languages.RIGHT_TO_LEFT)
    assert row.get("class", 0) in range(6)
    assert "class" not in row or "-" not in tag
    found = lookup(tag)
    assert (found.tag, found.name) == (tag, row["name"])
    assert (found.script, found.direction) == (row["script"], row["direction"])
    assert found.flores == row.get("flores", found.flores)
    for region, script in row.get("regions", {}).items():
        assert lookup(f"{tag}-{region}").script == script


@pytest.mark.parametrize("tag", [tag for tag in ROWS if "-" in tag])
def test_a_row_with_subtags_has_its_language_and_its_script(tag):
    language, rest = tag.split("-")
    assert language in ROWS
    if len(rest) == 4:
        assert ROWS[tag]["script"] == rest


def test_flores_codes_are_unique_and_match_their_script():
    codes = {tag: row["flores"] for tag, row in ROWS.items() if "flores" in row}
    assert len(set(codes.values())) == len(codes)
    for tag, code in codes.items():
        assert re.fullmatch(r"[a-z]{3}_[A-Z][a-z]{3}", code)
        assert code.endswith(f"_{ROWS[tag]['script']}")
        assert lookup(code).flores == code


def test_aliases_lead_to_one_row_and_hide_none():
    listed = [alias for row in ROWS.values() for alias in row.get("aliases", ())]
    assert len(listed) == len(set(listed))
    assert not set(listed) & set(ROWS)
    for tag, row in ROWS.items():
        for alias in row.get("aliases", ()):
            assert canonical(alias) == tag


PARTS = st.one_of(
    st.sampled_from(sorted(ROWS)),
    st.sampled_from(sorted(languages._table().aliases)),
    st.sampled_from(
        (
            "Latn",
            "Arab",
            "hans",
            "US",
            "uk",
            "419",
            "1996",
            "rozaj",
            "u-ca-x1",
            "x-a",
            "qaa",
            "guoyu",
        )
    ),
    st.text("abkxz19", min_size=1, max_size=8),
)


@given(st.lists(PARTS, min_size=1, max_size=4).map("-".join) | st.text(max_size=12))
@example("cmn-guoyu")
@example("zho-min-nan")
def test_canonical_is_idempotent_and_blind_to_case(tag):
    try:
        once = canonical(tag)
    except UnknownLanguage:
        return
    assert canonical(once) == once
    assert canonical(tag.upper().replace("-", "_")) == once
    found = lookup(tag)
    assert found == lookup(once)
    assert found.tag == once
    assert once == primary(once) or once.startswith(primary(once) + "-")


def test_a_row_that_is_looked_up_is_the_one_that_a_toml_parser_reads():
    text = (resources.files("safeglot.text") / "languages.toml").read_text(encoding="utf-8")
    parsed = tomllib.loads(text)
    table = languages._table()
    assert dict(table.rows) == parsed
    assert table.aliases == {a: tag for tag, row in parsed.items() for a in row.get("aliases", ())}
    names = {}
    for tag, row in parsed.items():
        for name in (row["name"], *row.get("also", ())):
            names.setdefault(name.casefold(), []).append(tag)
    assert {name: list(tags) for name, tags in languages.names().items()} == names
    assert languages.all_scripts() == {lookup(tag).script for tag in parsed}


def test_importing_reads_no_table():
    code = (
        "import safeglot.text.languages as l\n"
        "assert l._table.cache_info().currsize == 0\n"
        "l.lookup('sw')\n"
        "assert l._table.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": "src"})
