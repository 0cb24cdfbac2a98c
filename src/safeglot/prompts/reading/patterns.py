"""Patterns of paths: what stands in the names of files and folders for {language} and {category}."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from safeglot.errors import UsageError
from safeglot.prompts.problems import did_you_mean
from safeglot.prompts.reading.language_names import is_plain, languages_named

SAID: Mapping[str, str] = {
    "language": "{language}",
    "category": "{category}",
    "model": "{model}",
}
"""Name -> the column of what a pattern of the user's says of all rows of a file; only answers have a model."""
IMPLIED: Mapping[str, str] = {"language": "(language)", "category": "(category)"}
"""As SAID, of what the names of files imply: a column of their own goes before it."""
ROW_NUMBERS = "#"
"""As the column of `id`: number the rows."""
CONSTANT = "="
"""What begins, in place of a column, a text that is the same in all rows."""
_SIGN = re.compile(r"\{([^{}]*)\}|([*?])")
_END = re.compile(r"[_-][a-z]{1,3}$")
_PART = re.compile(r"(?P<file>.*\.(?:json|xlsx))#(?P<part>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathCells:
    """What a file's path says of its rows; `prefix` goes before the numbers of rows as ids."""

    cells: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""


def is_pattern(text: str) -> bool:
    """Return whether a path has a sign that stands for something."""
    return _SIGN.search(text) is not None


def file_and_part(text: str) -> tuple[str, str]:
    """Return the file and the part of it (a sheet, a key) that `FILE#PART` names; "" for no part."""
    found = _PART.fullmatch(text)
    return (found["file"], found["part"]) if found else (text, "")


def fixed_part(text: str) -> str:
    """Return the file or folder that prompts are named by, without signs and parts."""
    name = file_and_part(text)[0]
    return root_and_rest(name)[0] if is_pattern(name) else name


def root_and_rest(pattern: str) -> tuple[str, str]:
    """Return the folder before the first sign of a pattern, and what is matched below it."""
    whole = pattern.split("/")
    first = next(i for i, level in enumerate(whole) if is_pattern(level))
    return "/".join(whole[:first]) or ("/" if pattern.startswith("/") else "."), "/".join(
        whole[first:]
    )


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression. Raises: UsageError for a name that is none of ours."""
    at, found, n = 0, "", 0
    seen: set[str] = set()
    for sign in _SIGN.finditer(pattern):
        found += re.escape(pattern[at : sign.start()])
        at, name = sign.end(), sign[1]
        if name is None or name == "*":
            found += f"(?P<any{n}>[^/]*?)" if sign[0] == "*" else "[^/]"
            n += 1
        elif "," in name:
            found += f"(?:{'|'.join(re.escape(each) for each in name.split(','))})"
        elif name not in SAID:
            raise UsageError(
                f"{pattern}: {{{name}}} stands for nothing{did_you_mean(name, SAID)}; allowed are "
                "{language}, {category}, of answers {model}, {a,b} for a or b, * and ?"
            )
        elif name in seen:
            found += f"(?P={name})"
        else:
            seen.add(name)
            found += f"(?P<{name}>[^/]+?)"
    return re.compile(found + re.escape(pattern[at:]), re.DOTALL)


def place_of(pattern: str, path: str) -> PathCells | None:
    """Return what a path, or the name of a part, says by a pattern; None where it does not match."""
    match = _compiled(pattern).fullmatch(path)
    if match is None:
        return None
    got = match.groupdict()
    cells = {SAID[name]: got[name].strip() for name in SAID if name in got}
    return PathCells(
        cells=cells, prefix="/".join(v for name, v in got.items() if v and name != "language")
    )


def implied_places(paths: Sequence[str]) -> tuple[str, list[PathCells]]:
    """Return what the paths of several files imply, as a pattern, and of each what it says.

    Where the names at a level are languages, or differ in a language alone, they say the language;
    of several files in a language, the names say the category.
    """
    levels = [path.split("/") for path in paths]
    if len({len(own) for own in levels}) > 1:
        return "", [PathCells() for _ in paths]
    columns = [list(names) for names in zip(*levels, strict=True)]
    suffixes = {name.rpartition(".")[2] for name in columns[-1]}
    columns[-1] = [name.rpartition(".")[0] for name in columns[-1]]
    found: dict[str, list[str]] = {}
    shape: list[str] = []
    for level, names in enumerate(columns):
        before, after = _around(names) if "language" not in found else ("", "")
        middles = [name[len(before) : len(name) - len(after)] for name in names]
        both = {} if found else _parted(names)
        if both:
            found = {name: both[name] for name in ("language", "category")}
            shape.append(both["shape"][0])
            columns[level] = found["category"]
        elif "language" not in found and _are_languages(middles):
            found["language"] = middles
            shape.append(f"{before}{{language}}{after}")
        elif len(set(names)) == 1:
            shape.append(names[0])
        elif "category" not in found:
            ends = _differing_ends(names, found.get("language", ()))
            own = re.compile(f"(?:{'|'.join(filter(None, ends))})$") if ends else None
            found["category"] = columns[level] = [own.sub("", n) if own else n for n in names]
            shape.append("{category}" + (f"{{{','.join(ends)}}}" if ends else ""))
        else:
            shape.append("*")
    places = [
        PathCells(
            cells={IMPLIED[name]: own[i] for name, own in found.items()},
            prefix="/".join(
                names[i]
                for level, names in enumerate(columns)
                if (
                    len(set(names)) > 1
                    and shape[level].count("{") - shape[level].count("{language}") != 0
                )
                or shape[level] == "*"
            ),
        )
        for i in range(len(paths))
    ]
    return "/".join(shape) + f".{suffixes.pop() if len(suffixes) == 1 else '*'}", places


def _parted(names: Sequence[str]) -> dict[str, list[str]]:
    """Return languages, categories and shape of names such as en_Crime or crime-de; nothing of others."""
    for sign in "_-. ":
        cuts = (
            ("{category}%s{language}", [name.rpartition(sign)[::-1] for name in names]),
            ("{language}%s{category}", [name.partition(sign) for name in names]),
            ("{language}%s{category}", [name.rpartition(sign) for name in names]),
            ("{category}%s{language}", [name.partition(sign)[::-1] for name in names]),
        )
        for shape, parts in cuts:
            tags, rests = [p[0] for p in parts], [p[2] for p in parts]
            is_grid = 1 < len({*tags}) < len(names) and 1 < len({*rests}) < len(names)
            if is_grid and all(p[1] for p in parts) and _are_languages(tags):
                return {"language": tags, "category": rests, "shape": [shape % sign]}
    return {}


def _differing_ends(names: Sequence[str], languages: Sequence[str]) -> list[str]:
    """Return short ends such as _en without which more names are the same in all languages; the empty one last."""
    ends = sorted({match[0] for name in names if (match := _END.search(name))})
    if not languages or not ends:
        return []
    plain = [_END.sub("", name) for name in names]
    pairs = [*zip(languages, plain, strict=True)]
    better = _shared(languages, plain) > _shared(languages, names)
    return [*ends, ""] if better and len(set(pairs)) == len(pairs) else []


def _shared(languages: Sequence[str], names: Sequence[str]) -> int:
    """Return how many of the names each language has."""
    own: dict[str, set[str]] = {}
    for language, name in zip(languages, names, strict=True):
        own.setdefault(language, set()).add(name)
    return len(set.intersection(*own.values()))


def _are_languages(names: Sequence[str]) -> bool:
    """Return whether most names are those of languages; whoever reads the others tells them."""
    distinct = set(names)
    known = sum(any(map(is_plain, languages_named(name))) for name in distinct)
    return 2 * known > len(distinct)


def _around(names: Sequence[str]) -> tuple[str, str]:
    """Return what all names begin and end with, cut at a sign between words, where they differ."""
    if len(set(names)) < 2 or _are_languages(names):
        return "", ""
    before = re.sub(r"[^\W_]+$", "", _common(names))
    rest = [name[len(before) :][::-1] for name in names]
    after = re.sub(r"[^\W_]+$", "", _common(rest))[::-1]
    return before, after


def _common(names: Sequence[str]) -> str:
    """Return what all names begin with."""
    first, last = min(names), max(names)
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:n]
