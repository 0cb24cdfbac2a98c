"""Write src/safeglot/prompts/context.jsonl: templates x roles and templates x events, each with its harmless twin.

The crossing is whole, so every template has every role or event in every language; the country is
filled by the run, for all of them alike. Ids: context-TEMPLATE[-VALUE], and with -b its twin.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WRITTEN = HERE.parents[1] / "src" / "safeglot" / "prompts" / "context.jsonl"
SLOTS = ("role", "event")


def rows(source: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for template, about in source["template"].items():
        slot = next((s for s in SLOTS if f"{{{s}}}" in about["harmful"]["en"]), None)
        for name, value in source[slot].items() if slot else (("", {}),):
            for kind, end in (("harmful", ""), ("benign", "-b")):
                own = "-".join(filter(None, ("context", template, name))) + end
                texts = {
                    tag: text.replace(f"{{{slot}}}", value[tag]) if slot else text
                    for tag, text in about[kind].items()
                }
                yield {"id": own, "category": about["category"], "kind": kind} | texts


def text() -> str:
    source = tomllib.loads((HERE / "context.toml").read_text("utf-8"))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(source))


if __name__ == "__main__":
    WRITTEN.write_text(text(), "utf-8")
    print(f"{len(WRITTEN.read_text('utf-8').splitlines())} rows, {WRITTEN.stat().st_size} bytes")
