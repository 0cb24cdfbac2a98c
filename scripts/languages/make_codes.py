"""Write src/safeglot/translate/codes.csv. Run once by hand; the package never runs it.

Needs, in an environment of its own (never the project's), and the table of languages as it is:

    pip install pycountry==26.2.16
    PYTHONPATH=src python scripts/languages/make_codes.py > src/safeglot/translate/codes.csv

lists/     what each system knows, in its own spelling; each file names its source and count.
pycountry  ISO 639-3 codes, which Apertium and OPUS-MT go by.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pycountry

from safeglot.text import languages

LISTS = Path(__file__).parent / "lists"
TABLE = Path(__file__).parents[2] / "src/safeglot/text/languages.toml"
ROWS: dict[str, dict[str, Any]] = tomllib.loads(TABLE.read_text("utf-8"))

# The bare code is the other script where MADLAD-400 has a token for Latin, too.
MADLAD = {"crh": "crh-Cyrl", "nan_Latn_TW": "nan-Latn"}
# Codes whose script or language is in doubt: left out.
MADLAD_DOUBT = {"az_RU", "ber", "ber_Latn", "hif", "mni", "tly_IR", "tzm"}
# What the lists call languages that the table has under another name.
NAMES = {
    "Bengali": ("bn",),
    "Burmese zawgyi font": (),  # an encoding of its own, which no tag tells
    "Chichewa": ("ny",),
    "Kirundi": ("rn",),
    "Sesotho": ("st",),
    "Setswana": ("tn",),
    "isiXhosa": ("xh",),
    "isiZulu": ("zu",),
    "Chinese": ("zh", "zh-Hant"),  # a list that has one Chinese means both scripts
    "Kurdish (Kurmanji)": ("ku",),
    "Maori": ("mi",),
    "Oriya": ("or",),
    "Sanskri": ("sa",),
    "Sotho": ("st",),
    "West Frisian": ("fy",),
}
# CLD2 tells these by other codes than the tag's own.
CLD2 = {"ja_Hani": "ja", "ko_Hani": "ko", "bh_Deva": "bho"}
CLD2_CODES = {"zh_Hans": "zh", "zh_Hant": "zh-Hant", "tw_Latn": "ak"}
# Names of modes in Debian's packages. Its Serbo-Croatian is in Latin script.
APERTIUM = {
    "bs": "hbs_BS hbs",
    "ca-valencia": "cat_valencia",
    "en-US": "eng_US",
    "hr": "hbs_HR hbs",
    "ms": "zlm msa",
    "nb": "nob",
    "no": "",
    "oc-aranes": "oci_aran",
    "pt-BR": "por_BR",
    "sr": "",
    "sr-Latn": "hbs_SR hbs",
}
# GlotLID's labels for Chinese writing do not tell scripts; its Persian is Dari, too.
GLOTLID = {
    "cmn_Hani": ("zh", "zh-Hant"),
    "fas_Arab": ("fa", "prs"),
    "yue_Hani": ("yue", "yue-Hans"),
}
# What a service calls a language where its list has a bare code, too, or an old one.
SERVICE = {"en": "en-US", "pt": "pt-BR", "zh": "zh-Hans"}
OLD = {"iw": "he", "jw": "jv"}
SCRIPTS = {"zh-CN": "zh", "zh-TW": "zh-Hant"}
ORDER = (
    "nllb", "madlad", "opus", "apertium", "cld2", "glotlid", "deepl", "google", "xlmr", "mt5", "afroxlmr",
)  # fmt: skip


def read(name: str, *, lines: bool = False) -> list[str]:
    """Return the entries of a list, whose count its head must tell."""
    text = (LISTS / name).read_text("utf-8").splitlines()
    head = [line for line in text if line.startswith("#")]
    body = [line for line in text if not line.startswith("#")]
    found = body if lines else " ".join(body).split()
    count = int(head[-1].rpartition(": ")[2])
    if len(set(found)) != count:
        raise SystemExit(f"{name} has {len(set(found))} entries, not {count}")
    return found


def tag_of(code: str) -> str | None:
    """Return the tag of a code such as zho_Hant; None where the table lacks the language."""
    try:
        tag = languages.canonical(code)
    except languages.UnknownLanguage:
        return None
    primary, _, rest = tag.partition("-")
    return primary if rest == ROWS[primary]["script"] else tag


def iso3(tag: str) -> str | None:
    """Return the ISO 639-3 code of a primary tag."""
    key = {"alpha_2": tag} if len(tag) == 2 else {"alpha_3": tag}
    entry = pycountry.languages.get(**key)
    return entry.alpha_3 if entry else None


def say(*words: object) -> None:
    """Tell on standard error what was left out."""
    print(*words, file=sys.stderr)


class Maker:
    """Gathers the codes of each tag."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = defaultdict(dict)

    def put(self, tag: str, system: str, code: str) -> None:
        """Note a code; a second one for the same tag and system is an error."""
        if system in self.rows[tag]:
            raise SystemExit(f"{tag} has {self.rows[tag][system]} for {system}, and {code}")
        self.rows[tag][system] = code

    def nllb(self) -> None:
        """Note which FLORES-200 codes NLLB-200 knows."""
        known = set(read("nllb.txt"))
        for tag, row in ROWS.items():
            code = "sat_Beng" if tag == "sat" else row.get("flores")
            if code in known:
                self.put(tag, "nllb", code)
                known.discard(code)
            elif code:
                say("nllb lacks", code)
        if known:
            raise SystemExit(f"no row for {known}")

    def madlad(self) -> None:
        """Note MADLAD-400's codes: of several for a tag the one that is spelled like it."""
        found = defaultdict(list)
        for code in read("madlad.txt"):
            tag = MADLAD.get(code) or tag_of(code)
            if tag is None or code in MADLAD_DOUBT:
                say("madlad, left out:", code)
            else:
                found[tag].append(code)
        for tag, codes in found.items():
            spelled = tag.replace("-", "_")
            best = spelled if spelled in codes else codes[0]
            if len(codes) > 1:
                say("madlad, several for", tag, codes)
            self.put(tag, "madlad", best)

    def opus(self) -> None:
        """Note OPUS-MT's labels, likely ones first; a model tells itself which it knows."""
        labels = defaultdict(list)
        for code in read("opus.txt"):
            tag = tag_of(code)
            if tag is None:
                say("opus, left out:", code)
            else:
                labels[tag].append(code)
        for codes in labels.values():
            codes.sort(key=lambda code: ("_" not in code, code.startswith("zho"), code))
        for tag, row in ROWS.items():
            labels[tag] += self.guesses(tag, row.get("flores", ""))
        for tag, codes in labels.items():
            if codes:
                self.put(tag, "opus", " ".join(dict.fromkeys(codes)))

    def guesses(self, tag: str, flores: str) -> list[str]:
        """Return the labels that a language has by the rule that labels follow."""
        primary, _, rest = tag.partition("-")
        code = iso3(primary)
        individual = flores.partition("_")[0]
        both = [c for c in (code, individual) if c]
        if not rest:
            script = ROWS[tag]["script"]
            return [*both, *(f"{c}_{script}" for c in both)]
        if re.fullmatch("[A-Z][a-z]{3}", rest) and rest != ROWS[primary]["script"]:
            return [f"{c}_{rest}" for c in both]
        return []

    def apertium(self) -> None:
        """Note the ISO 639-3 codes that Apertium's pairs are named by."""
        for tag, row in ROWS.items():
            if tag not in APERTIUM and "-" not in tag:
                codes = [iso3(tag), row.get("flores", "").partition("_")[0]]
                self.put(tag, "apertium", " ".join(code for code in dict.fromkeys(codes) if code))
        for tag, names in APERTIUM.items():
            self.put(tag, "apertium", names)

    def cld2(self) -> None:
        """Note what CLD2 calls each language in each script that it was tested on."""
        for entry in read("cld2.txt"):
            tag = CLD2.get(entry) or tag_of(entry)
            if tag is None:
                say("cld2, left out:", entry)
                continue
            code = CLD2_CODES.get(entry) or entry.partition("_")[0]
            self.put(tag, "cld2", code)
        # Its Kurdish is Central Kurdish: it takes Article 1 of the UDHR in that language for
        # Kurdish, and the one in Northern Kurdish for Slovak.
        self.put("ckb", "cld2", "ku")

    def glotlid(self) -> None:
        """Note GlotLID's labels, several where it tells members of a language apart."""
        found = defaultdict(list)
        for label in read("glotlid.txt"):
            tag = tag_of(label.removesuffix("_Hani") if label.endswith("_Hani") else label)
            for one in GLOTLID.get(label, (tag,) if tag else ()):
                found[one].append(label)
        for tag, labels in found.items():
            self.put(tag, "glotlid", " ".join(labels))

    def deepl(self) -> None:
        """Note DeepL's codes; a language with variants is one of them."""
        for entry in read("deepl.txt"):
            if entry not in SERVICE.values() or entry in ("pt-BR", "en-US"):
                self.put(languages.canonical(entry), "deepl", SERVICE.get(entry, entry).upper())

    def google(self) -> None:
        """Note Google's codes: zh-CN and zh-TW by their scripts."""
        for entry in read("google.txt"):
            code = OLD.get(entry, entry)
            self.put(SCRIPTS.get(code) or tag_of(code) or code, "google", code)

    def family(self, name: str, system: str) -> None:
        """Note the languages of a model by their names."""
        index = {row["name"].casefold(): tag for tag, row in ROWS.items()}
        for entry in read(name, lines=True):
            plain = entry.removesuffix(" Romanize")
            tags = NAMES[plain] if plain in NAMES else (index[plain.casefold()],)
            if not tags:
                say(system, "left out:", entry)
            for tag in tags:
                self.put(tag_of(tag if plain == entry else f"{tag}-Latn"), system, "yes")

    def afro_xlmr(self) -> None:
        """Note the languages of AfroXLMR: those of XLM-R, whose training went on with further ones."""
        self.family("afro-xlmr.txt", "afroxlmr")
        for row in self.rows.values():
            if "xlmr" in row:
                row["afroxlmr"] = "yes"

    def write(self) -> None:
        """Write the codes to standard output, several of a system with spaces between."""
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(("tag", *ORDER))
        for tag, row in sorted(self.rows.items()):
            if row:
                out.writerow((tag, *(row.get(system, "") for system in ORDER)))


def main() -> None:
    """Write the codes to standard output."""
    maker = Maker()
    maker.nllb()
    maker.madlad()
    maker.opus()
    maker.apertium()
    maker.cld2()
    maker.glotlid()
    maker.deepl()
    maker.google()
    maker.family("xlm-r.txt", "xlmr")
    maker.family("mt5.txt", "mt5")
    maker.afro_xlmr()
    maker.write()


if __name__ == "__main__":
    main()
