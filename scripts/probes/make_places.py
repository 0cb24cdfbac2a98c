"""Write src/safeglot/prompts/probes/places.json: countries, places and languages, named in each language.

Needs `babel` (BSD), which brings the data of Unicode CLDR (Unicode-3.0), and nothing else does:
run it in an environment of its own, `python scripts/probes/make_places.py`.

The country of a language is that of CLDR's likely subtags, the place is the city that names its
time zone. Where CLDR has no name for a city in a language in Latin script, it is its English one.
`regions` has the other countries where CLDR calls the language official, and some of the reference
languages'; one with several time zones needs a row of ZONES.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from babel import Locale
from babel.core import get_cldr_version, get_global

PROBES = Path(__file__).parents[2] / "src" / "safeglot" / "prompts" / "probes"
REFERENCES = ("ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "pt", "ru", "sw", "zh")
ABROAD = ("AT", "AU", "CA", "CH", "GB", "MX", "PT", "TW")
"""Countries of reference languages that every row names."""
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


def names(tag: str, other: str, *, latin: bool) -> list[str] | None:
    """Country, place and language of `other`, in `tag`; None where one of them has no name."""
    country = place(tag, region(other), latin=latin)
    name = locale(tag).languages.get(LOCALES.get(other, other).removesuffix("_TW"))
    return [*country, name] if country and name else None


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
    """Country and place of each further region where a language is official, in that language."""
    key = LOCALES.get(tag, tag).removesuffix("_TW")
    spoken = get_global("territory_languages").items()
    own = [of for of, by in spoken if by.get(key, {}).get("official_status") in OFFICIAL]
    found = {of: place(tag, of, latin=latin) for of in sorted({*own, *ABROAD} - {region(tag)})}
    if lacking := [of for of, there in found.items() if there is None]:
        print(f"{tag}: no country and place for {', '.join(lacking)}")
    return {of: there for of, there in found.items() if there}


def row(tag: str, *, latin: bool) -> dict[str, object]:
    others = {other: names(tag, other, latin=latin) for other in sorted({tag, *REFERENCES})}
    lacking = [other for other, found in others.items() if found is None]
    if lacking:
        print(f"{tag}: no names for {', '.join(lacking)}")
    return {
        "region": region(tag),
        "names": {other: n for other, n in others.items() if n},
        "regions": regions(tag, latin=latin),
    }


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
        "rows": rows,
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (PROBES / "places.json").write_text(text + "\n", "utf-8")
    print(f"{len(rows)} languages, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
