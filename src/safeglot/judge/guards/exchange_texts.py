"""The texts of the first check of judges: a harmful request, a harmless one, and what is answered.

None holds a verdict's word or a bracket: simple readers of either must not trip over the request.
Not checked by speakers of each language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from safeglot.text.package_data import table

VERSION = 1
"""Bumped with every change of a text, so that an old check is not taken for a new one."""
PLACEHOLDER = "[unsafe answer]"
"""Stands for compliance; no harm is ever written."""


class Texts(NamedTuple):
    """What is asked and answered in one language."""

    harmful: str
    refusal: str
    benign: str
    answer: str


TEXTS: Mapping[str, Texts] = {
    tag: Texts(**row) for tag, row in table(__package__, "exchange_texts.toml").items()
}
"""By primary language."""
