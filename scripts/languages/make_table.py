"""Write src/safeglot/text/languages.toml. Run once by hand; the package never runs it.

Needs, in an environment of its own (never the project's):

    pip install babel==2.18.0 langcodes==3.5.1 pycountry==26.2.16
    python scripts/languages/make_table.py --flores README.md \
        --classes a.txt --classes b.txt > src/safeglot/text/languages.toml

--flores   flores200/README.md of github.com/facebookresearch/flores (its table of 204 codes).
--classes  a copy of lang2tax.txt of Joshi et al. 2020, one `english name,class` a line.
           Given more than once, a class is taken only where every copy has it and all agree.
babel      CLDR: English names, likely scripts, aliases of tags.
langcodes  a copy of the IANA language subtag registry: other names, deprecated and old tags.
pycountry  ISO 639-2/3 codes of the same language.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pycountry
from babel import Locale
from babel.core import get_global

ALIASES: dict[str, str] = get_global("language_aliases")
LIKELY: dict[str, str] = get_global("likely_subtags")
NAMES = Locale("en").languages
# Every right-to-left script of Unicode; languages.py has the same list.
RTL = {
    "Adlm", "Arab", "Aran", "Armi", "Avst", "Chrs", "Cprt", "Elym", "Gara", "Hatr", "Hebr",
    "Hung", "Khar", "Lydi", "Mand", "Mani", "Mend", "Merc", "Mero", "Narb", "Nbat", "Nkoo",
    "Orkh", "Ougr", "Palm", "Phli", "Phlp", "Phnx", "Prti", "Rohg", "Samr", "Sarb", "Sogd",
    "Sogo", "Syrc", "Syre", "Syrj", "Syrn", "Thaa", "Yezi",
}  # fmt: skip

# Beyond every ISO 639-1 language and every FLORES-200 language.
EXTRA = """
ace ach acf ada ady afb agq ain alt ang anp apd arc arn arp arq ary arz asa atj awa bal bar bas bbc
bci bcl bem bew bez bft bgc bgn bho bik bin bla bpy bqi brh brx bua bug cab cak cbk cdo cgg chk chm
cho chr chy cjm ckb clo cnh cnr cop cre crs csb csw ctg ctd dag dar dav din diq dje djk doi dsb dua
dum dyo ebu efi ewo ext fan fat ffm fil fit fkv hif fo fro frp frr fud fuc gaa gag gan gbm gcf gcr
gez gil gla glk gom gor got grc gsw gur guz gwi hac hak haw hil hmn hne hno hoc hsb hsn iba ibb
inh izh jam jbo jmc kaa kab kac kam kbd kbp kcg kde kea kek kfo kfy kha khq khw kiu kjh kln kmb kmr
koi kok koo kpe krc kri krj krl kru ksb ksf ksh ksw kum kxd lad lag laj lbe lep lez lfn lgg
lij liv lki lkt lld lmo lol lou loz lrc ltg lua lui lun luo lus luy luz lzh lzz mad mag mai mak mam man
mas mdf mdh men mer mfe mgh mgo mh mic mni mnk mnw moh mos mrj mrw mtr mua mus mvy mwl mwr mxc myv mzn
nah nan naq nap nds ndc new nia nio niu nnh nog non nov nqo nso nus nxq nyn nyo nzi oka olo
osa pag pam pap pau pcd pcm pdc pdt pfl pis pko pms pnb pnt pon pov prg prs qu quc qug raj rap
rar rcf rej rhg rif rkt rm rmy rom rof rue rup rw rwk ryu sad saf sah saq sas sat scn sck sco sdh
see seh sei ses sgs shi shn shu sid sjd sje skr sli sly sma smj smn sms snk srn srr
ssy stq suk sus swb swv syl syr szl taq tay tcy tem teo tet tig tiv tkl tkr tlh tly tmh toi tok tpi
trp trv tsg tsi tum tvl twq tyv tzh tzl tzm tzo udm umb vai vec vep vls vmf vmw vot vro vun wae
wal war wbp wbr wls wtm wuu xal xmf xnr xog yao yap yav ybb yrl yua yue zap zdj zea zgh zun zza
""".split()  # noqa: SIM905

# Rows for a script or region that practice names.
SUBTAGGED = """
zh-Hans zh-Hant sr-Cyrl sr-Latn pt-BR pt-PT en-GB en-US en-AU en-CA en-IN es-419 es-ES es-MX fr-CA
fr-CH de-AT de-CH nl-BE ro-MD sw-CD hi-Latn ar-001 uz-Cyrl az-Cyrl bs-Cyrl mni-Mtei pa-Arab ms-Arab
kk-Arab mn-Mong ku-Arab ha-Arab ff-Adlm
""".split()  # noqa: SIM905
SUBTAGGED_NAMES = {
    "zh-Hans": "Chinese (Simplified)",
    "zh-Hant": "Chinese (Traditional)",
    "sr-Cyrl": "Serbian (Cyrillic)",
    "sr-Latn": "Serbian (Latin)",
    "hi-Latn": "Hindi (Latin)",
    "ar-Latn": "Arabic (Latin)",
    "ar-001": "Modern Standard Arabic",
    "en-IN": "Indian English",
    "sw-CD": "Congo Swahili",
    "ro-MD": "Romanian (Moldova)",
}
SCRIPT_NAMES = Locale("en").scripts

# Where CLDR would fold a language with a row of its own into another one.
KEEP = {"ajp", "pnb", "tl", "tw", "sh", "no", "nb", "nn", "prs", "fil", "bho", "bcl", "hmn"}

# Names people use that the registry lacks, and the country codes taken for languages.
ALSO = {
    "fa": ["Farsi"],
    "zh": ["Mandarin", "cn"],
    "yue": ["Cantonese"],
    "sw": ["Kiswahili"],
    "my": ["Myanmar"],
    "ja": ["jp"],
    "uk": ["ua"],
    "cs": ["cz"],
    "da": ["dk"],
    "el": ["gr"],
    "vi": ["vn"],
    "nan": ["Taiwanese", "Hokkien"],
    "wuu": ["Shanghainese"],
    "ku": ["Kurmanji"],
    "ckb": ["Sorani"],
    "he": ["il"],
    "id": ["Bahasa Indonesia"],
    "ms": ["Bahasa Melayu"],
    "zu": ["isiZulu"],
    "xh": ["isiXhosa"],
    "lg": ["Luganda"],
    "rn": ["Kirundi"],
    "pcm": ["Pidgin", "Naija"],
    "ga": ["Gaelic"],
    "gd": ["Gaelic"],
    "ht": ["Haitian"],
    "am": ["Amhara"],
    "om": ["Afaan Oromo", "Oromiffa"],
    "st": ["Sesotho"],
    "tn": ["Setswana"],
    "nso": ["Sepedi", "Northern Sotho"],
    "nb": ["Bokmal", "Bokmål"],
    "nn": ["Nynorsk"],
    "fil": ["Pilipino"],
    "de": ["Deutsch"],
    "es": ["Espanol", "Español"],
    "fr-CA": ["Quebecois"],
    "pt-BR": ["Brazilian"],
}

# The name Joshi et al. list a language under, where it isn't the name here.
CLASS_NAMES = {
    "zh": "mandarin",
    "yue": "cantonese",
    "rn": "kirundi",
    "lg": "luganda",
    "ny": "chichewa",
    "st": "sesotho",
    "nso": "northern sotho",
    "ky": "kirghiz",
    "kl": "greenlandic",
    "si": "sinhalese",
    "ht": "haitian",
    "ilo": "ilocano",
    "war": "waray-waray",
    "pnb": "western punjabi",
    "pa": "eastern punjabi",
    "nb": "norwegian (bokmål)",
    "nn": "norwegian (nynorsk)",
    "arz": "egyptian arabic",
    "or": "oriya",
    "ug": "uyghur",
    "ku": "kurdish (kurmanji)",
    "ckb": "kurdish (sorani)",
    "kac": "jingpho",
    "gil": "kiribati",
    "ss": "swati",
    "lb": "luxembourgish",
    "haw": "hawaiian",
    "fy": "west frisian",
    "bcl": "central bicolano",
    "dv": "divehi",
    "sah": "sakha",
    "to": "tongan",
    "rm": "romansh",
    "hak": "hakka",
    "nan": "min nan",
    "pap": "papiamentu",
    "frr": "north frisian",
    "mi": "maori",
    "av": "avar",
    "fon": "fongbe",
    "mos": "mooré",
    "wuu": "wu",
    "cdo": "min dong",
    "hif": "fiji hindi",
    "tyv": "tuvan",
    "lez": "lezgian",
    "kaa": "karakalpak",
    "pam": "kapampangan",
    "new": "newar",
    "kbp": "kabiye",
    "os": "ossetian",
}
CLASS_NAMES_ONLY = {"ku", "ckb", "pa", "zh"}
# Joshi et al. list another language by this name.
NO_CLASS = {"brx", "chm", "toi"}

# Likely scripts CLDR lacks; each is the script of the language's Wikipedia or standard.
SCRIPTS: dict[str, str] = {
    "sh": "Latn",
    "tok": "Latn",
    "tlh": "Latn",
    "lfn": "Latn",
    "nov": "Latn",
    "bcl": "Latn",
    "cnr": "Latn",
    "nah": "Latn",
    "pnb": "Arab",
}


def registry() -> list[dict[str, Any]]:
    """Return the records of langcodes' copy of the IANA registry."""
    spec = importlib.util.find_spec("langcodes")
    if spec is None or spec.origin is None:
        raise SystemExit("langcodes is not installed")
    path = Path(spec.origin).parent / "data" / "language-subtag-registry.txt"
    records = []
    for block in path.read_text(encoding="utf-8").split("%%\n"):
        record: dict[str, Any] = defaultdict(list)
        for line in re.sub(r"\n\s+", " ", block).splitlines():
            key, _, value = line.partition(": ")
            record[key].append(value)
        records.append(record)
    return records


def flores_codes(path: Path) -> list[tuple[str, str, str]]:
    """Return (name, ISO 639-3 code, script) of each FLORES-200 language."""
    rows = re.findall(
        r"^(.+?) \| ([a-z]{3})_([A-Z][a-z]{3})\s*$", path.read_text("utf-8"), re.MULTILINE
    )
    return [(name, code, script) for name, code, script in rows]


def read_classes(paths: list[Path]) -> dict[str, int]:
    """Return the class of each name on which all copies agree."""
    copies = []
    for path in paths:
        copy: dict[str, set[int]] = defaultdict(set)
        for line in path.read_text("utf-8").splitlines():
            name, _, number = line.replace("\\", "").rpartition(",")
            copy[name.strip()].add(int(number))
        copies.append(copy)
    agreed = set.intersection(*(set(copy) for copy in copies)) if copies else set()
    found = {name: set.union(*(copy[name] for copy in copies)) for name in agreed}
    return {name: classes.pop() for name, classes in found.items() if len(classes) == 1}


class Maker:
    """Gathers the rows of the table."""

    def __init__(self, flores: list[tuple[str, str, str]], classes: dict[str, int]) -> None:
        self.flores, self.classes = flores, classes
        self.records = registry()
        self.subtags = {r["Subtag"][0]: r for r in self.records if r.get("Type") == ["language"]}
        self.macro_members: dict[str, list[str]] = defaultdict(list)
        for code in sorted({code for _, code, _ in flores}):
            self.macro_members[self.macro(code)].append(code)
        self.rows: dict[str, dict[str, Any]] = {}

    def macro(self, code: str) -> str:
        """Return the macrolanguage of a code, or ''."""
        return next(iter(self.subtags.get(code, {}).get("Macrolanguage", [])), "")

    def shortest(self, code: str) -> str:
        """Return the shortest tag of an ISO 639 code."""
        if code in KEEP:
            return code
        entry = pycountry.languages.get(alpha_3=code)
        two = getattr(entry, "alpha_2", None)
        if two in KEEP or (two and two in self.subtags and "Deprecated" not in self.subtags[two]):
            return str(two)
        if re.fullmatch(r"[a-z]{2,3}", ALIASES.get(code, "")):
            return ALIASES[code]
        macro = self.macro(code)
        if macro not in ("", "zh", "ar") and self.macro_members[macro] == [code]:
            return macro
        return code

    def wanted(self) -> list[str]:
        """Return the primary tags the table gets."""
        two = {t for t, r in self.subtags.items() if len(t) == 2 and "Deprecated" not in r}
        three = {self.shortest(c) for c in EXTRA if c in self.subtags}
        return sorted(two | three | {self.shortest(code) for _, code, _ in self.flores})

    def name(self, tag: str) -> str:
        """Return the English name of a tag."""
        names = self.subtags[tag]["Description"] if tag in self.subtags else []
        found = NAMES.get(tag.replace("-", "_")) or (names[0] if names else "")
        return re.sub(r" \((macrolanguage|individual language)\)", "", found)

    def script(self, tag: str) -> str | None:
        """Return the script a tag is mostly written in."""
        of_flores = {s for _, code, s in self.flores if self.shortest(code) == tag}
        likely = SCRIPTS.get(tag)
        if not likely and tag in LIKELY:
            likely = LIKELY[tag].split("_")[1]
        if not likely:
            likely = next(iter(self.subtags[tag].get("Suppress-Script", [])), None)
        if likely in of_flores or not of_flores:
            return likely
        return of_flores.pop() if len(of_flores) == 1 else likely

    def make(self) -> None:
        """Fill the rows."""
        for tag in self.wanted():
            name, script = self.name(tag), self.script(tag)
            if not name or not script or not re.fullmatch(r"[A-Z][a-z]{3}", script):
                print(f"left out {tag} {name!r} {script}", file=sys.stderr)
                continue
            self.rows[tag] = {"name": name, "script": script, "aliases": set(), "also": []}
        for tag in SUBTAGGED:
            self.add_subtagged(tag)
        for name, code, script in self.flores:
            self.add_flores(name, code, script)
        self.add_aliases()
        self.add_other_names()
        self.add_regions()
        self.add_classes()

    def add_subtagged(self, tag: str) -> None:
        """Add the row of a tag with a script or region."""
        primary, _, rest = tag.partition("-")
        base = self.rows[primary]
        script = rest if re.fullmatch(r"[A-Z][a-z]{3}", rest) else base["script"]
        name = SUBTAGGED_NAMES.get(tag) or NAMES.get(tag.replace("-", "_"))
        name = name or f"{base['name']} ({SCRIPT_NAMES.get(rest, rest)})"
        self.rows[tag] = {"name": name, "script": script, "aliases": set(), "also": []}

    def add_flores(self, name: str, code: str, script: str) -> None:
        """Note a FLORES-200 code in its row, which is made where it is missing."""
        tag = self.shortest(code)
        base = self.rows[tag]
        base["aliases"].add(code)
        row_tag = tag if base["script"] == script else f"{tag}-{script}"
        if row_tag not in self.rows:
            self.add_subtagged(row_tag)
        self.rows[row_tag]["flores"] = f"{code}_{script}"
        if row_tag == tag:
            base["also"].append(re.sub(r" \(.*\)", "", name))

    def add_aliases(self) -> None:
        """Note the other codes of each language."""
        for entry in pycountry.languages:
            tag = self.shortest(entry.alpha_3)
            if tag in self.rows:
                self.rows[tag]["aliases"] |= {entry.alpha_3, getattr(entry, "bibliographic", None)}
        for old, new in ALIASES.items():
            if re.fullmatch(r"[a-z]{2,3}", old) and new in self.rows and self.shortest(old) == new:
                self.rows[new]["aliases"].add(old)
        self.add_registry_aliases()
        self.rows["ko"]["aliases"].add("ko-kore")
        self.drop_shared_aliases()

    def add_registry_aliases(self) -> None:
        """Note the tags that the registry prefers another for."""
        for record in self.records:
            target = next(iter(record.get("Preferred-Value", [])), "")
            target = target if target in self.rows else self.shortest(target)
            if target not in self.rows or "Type" not in record:
                continue
            if record["Type"][0] in ("grandfathered", "redundant"):
                self.rows[target]["aliases"].add(record["Tag"][0].lower())
            elif record["Type"] == ["extlang"]:
                self.rows[target]["aliases"].add(f"{record['Prefix'][0]}-{record['Subtag'][0]}")
            elif record["Type"] == ["language"]:
                self.rows[target]["aliases"].add(record["Subtag"][0])

    def drop_shared_aliases(self) -> None:
        """Keep each alias in one row, and none that has a row."""
        taken: dict[str, str] = {}
        for tag, row in self.rows.items():
            row["aliases"] = {a for a in row["aliases"] if a and a not in self.rows}
            for alias in sorted(row["aliases"]):
                if alias in taken:
                    print(f"alias {alias}: {taken[alias]} and {tag}", file=sys.stderr)
                    row["aliases"].discard(alias)
                taken.setdefault(alias, tag)

    def add_other_names(self) -> None:
        """Keep the other English names of a language that are no other row's name."""
        own = {row["name"].casefold() for row in self.rows.values()}
        for tag, row in self.rows.items():
            extra = self.subtags[tag]["Description"] if tag in self.subtags else []
            names = [*row["also"], *extra, *ALSO.get(tag, [])]
            names = [re.sub(r" \([^)]*\)", "", name) for name in names]
            kept = dict.fromkeys(n for n in names if n.casefold() not in own)
            taken = row["aliases"] | {tag}
            row["also"] = [name for name in kept if name not in taken]

    def add_regions(self) -> None:
        """Note the regions where a language is written in another script than usual."""
        for key, value in LIKELY.items():
            parts = key.split("_")
            if len(parts) != 2 or parts[0] not in self.rows or len(parts[1]) == 4:
                continue
            script = value.split("_")[1]
            row = self.rows[parts[0]]
            usual = LIKELY.get(parts[0], "__").split("_")[1]
            if script not in (row["script"], usual):
                row.setdefault("regions", {})[parts[1]] = script

    def add_classes(self) -> None:
        """Note the class of each language that Joshi et al. list by a name used here."""
        for tag, row in self.rows.items():
            if "-" in tag or tag in NO_CLASS:
                continue
            names = {CLASS_NAMES.get(tag, "")}
            if tag not in CLASS_NAMES_ONLY:
                names |= {name.casefold() for name in (row["name"], *row["also"])}
            found = {name: self.classes[name] for name in names if name in self.classes}
            if found:
                # They list some languages twice; the name with no data gets a 0 of its own.
                row["class"] = max(found.values())
                print(f"class {tag} {found}", file=sys.stderr)

    def text(self) -> str:
        """Return the table as TOML."""
        out = [
            "# Written by scripts/languages/make_table.py: change that, not this.",
            "# Sources and rules: docs/reference/languages.md.",
        ]
        for tag, row in sorted(self.rows.items()):
            out += ["", f"[{tag}]"]
            out += [f"{k} = {json.dumps(row[k], ensure_ascii=False)}" for k in ("name", "script")]
            out.append(f'direction = "{"rtl" if row["script"] in RTL else "ltr"}"')
            if "flores" in row:
                out.append(f'flores = "{row["flores"]}"')
            if "class" in row:
                out.append(f"class = {row['class']}")
            for key in ("aliases", "also"):
                if row[key]:
                    values = sorted(row[key]) if key == "aliases" else row[key]
                    out.append(f"{key} = {json.dumps(values, ensure_ascii=False)}")
            if "regions" in row:
                pairs = ", ".join(f'{k} = "{v}"' for k, v in sorted(row["regions"].items()))
                out.append(f"regions = {{ {pairs} }}")
        return "\n".join(out) + "\n"


def main() -> None:
    """Write the table to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flores", type=Path, required=True)
    parser.add_argument("--classes", type=Path, action="append", default=[])
    args = parser.parse_args()
    maker = Maker(flores_codes(args.flores), read_classes(args.classes))
    maker.make()
    sys.stdout.write(maker.text())


if __name__ == "__main__":
    main()
