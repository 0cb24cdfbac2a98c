"""Policy texts for judges whose prompt says what is harmful.

The names are the 32 categories of ALERT (Tedeschi et al. 2024, arXiv 2404.08676), spelled as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from safeglot.text.package_data import table

Policy: TypeAlias = Mapping[str, str] | str
"""Category to description, or a ready policy text."""

ALERT: Mapping[str, str] = table(__package__, "policy.toml")


def policy_text(policy: Policy) -> str:
    """Return a policy as text, one line a category; a ready text as it is."""
    if isinstance(policy, str):
        return policy.strip()
    return "\n".join(
        f"- {name}" if name == words else f"- {name}: {words}" for name, words in policy.items()
    )
