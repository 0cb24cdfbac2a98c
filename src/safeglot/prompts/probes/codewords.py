"""Code words of the user's in the place of plain terms: no word is written here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from safeglot.prompts.probes.base import Variant, failed
from safeglot.prompts.probes.dialect import faults_of
from safeglot.prompts.probes.segments import UNSPACED, whole
from safeglot.prompts.problems import Problems
from safeglot.text import languages

NEEDED = ("language", "term", "code")


def read_codewords(
    rows: Iterable[tuple[str, Mapping[str, str]]], tags: Collection[str], *, problems: Problems
) -> dict[str, dict[str, str]]:
    """Return by language the code of each term, of rows (where it stands, columns): language, term, code.

    Faults go to `problems`: a language that the run lacks, a term twice or its own code.
    """
    codes: dict[str, dict[str, str]] = {}
    for where, row in rows:
        if faults := list(faults_of(row, NEEDED, tags)):
            problems.found += [f"{where}: {fault}" for fault in faults]
            continue
        term, code = (unicodedata.normalize("NFC", row[name].strip()) for name in NEEDED[1:])
        own = codes.setdefault(languages.canonical(row["language"]), {})
        if term in own or term == code:
            problems.add(
                where, f'term "{term}" has {"a second" if term in own else "itself as"} code'
            )
        own[term] = code
    return codes


def coded(text: str, codes: Mapping[str, str], tag: str) -> Variant:
    """Return a text with its terms replaced, the longest first; a whole word where words have spaces between.

    Only the forms that are given: no case and no inflection is made up. Texts are compared in NFC.
    """
    if not codes:
        return failed(f"the file has no term in {tag}")
    spaced = languages.lookup(tag).script not in UNSPACED
    pattern = _pattern(tuple(sorted(codes, key=len, reverse=True)), spaced)
    found, n = pattern.subn(lambda term: codes[term[0]], unicodedata.normalize("NFC", text))
    if not n:
        return failed("no term of the file stands in the text")
    return Variant(text=found, facts={"terms": n})


@lru_cache(maxsize=64)
def _pattern(terms: tuple[str, ...], spaced: bool) -> re.Pattern[str]:  # noqa: FBT001 - a key of the cache
    pattern = "|".join(map(re.escape, terms))
    return re.compile(whole(pattern) if spaced else pattern)
