"""Write src/safeglot/prompts/probes/places.json: countries, places and languages, named in each language.

Needs `babel` 2.18 (BSD), which brings the data of Unicode CLDR 47 (Unicode-3.0), and nothing else does:
run it in an environment of its own, `python scripts/probes/make_places.py`.

The country of a language is that of CLDR's likely subtags, the place is the city that names its
time zone. Where CLDR has no name for a city in a language in Latin script, it is its English one.
`regions` has the countries of COUNTRIES, and all where CLDR calls the language official; one with
several time zones needs a row of ZONES. `countries` says which language a country's own is held to be:
CLDR's likely one where it is a reference language, else the first of these that is official there.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from babel import Locale
from babel.core import get_cldr_version, get_global

PROBES = Path(__file__).parents[2] / "src" / "safeglot" / "prompts" / "probes"
REFERENCES = ("ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "pt", "ru", "sw", "zh")
COUNTRIES = (
    "AO", "AR", "AT", "AU", "BR", "CA", "CH", "CI", "CN", "CO", "DE", "EG", "ES", "FR", "GB", "ID", "IN",
    "IT", "JP", "KE", "MA", "MX", "NG", "PK", "PT", "RU", "SA", "SN", "TW", "TZ", "US", "ZA",
)  # fmt: skip
"""Countries that every row names, where CLDR does."""
OFFICIAL = ("official", "de_facto_official")
ZONES = {
    "AR": "America/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BD": "Asia/Dhaka",
    "BG": "Europe/Sofia",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn",
    "EC": "America/Guayaquil",
    "EG": "Africa/Cairo",
    "ES": "Europe/Madrid",
    "ET": "Africa/Addis_Ababa",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "GR": "Europe/Athens",
    "HR": "Europe/Zagreb",
    "HU": "Europe/Budapest",
    "ID": "Asia/Jakarta",
    "IL": "Asia/Jerusalem",
    "IN": "Asia/Calcutta",
    "IR": "Asia/Tehran",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "KZ": "Asia/Almaty",
    "LT": "Europe/Vilnius",
    "MY": "Asia/Kuala_Lumpur",
    "MX": "America/Mexico_City",
    "NG": "Africa/Lagos",
    "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo",
    "NP": "Asia/Katmandu",
    "NZ": "Pacific/Auckland",
    "PH": "Asia/Manila",
    "PK": "Asia/Karachi",
    "PG": "Pacific/Port_Moresby",
    "PL": "Europe/Warsaw",
    "PS": "Asia/Gaza",
    "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest",
    "RS": "Europe/Belgrade",
    "RU": "Europe/Moscow",
    "SE": "Europe/Stockholm",
    "SK": "Europe/Bratislava",
    "SO": "Africa/Mogadishu",
    "TH": "Asia/Bangkok",
    "TR": "Europe/Istanbul",
    "TW": "Asia/Taipei",
    "TZ": "Africa/Dar_es_Salaam",
    "UA": "Europe/Kiev",
    "US": "America/New_York",
    "VN": "Asia/Saigon",
    "ZA": "Africa/Johannesburg",
}
ENGLISH = {
    "Asia/Calcutta": "Kolkata",
    "Asia/Katmandu": "Kathmandu",
    "Asia/Saigon": "Ho Chi Minh City",
    "Europe/Kiev": "Kyiv",
}
LOCALES = {"tl": "fil", "zh-Hant": "zh_Hant_TW"}


def locale(tag: str) -> Locale:
    return Locale.parse(LOCALES.get(tag, tag))


def region(tag: str) -> str:
    likely = get_global("likely_subtags")[tag.replace("-", "_")]
    return str(likely).rpartition("_")[2]


def names(tag: str) -> dict[str, str]:
    """Return the names of the reference languages, and of its own, in a language."""
    known = locale(tag).languages
    keys = {other: LOCALES.get(other, other).removesuffix("_TW") for other in {tag, *REFERENCES}}
    return {other: known[keys[other]] for other in sorted(keys) if keys[other] in known}


def own_language(country: str) -> str:
    """Return the reference language that a country is held to speak, "" where there is none."""
    likely = str(get_global("likely_subtags").get(f"und_{country}", "en"))
    spoken = get_global("territory_languages")[country]
    official = [key for key, by in spoken.items() if by.get("official_status") in OFFICIAL]
    return next((k for k in (likely.partition("_")[0], *official) if k in REFERENCES), "")


def place(tag: str, of: str, *, latin: bool) -> list[str] | None:
    """Country and place of a region, in `tag`; None where one of them has no name, or no zone is its own."""
    here, zones = locale(tag), get_global("territory_zones").get(of, [])
    zone = ZONES.get(of) or (zones[0] if len(zones) == 1 else None)
    if zone is None:
        return None
    english = ENGLISH.get(zone, zone.rpartition("/")[2].replace("_", " "))
    city = (here.time_zones.get(zone) or {}).get("city") or (english if latin else None)
    country = here.territories.get(of)
    return [country, city] if country and city else None


def regions(tag: str, *, latin: bool) -> dict[str, list[str]]:
    """Return country and place of each region where a language is official and of COUNTRIES, in that language."""
    key = LOCALES.get(tag, tag).removesuffix("_TW")
    spoken = get_global("territory_languages").items()
    own = [of for of, by in spoken if by.get(key, {}).get("official_status") in OFFICIAL]
    wanted = sorted({*own, *COUNTRIES, region(tag)})
    found = {of: place(tag, of, latin=latin) for of in wanted}
    if lacking := [of for of, there in found.items() if there is None]:
        print(f"{tag}: no country and place for {', '.join(lacking)}")
    return {of: there for of, there in found.items() if there}


def row(tag: str, *, latin: bool) -> dict[str, object]:
    return {"region": region(tag), "names": names(tag), "regions": regions(tag, latin=latin)}


def main() -> None:
    frames = tomllib.loads((PROBES / "frames.toml").read_text("utf-8"))
    rows = {}
    for tag, table in frames.items():
        if region(tag) in ZONES:
            rows[tag] = row(tag, latin=table["story"][0] < "\u0250")
        else:
            print(f"{tag}: no country")
    data = {
        "source": f"Unicode CLDR {get_cldr_version()}, by scripts/probes/make_places.py",
        "licence": "Unicode-3.0. Copyright 1991-2026 Unicode, Inc. https://www.unicode.org/license.txt",
        "countries": {of: by for of in COUNTRIES if (by := own_language(of)) and of != "TW"},
    }
    told = [json.dumps({key: value}, ensure_ascii=False)[1:-1] for key, value in data.items()]
    lines = [json.dumps({tag: row}, ensure_ascii=False)[1:-1] for tag, row in rows.items()]
    text = "{" + ",\n".join([*told, '"rows": {\n' + ",\n".join(lines) + "\n}"]) + "}\n"
    (PROBES / "places.json").write_text(text, "utf-8")
    print(f"{len(rows)} languages, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
