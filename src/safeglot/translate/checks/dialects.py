"""Whether a text that was declared a dialect of a language is in another language altogether.

Identifiers take dialects for whatever is spelled alike (of 36 sentences, CLD2 alone takes six for
Irish, Czech, English and others), so that one of them proves nothing; that two rule a language out
does. Of romanised text nothing but a plain text of another language is certain.
"""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.text.chrf import chrf
from safeglot.text.close_languages import Identified
from safeglot.translate.checks.identify import Identifier, own_group, wrong_language
from safeglot.translate.checks.scripts import LATIN, is_latin, letters, most

ALIKE = 0.45
"""chrF against the text in the language itself from which a text is of it; sentences of close languages reach 0.36."""
ASKED = "en"
"""A language in Latin letters, as which romanised text is shown to the identifiers."""
LEAST, LEAST_MIXED = 0.8, 0.97
"""Probability of another language, by each identifier, from which romanised text is in that: of English, which
people mix in, a higher one, and by the surest more still."""
CERTAIN = 0.995


def foreign(text: str, parent: str, tag: str, identifiers: Sequence[Identifier]) -> str:
    """Return the tag of the language that a dialect of `tag` is in instead, "" where it is none or open.

    `parent` is the same in the language itself. Raises: languages.UnknownLanguage
    """
    if most(letters(text)) == LATIN and not is_latin(tag):
        return _of_romanised(text, tag, identifiers)
    if not wrong_language(text, tag, identifiers) or chrf(text, parent) >= ALIKE:
        return ""
    named = [found for i in identifiers if i.covers(tag) and (found := i.identify(text, tag))]
    return next((f.language for f in named if f.language not in (None, tag)), None) or ""


def _of_romanised(text: str, tag: str, identifiers: Sequence[Identifier]) -> str:
    named: list[Identified] = [i.identify(text, ASKED) for i in identifiers if i.covers(ASKED)]
    tags = {found.language for found in named}
    shares = [found.confidence or 0.0 for found in named]
    if len(tags) != 1:
        return ""
    (language,) = tags
    mixed = language == ASKED
    if min(shares) < (LEAST_MIXED if mixed else LEAST) or (mixed and max(shares) < CERTAIN):
        return ""
    return "" if language is None or own_group(language) == own_group(tag) else language
