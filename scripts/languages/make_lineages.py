"""Write src/safeglot/text/lineages.csv. Run once by hand; the package never runs it.

Needs two repositories with their data, no package:

    git clone https://github.com/glottolog/glottolog-cldf       (release 5.1, CC BY 4.0)
    git clone https://github.com/cldf-datasets/wals             (release v2020.4, CC BY 4.0)
    python scripts/languages/make_lineages.py glottolog-cldf wals > src/safeglot/text/lineages.csv

Of each language of languages.toml: its code in Glottolog, the branches above it from the family
down, where Glottolog places it, and its values of WALS's features of morphology (chapters 20 to
29), "-" where WALS has none. Of a macrolanguage the member that languages.toml has among its aliases
is taken.
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEMBER_OF = {
    "bs": "hbs", "cnr": "hbs", "hr": "hbs", "sr": "hbs", "nb": "nor", "nn": "nor", "tw": "aka",
}  # fmt: skip
"""What Glottolog has as one language."""
FEATURES = "20A 21A 21B 22A 23A 24A 25A 25B 26A 27A 28A 29A".split()  # noqa: SIM905


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lineages(nexus: str) -> dict[str, list[str]]:
    """Return the codes above each code, the family first."""
    above: dict[str, list[str]] = {}
    for tree in re.findall(r"\[&R\] (.*);", nexus):
        path: list[str] = []
        last = ""
        # a branch is named behind its members: read from the end, before them
        for part in reversed(re.findall(r"[()]|\w+(?=:)", tree)):
            if part == ")":
                path.append(last)
            elif part == "(":
                path.pop()
            else:
                above[part], last = list(path), part
    return above


def morphology(wals: Path) -> dict[str, list[str]]:
    """Return the values of the features by ISO 639-3 code; of several languages with one code the most."""
    raw = wals / "raw"
    number = {row["pk"]: row["number"] for row in rows(raw / "domainelement.csv")}
    sets = {row["pk"]: row["id"] for row in rows(raw / "valueset.csv")}
    by_language: dict[str, dict[str, str]] = {}
    for row in rows(raw / "value.csv"):
        feature, _, language = sets[row["valueset_pk"]].partition("-")
        if feature in FEATURES:
            by_language.setdefault(language, {})[feature] = number[row["domainelement_pk"]]
    found: dict[str, list[str]] = {}
    for row in rows(wals / "cldf" / "languages.csv"):
        own = by_language.get(row["ID"], {})
        values = [own.get(feature, "-") for feature in FEATURES]
        before = found.get(row["ISO639P3code"], ["-"] * len(FEATURES))
        if row["ISO639P3code"] and values.count("-") < before.count("-"):
            found[row["ISO639P3code"]] = values
    return found


def main(glottolog: Path, wals: Path) -> None:
    above = lineages((glottolog / "cldf/classification.nex").read_text("utf-8"))
    known = {
        row["ISO639P3code"]: row
        for row in rows(glottolog / "cldf/languages.csv")
        if row["ISO639P3code"] and row["Level"] == "language"
    }
    features = morphology(wals)
    table = tomllib.loads((ROOT / "src/safeglot/text/languages.toml").read_text("utf-8"))
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("language", "glottolog", "above", "latitude", "longitude", "morphology"))
    for tag, about in table.items():
        names = (tag, *about.get("aliases", ()), MEMBER_OF.get(tag, ""))
        codes = [code.lower() for code in names if len(code) == 3]
        found = next((known[code] for code in codes if code in known), None)
        if "-" in tag or found is None:
            continue
        values = next((features[code] for code in codes if code in features), [])
        at = [f"{float(found[key]):.1f}" if found[key] else "" for key in ("Latitude", "Longitude")]
        branches = " ".join(above.get(found["ID"], ()))
        out.writerow((tag, found["ID"], branches, *at, " ".join(values)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
