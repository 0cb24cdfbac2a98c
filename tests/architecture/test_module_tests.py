"""Each module has its test: under its name, or a reason why not."""

from __future__ import annotations

from architecture.source import FILES, ROOT, SOURCE

UNTESTED: dict[str, str] = {}
"""Modules of 60 lines or more without a test of their name, and why."""


def name_of(path):
    return path.relative_to(SOURCE).with_suffix("").as_posix()


def test_each_module_has_its_test():
    long = [p for p in FILES if p.stem != "__init__" and p.read_text("utf-8").count("\n") >= 60]
    lacking = {
        name_of(p)
        for p in long
        if not (ROOT / "tests/unit" / p.relative_to(SOURCE).parent / f"test_{p.name}").exists()
    }
    assert len(long) > 150
    assert lacking == set(UNTESTED)
