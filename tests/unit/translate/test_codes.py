import csv
import re
from collections import Counter
from pathlib import Path

import pycld2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.text.languages import UnknownLanguage, all_tags, canonical, lookup, primary
from safeglot.translate import codes
from safeglot.translate.codes import FAMILIES, SYSTEMS, candidates, code, covers, known, pair_fault

ROOT = Path(__file__).parents[3]
LISTS = ROOT / "scripts/languages/lists"
TABLE = (ROOT / "src/safeglot/translate/codes.csv").read_text("utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))
TAGS = sorted({*all_tags(), *(row["tag"] for row in ROWS)})


def entry(tag):
    """All that is known of a language: its names and codes, and which models cover it."""
    language = lookup(tag)
    return (
        {
            "tag": tag,
            "name": language.name,
            "script": language.script,
            "direction": language.direction,
        }
        | {"class": language.resource_class}
        | {system: code(tag, system) for system in SYSTEMS}
        | {family: covers(tag, family) for family in FAMILIES}
    )


def listed(name, *, lines=False):
    text = (LISTS / name).read_text("utf-8").splitlines()
    count = int(next(line for line in text if line.startswith("# count: ")).split()[-1])
    body = [line for line in text if not line.startswith("#")]
    found = body if lines else " ".join(body).split()
    assert len(found) == len(set(found)) == count
    return found


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("nllb", 202),
        ("madlad", 452),
        ("opus", 310),
        ("cld2", 175),
        ("glotlid", 1942),
        ("deepl", 121),
        ("google", 133),
        ("xlm-r", 100),
        ("mt5", 101),
        ("afro-xlmr", 29),
    ],
)
def test_the_lists_are_as_long_as_their_sources(name, count):
    assert len(listed(f"{name}.txt", lines=name in FAMILIES)) == count


def test_how_many_languages_each_system_knows():
    assert {system: len(known(system)) for system in SYSTEMS} == {
        "flores": 204,
        "nllb": 202,
        "madlad": 331,
        "opus": 617,
        "apertium": 578,
        "cld2": 175,
        "glotlid": 549,
        "deepl": 120,
        "google": 133,
    }
    assert {family: len(known(family)) for family in FAMILIES} == {
        "xlm-r": 99,
        "mt5": 102,
        "afro-xlmr": 116,
    }


def test_two_hundred_languages_have_a_code_name_script_and_direction():
    rows = [entry(tag) for tag in TAGS]
    full = [row for row in rows if row["flores"] and row["nllb"] and row["opus"]]
    languages = {primary(row["tag"]) for row in full}
    assert len(languages) >= 190
    assert len({row["nllb"] for row in full}) >= 200
    assert len({primary(row["tag"]) for row in rows if row["madlad"]}) >= 300
    assert all(row["name"] and row["direction"] in ("ltr", "rtl") for row in rows)


def test_every_nllb_code_has_one_row_and_is_its_flores_code():
    assert sorted(row["nllb"] for row in ROWS if row["nllb"]) == sorted(listed("nllb.txt"))
    for tag in known("nllb"):
        assert code(tag, "nllb") == ("sat_Beng" if tag == "sat" else lookup(tag).flores)
    assert [t for t in known("flores") if code(t, "nllb") is None] == ["ar-Latn", "min-Arab"]


def test_every_madlad_code_is_in_the_vocabulary():
    assert {code(tag, "madlad") for tag in known("madlad")} <= set(listed("madlad.txt"))


def test_the_models_cover_what_their_authors_list():
    xlmr = listed("xlm-r.txt", lines=True)
    assert len(known("xlm-r")) == len(xlmr) - 1
    assert sum(line.endswith("Romanize") for line in xlmr) == sum(
        "Latn" in t for t in known("xlm-r")
    )
    only_mt5 = [tag for tag in known("mt5") if tag not in known("xlm-r")]
    assert " ".join(only_mt5) == "ceb co haw hmn ht ig lb mi mt ny sm sn st tg yo zu"


@pytest.mark.parametrize("system", ["nllb", "madlad", "opus"])
def test_no_code_stands_for_two_rows(system):
    uses = Counter(name for row in ROWS for name in row[system].split())
    assert {name: count for name, count in uses.items() if count > 1} == {}


def test_codes_shared_by_rows_are_of_one_language():
    shared = Counter(name for row in ROWS for name in row["apertium"].split())
    assert [name for name, count in shared.items() if count > 1] == ["hbs"]
    by_code = {}
    for row in ROWS:
        if row["cld2"]:
            by_code.setdefault(row["cld2"], set()).add(primary(row["tag"]))
    assert {name: tags for name, tags in by_code.items() if len(tags) > 1} == {
        "ak": {"ak", "tw"},
        "ku": {"ku", "ckb"},
    }


def test_glotlid_has_labels_of_the_list_also_for_romanised_text():
    used = {name for row in ROWS for name in row["glotlid"].split()}
    assert used <= set(listed("glotlid.txt"))
    assert code("hi-Latn", "glotlid") == "hin_Latn"
    assert code("zh", "glotlid") == code("zh-Hant", "glotlid") == "cmn_Hani"
    assert code("fa", "glotlid") == code("prs", "glotlid") == "fas_Arab"
    assert code("tl", "glotlid") == code("fil", "glotlid") == "fil_Latn"
    assert candidates("qu", "glotlid") == ("quy_Latn", "quz_Latn")
    assert code("sr-Latn", "glotlid") == "srp_Latn"


def test_the_identifier_detects_every_language_it_is_said_to_know():
    names = dict(pycld2.LANGUAGES)
    detected = {names[name] for name in pycld2.DETECTED_LANGUAGES}
    said = {row["cld2"] for row in ROWS if row["cld2"]}
    assert said <= detected
    left_out = {name for name in detected - said if not name.startswith("xx-")}
    assert left_out == {"lif", "zzp"}


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("he", "iw"),
        ("jv", "jw"),
        ("zh-TW", "zh-Hant"),
        ("zh-CN", "zh"),
        ("tl", "tl"),
        ("fil", "tl"),
        ("nb", "no"),
        ("nn", "nn"),
        ("sr-Latn", "sr"),
        ("ckb", "ku"),
        ("ku-Arab", "ku"),
        ("ku", None),
        ("bho", "bh"),
        ("hi-Latn", None),
        ("pt-BR", "pt"),
        ("ary", None),
    ],
)
def test_what_the_identifier_calls_a_language(tag, said):
    assert code(tag, "cld2") == said


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.", "he"),
        ("人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心。", "zh-Hant"),
        ("人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。", "zh"),
        ("Сва људска бића рађају се слободна и једнака у достојанству и правима.", "sr"),
        ("ھەموو مرۆڤەکان بە ئازادی و یەکسانی لە ڕێز و مافدا لەدایک دەبن.", "ckb"),
        ("Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i praw.", "pl"),
    ],
)
def test_the_identifier_gives_the_code_of_the_text_at_hand(text, tag):
    assert pycld2.detect(text)[2][0][1] == code(tag, "cld2")


@pytest.mark.parametrize(
    ("tag", "system", "said"),
    [
        ("sw", "flores", "swh_Latn"),
        ("swh_Latn", "madlad", "sw"),
        ("pt-BR", "nllb", "por_Latn"),
        ("pt-BR", "apertium", "por_BR"),
        ("zh", "nllb", "zho_Hans"),
        ("zh-Hans-SG", "nllb", "zho_Hans"),
        ("zh-Hant", "flores", "zho_Hant"),
        ("zh-HK", "madlad", "zh_Hant"),
        ("zh-Latn", "madlad", "zh_Latn"),
        ("zh-Latn", "nllb", None),
        ("sr", "nllb", "srp_Cyrl"),
        ("sr-Latn", "nllb", None),
        ("sr-ME", "nllb", None),
        ("sr-Latn", "opus", "srp_Latn"),
        ("sr-Latn", "apertium", "hbs_SR"),
        ("sr", "apertium", None),
        ("kmr", "nllb", "kmr_Latn"),
        ("kmr", "madlad", "ku"),
        ("ckb", "nllb", "ckb_Arab"),
        ("no", "nllb", "nob_Latn"),
        ("no-NO", "nllb", "nob_Latn"),
        ("no", "apertium", "nob"),
        ("nb", "madlad", "no"),
        ("nn", "madlad", "nn"),
        ("fil", "nllb", "tgl_Latn"),
        ("tl", "madlad", "fil"),
        ("crh", "madlad", "crh_Latn"),
        ("crh-Cyrl", "madlad", "crh"),
        ("fr-CA", "madlad", "fr_CA"),
        ("fr-BE", "madlad", "fr"),
        ("ca-valencia", "apertium", "cat_valencia"),
        ("uz-AF", "nllb", None),
        ("sat", "nllb", "sat_Beng"),
        ("yue", "madlad", None),
        ("hi-Latn", "madlad", "hi_Latn"),
        ("x-klingon", "nllb", None),
        ("qaa-Hebr", "opus", None),
    ],
)
def test_codes_fall_back_along_the_tag_in_the_same_script(tag, system, said):
    assert code(tag, system) == said


def test_candidates_come_likeliest_first():
    assert candidates("zh-TW", "opus") == ("cmn_Hant", "zho_Hant", "zh_TW", "zh_Hant")
    assert candidates("pt-BR", "opus") == ("por", "por_Latn", "pt_BR", "pt")
    assert candidates("hr", "apertium") == ("hbs_HR", "hbs")
    assert candidates("pt-BR", "apertium") == ("por_BR", "por")


@pytest.mark.parametrize(
    ("tag", "xlmr", "mt5"),
    [
        ("de-AT", True, True),
        ("zh-Hant", True, True),
        ("hi-Latn", True, False),
        ("ur-Latn", True, False),
        ("ar-Latn", False, False),
        ("sr-Latn", False, False),
        ("hr", True, False),
        ("nb", True, True),
        ("tl", True, True),
        ("om", True, False),
        ("yo", False, True),
        ("kmr", True, True),
        ("ckb", False, False),
        ("quy", False, False),
        ("x-klingon", False, False),
    ],
)
def test_coverage(tag, xlmr, mt5):
    assert (covers(tag, "xlm-r"), covers(tag, "mt5")) == (xlmr, mt5)


@pytest.mark.parametrize(
    ("source", "target", "system", "fault"),
    [
        ("en", "sw", "nllb", ""),
        (
            "en",
            "sr-Latn",
            "nllb",
            "NLLB-200 does not know Serbian (Latin) (sr-Latn); nearest that it knows: sr",
        ),
        (
            "en",
            "ary",
            "cld2",
            "CLD2 does not know Moroccan Arabic (ary); nearest that it knows: ar",
        ),
        ("en", "tlh", "nllb", "NLLB-200 does not know Klingon (tlh)"),
        ("en", "x-elf", "nllb", "NLLB-200 does not know Private use (x-elf)"),
        ("pt", "pt-BR", "nllb", "NLLB-200 has one code (por_Latn) for both pt and pt-BR"),
        ("German", "en", "nllb", "unknown language tag 'German'; nearest: de"),
    ],
)
def test_a_pair_that_cannot_be_is_told(source, target, system, fault):
    assert pair_fault(source, target, system) == fault


def test_both_ends_of_a_pair_are_told():
    fault = pair_fault("tlh", "yue", "madlad")
    assert fault == "MADLAD-400 does not know Cantonese (yue)"
    fault = pair_fault("kab", "yue", "madlad")
    assert "Kabyle (kab)" in fault
    assert "Cantonese (yue)" in fault


def test_uncovered_names_the_model():
    assert codes.uncovered("en", "de", "xlm-r") == ""
    assert codes.uncovered("en", "yo", "xlm-r") == "XLM-R does not cover Yoruba (yo)"
    assert codes.uncovered("yo", "ckb", "mt5").endswith("nearest that it covers: ku")


def test_a_system_without_a_table_is_refused():
    for call in (code, candidates, covers):
        with pytest.raises(ValueError, match="no table for 'bergamot'; there is one for "):
            call("en", "bergamot")
    with pytest.raises(ValueError, match="no table for 'xlm-r'"):
        pair_fault("en", "de", "xlm-r")
    with pytest.raises(ValueError, match="no table for 'nllb'"):
        codes.uncovered("en", "de", "nllb")


def test_an_unknown_tag_is_an_error():
    with pytest.raises(UnknownLanguage):
        code("klingonese", "nllb")
    with pytest.raises(UnknownLanguage):
        covers("klingonese", "mt5")


def test_the_codes_of_swahili():
    assert entry("sw") == {
        "tag": "sw", "name": "Swahili", "script": "Latn", "direction": "ltr", "class": 2,
        "flores": "swh_Latn", "nllb": "swh_Latn", "madlad": "sw", "opus": "swh",
        "apertium": "swa", "cld2": "sw", "glotlid": "swh_Latn", "deepl": "SW", "google": "sw", "xlm-r": True, "mt5": True,
            "afro-xlmr": True,
    }  # fmt: skip


def test_the_file_is_sorted_and_spelled_as_tags_are():
    tags = [row["tag"] for row in ROWS]
    assert tags == sorted(tags)
    for row in ROWS:
        assert canonical(row["tag"]) == row["tag"]
        assert re.fullmatch(r"[a-z]{3}(_[A-Z][a-z]{3})?", row["nllb"] or "xxx")
        assert {row["xlmr"], row["mt5"]} <= {"", "yes"}


@given(st.sampled_from([row["tag"] for row in ROWS]), st.sampled_from(SYSTEMS), st.data())
def test_a_region_never_loses_a_code_unless_it_changes_the_script(tag, system, data):
    region = data.draw(st.sampled_from(["US", "ZA", "001", "BR"]))
    if re.search(r"-([A-Z]{2}|[0-9]{3}|[a-z]{5,})$", tag):
        return
    longer = f"{tag}-{region}"
    if lookup(longer).script == lookup(tag).script:
        assert code(tag, system) in (None, *candidates(longer, system))


@pytest.mark.parametrize(
    ("tag", "deepl", "google"),
    [
        ("en", "EN-US", "en"),
        ("en-GB", "EN-GB", "en"),
        ("pt", "PT-BR", "pt"),
        ("pt-PT", "PT-PT", "pt"),
        ("es-MX", "ES", "es"),
        ("zh", "ZH-HANS", "zh-CN"),
        ("zh-TW", "ZH-HANT", "zh-TW"),
        ("nb", "NB", "no"),
        ("fil", "TL", "tl"),
        ("he", "HE", "he"),
        ("yo", None, "yo"),
        ("hi-Latn", None, None),
    ],
)
def test_what_a_service_calls_a_language(tag, deepl, google):
    assert (code(tag, "deepl"), code(tag, "google")) == (deepl, google)


def test_the_services_codes_are_those_of_their_lists():
    of_lists = {name.upper() for name in listed("deepl.txt")}
    assert {row["deepl"] for row in ROWS if row["deepl"]} <= of_lists
    old = {"he": "iw", "jv": "jw"}
    used = {old.get(row["google"], row["google"]) for row in ROWS if row["google"]}
    assert used == set(listed("google.txt"))
