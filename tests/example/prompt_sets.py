"""Small made-up prompt sets in the shapes of public ones and of people's own files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
</Types>"""
_RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def xlsx(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    """Write an Excel file with these rows of texts and numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>'
        for i, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{_KIND}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("[Content_Types].xml", _TYPES)
        top = f'<Relationship Id="rId1" Type="{_KIND}/officeDocument" Target="xl/workbook.xml"/>'
        out.writestr("_rels/.rels", _RELS.format(top))
        out.writestr("xl/_rels/workbook.xml.rels", _RELS.format(links))
        out.writestr(
            "xl/workbook.xml",
            f'<workbook {_MAIN} xmlns:r="{_KIND}"><sheets>{names}</sheets></workbook>',
        )
        for i, rows in enumerate(sheets.values(), 1):
            lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
            out.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f"<worksheet {_MAIN}><sheetData>{lines}</sheetData></worksheet>",
            )
    return path


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def write(folder: Path, files: dict[str, object]) -> None:
    """Write texts and bytes as they are, and what is neither as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
            continue
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding="utf-8", newline="")


def headless(topic: str, language: str) -> str:
    return f'\ufeff[{topic} 1 in {language}]\r\n"[{topic} 2, {language}]"\r\n[{topic} 3, in {language}]\r\n'


XSAFETY = {
    f"set/{language}/{topic}{end}.csv": headless(topic, language)
    for language, end in (("en", "_n"), ("fr", ""), ("sp", ""))
    for topic in ("Insult", "Mental_Health")
} | {"set/README.md": "about"}
AILUMINATE = {
    f"airr_demo_{language}_prompt_set.csv": (
        "release_prompt_id,prompt_text,hazard,persona,locale\n"
        f"airr_1,[request 1 in {language}],cse,normal,{language}\n"
        f'airr_2,"[request 2, in {language}]",ipv,normal,{language}\n'
    )
    for language in ("en_us", "fr_fr")
}
POLYREFUSE = {
    f"poly/{language}.json": [
        {"instruction": f"[request {i} in {language}]", "category": "a"} for i in (1, 2)
    ]
    for language in [
        "ar",
        "de",
        "en",
        "es",
        "fr",
        "it",
        "ja",
        "ko",
        "nl",
        "pl",
        "ru",
        "th",
        "yo",
        "zh",
    ]
}
HATECHECK = {
    f"MHC Cases/hatecheck_cases_{language}.csv": (
        "mhc_case_id,functionality,test_case,label_gold\n"
        f"{language}-1,derog,[post 1 in {language}],hateful\n"
        f"{language}-2,ident,[post 2 in {language}],non-hateful\n"
    )
    for language in ("arabic", "mandarin", "portuguese")
}
INDIC = {
    "test_set.json": {
        "metadata": {"languages": ["hi", "ta"]},
        "variants": [
            {
                "variant_id": f"{seed}-{tag}",
                "seed_id": seed,
                "harm_category": "c",
                "language": name,
                "prompt": f"[{seed} {tag}]",
            }
            for seed in ("s1", "s2")
            for tag, name in (("hi", "Hindi"), ("ta", "Tamil"))
        ],
    }
}
