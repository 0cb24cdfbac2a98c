"""What the tests of translation sets share: bundled prompts, and a file with their German texts."""

from __future__ import annotations

import json

from safeglot.config.files import known
from safeglot.config.settings import Config, build
from safeglot.flow.prompts import load

GERMAN = {
    t.prompt: t.text
    for t in load(Config(prompts="mini", languages=("en", "de"), limit=1))[0].translations
    if t.language == "de"
}
"""Prompt id -> its German text."""


def texts_file(path, texts=None):
    """Write the German texts as a translator's file; return its path."""
    rows = [
        {"id": key, "language": "de", "text": text}
        for key, text in (GERMAN if texts is None else texts).items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def configured(tmp_path, texts=None, **more):
    """Return a configuration that translates the prompts into German by a file."""
    file = texts_file(tmp_path / "human.jsonl", texts)
    table = {
        "prompts": "mini",
        "languages": ["en"],
        "limit": 1,
        "to": ["de"],
        "translator": f"human={file}",
        "translations": str(tmp_path / "set"),
    }
    return build(table | more, known=known())


def loaded(config):
    """Return the prompts of a configuration and where they come from."""
    return load(config)
