"""A made-up manifest, for tests of what reads one."""

from __future__ import annotations

from safeglot.backends.files.manifest import IDENTITY, Manifest, PromptOrigin, TaxonomyTable


def taxonomy_table(**changes):
    return TaxonomyTable(
        **{
            "name": "own",
            "alert": False,
            "categories": ("theft", "hate"),
            "macro": {},
            "macro_names": {},
            "coverage": {},
            "descriptions": {},
            **changes,
        }
    )


def manifest_with(**changes):
    return Manifest(
        **{
            "created": "2026-01-01T00:00:00+00:00",
            "versions": {"safeglot": "0.1.0"},
            "source": PromptOrigin(name="p.csv", sha256="0" * 64, revision=""),
            "identity": dict.fromkeys(IDENTITY, "invented"),
            "judges": {"refusal-baseline": "id"},
            "signature": "invented",
            "models": ("m",),
            "model_ids": ("m",),
            "languages": ("en", "de"),
            "reference": "en",
            "samples": 1,
            "level": 0.95,
            "taxonomy": taxonomy_table(),
            "settings": {},
            "notes": (),
            "judge_notes": {},
            "uncovered": {},
            **changes,
        }
    )
