"""Models and judges by the names that people call them, no two alike."""

from __future__ import annotations

from collections.abc import Iterable

from safeglot.keys import of_norms
from safeglot.report.width import cut_within
from safeglot.text.control import one_line


def short_judge(judge: str) -> str:
    """Return a judge's family, which is how it is called in a sentence."""
    own, norms = of_norms(judge)
    family = own.partition("=")[0]
    return f"{family} under {norms}" if norms else family


def short_model(model: str) -> str:
    """Return a model without its provider, as people call it: "acme/polyglot-8b"; embedded ones stay whole."""
    provider, _, name = model.partition("/")
    return model if provider == "embedded" or not name else name


def short_name(name: str) -> str:
    """Return a model or a judge by its short name; a judge has its family before a "="."""
    family, is_judge, _ = name.partition("=")
    return family if is_judge and "/" not in family else short_model(name)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return the short name of each model and judge, the whole where two would be alike."""
    short = {name: short_name(name) for name in names}
    told = [*short.values()]
    return {name: one if told.count(one) == 1 else name for name, one in short.items()}


def cut_names(names: Iterable[str], width: int) -> dict[str, str]:
    """Return short names of at most `width` columns on one line, no two alike; numbered where cutting joins two."""
    cut: dict[str, str] = {}
    for name, short in short_names(names).items():
        shown = cut_within(one_line(short), width)
        if shown in cut.values():
            mark = f" ({len(cut) + 1})"
            shown = cut_within(one_line(short), width - len(mark)) + mark
        cut[name] = shown
    return cut


def key_of(cut: dict[str, str]) -> list[str]:
    """Return a line for each name that is not known by what it was cut to: "fam…8b is vllm/family-a-8b"."""
    return [
        f"{shown} is {one_line(name)}"
        for name, shown in cut.items()
        if shown not in (one_line(short_name(name)), one_line(name))
    ]
