"""The name of a language in each translator, estimator and identifier, from one checked table."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from safeglot.text.languages import UnknownLanguage, all_tags, canonical, lookup, nearest, primary
from safeglot.text.package_data import text_of

SYSTEMS = ("flores", "nllb", "madlad", "opus", "apertium", "cld2", "glotlid", "deepl", "google")
FAMILIES = ("xlm-r", "mt5", "afro-xlmr")

_NAMES = {
    "flores": "FLORES-200",
    "nllb": "NLLB-200",
    "madlad": "MADLAD-400",
    "opus": "OPUS-MT",
    "apertium": "Apertium",
    "cld2": "CLD2",
    "glotlid": "GlotLID",
    "deepl": "DeepL",
    "google": "Google Translate",
    "xlm-r": "XLM-R",
    "mt5": "mT5",
    "afro-xlmr": "AfroXLMR",
}
# One language under two tags; a system that lists one of them means both.
_TWINS = {"nb": "no", "no": "nb", "fil": "tl", "tl": "fil"}
_NEAR = 3


class _Row(NamedTuple):
    """The codes of a tag by system, several in the order to try, and the models that cover it."""

    codes: dict[str, tuple[str, ...]]
    families: frozenset[str]


@lru_cache(maxsize=1)
def _rows() -> dict[str, _Row]:
    """Return the table of codes, read on first use."""
    import csv

    rows = {}
    for row in csv.DictReader(text_of("safeglot.translate", "codes.csv").splitlines()):
        codes = {system: tuple(row[system].split()) for system in SYSTEMS if row.get(system)}
        families = frozenset(f for f in FAMILIES if row[f.replace("-", "")])
        rows[row["tag"]] = _Row(codes, families)
    return rows


def code(tag: str, system: str) -> str | None:
    """Return what a system calls a language; None where it does not know it in that script.

    Raises: UnknownLanguage where languages.canonical() does; ValueError where there is no such system.
    """
    return next(iter(candidates(tag, system)), None)


@lru_cache(maxsize=4096)
def candidates(tag: str, system: str) -> tuple[str, ...]:
    """Return all that a system may call a language, likeliest first.

    OPUS-MT and Apertium have several names for some; a model's vocabulary or the pairs on the
    machine show which is meant.

    Raises: UnknownLanguage where languages.canonical() does; ValueError where there is no such system.
    """
    _check(system, SYSTEMS)
    own = _candidates(tag, system)
    twin = _twin(tag)
    return own if own or twin is None else _candidates(twin, system)


def covers(tag: str, model_family: str) -> bool:
    """Return whether a model family was trained on a language in that script.

    Raises: UnknownLanguage where languages.canonical() does; ValueError where there is no such family.
    """
    _check(model_family, FAMILIES)
    tags = (tag, _twin(tag) or tag)
    return any(model_family in _rows()[key].families for name in tags for key in _keys(name))


def uncovered(source: str, target: str, model_family: str) -> str:
    """Return which language of a pair a model family does not cover; "" where it covers both.

    Raises: ValueError where there is no such family.
    """
    _check(model_family, FAMILIES)
    return _fault(source, target, model_family)


def pair_fault(source: str, target: str, system: str) -> str:
    """Return which language of a pair a system does not know; "" where it knows both.

    Raises: ValueError where there is no such system.
    """
    _check(system, SYSTEMS)
    fault = _fault(source, target, system)
    if not fault and code(source, system) == code(target, system):
        name = code(source, system)
        fault = f"{_NAMES[system]} has one code ({name}) for both {source} and {target}"
    return fault


@lru_cache(maxsize=16)
def known(system: str) -> tuple[str, ...]:
    """Return the tags that a system or model family knows under their own row, sorted.

    Raises: ValueError where there is no such system or family.
    """
    _check(system, SYSTEMS + FAMILIES)
    if system == "flores":
        own = {lookup(tag).flores: tag for tag in sorted(all_tags(), key=len, reverse=True)}
        return tuple(sorted(tag for flores, tag in own.items() if flores))
    rows = _rows().items()
    return tuple(sorted(t for t, row in rows if system in row.codes or system in row.families))


def _check(name: str, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise ValueError(f"no table for {name!r}; there is one for {', '.join(allowed)}")


def _twin(tag: str) -> str | None:
    """Return the tag of the same language under its other name."""
    language, dash, rest = canonical(tag).partition("-")
    return f"{_TWINS[language]}{dash}{rest}" if language in _TWINS else None


@lru_cache(maxsize=4096)
def _keys(tag: str) -> tuple[str, ...]:
    """Return the rows that speak for a tag, closest first: shorter tags in the same script."""
    language = lookup(tag)
    parts = language.tag.split("-")
    tags = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
    tags.insert(-1, f"{parts[0]}-{language.script}")
    rows = _rows()
    return tuple(
        dict.fromkeys(t for t in tags if t in rows and lookup(t).script == language.script)
    )


def _candidates(tag: str, system: str) -> tuple[str, ...]:
    if system == "flores":
        flores = lookup(tag).flores
        return (flores,) if flores else ()
    rows, keys = _rows(), _keys(tag)
    names = [name for key in keys for name in rows[key].codes.get(system, ())]
    if system == "opus" and names:
        # Models older than the Tatoeba Challenge have labels such as pt_BR and pt.
        names += [key.replace("-", "_") for key in (canonical(tag), *keys)]
    return tuple(dict.fromkeys(names))


def _fault(source: str, target: str, system: str) -> str:
    faults = dict.fromkeys(_missing(tag, system) for tag in (source, target))
    return "; ".join(fault for fault in faults if fault)


def _missing(tag: str, system: str) -> str:
    """Return that a system does not know a tag, and what it knows that is near; "" where it does."""
    try:
        language = lookup(tag)
    except UnknownLanguage as error:
        return str(error)
    if covers(tag, system) if system in FAMILIES else candidates(tag, system):
        return ""
    near = ", ".join(_near(tag, system))
    verb = "cover" if system in FAMILIES else "know"
    hint = f"; nearest that it {verb}s: {near}" if near else ""
    name = language.name if language.tag in language.name else f"{language.name} ({language.tag})"
    return f"{_NAMES[system]} does not {verb} {name}{hint}"


def _near(tag: str, system: str) -> list[str]:
    """Return known tags of the same language, or else of languages whose names share a word."""
    tags = known(system)
    same = [t for t in tags if primary(t) == primary(tag)]
    words = _words(tag)
    shared = [t for t in tags if "-" not in t and words & _words(t)]
    shared.sort(key=lambda t: (-len(words & _words(t)), -(lookup(t).resource_class or 0), t))
    alike = [t for t in nearest(lookup(tag).name, len(tags)) if t in tags]
    return list(dict.fromkeys((same or shared) + ([] if same or shared else alike)))[:_NEAR]


def _words(tag: str) -> frozenset[str]:
    """Return the words of a language's English name, without what stands in brackets."""
    return frozenset(lookup(primary(tag)).name.casefold().partition(" (")[0].split())
