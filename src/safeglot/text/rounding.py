"""Numbers beside a limit, for all who compare: the last digits of a float do not decide."""

from __future__ import annotations

ROUNDING = 1e-9
"""How far a number may lie beside a limit by rounding alone: it then counts as on it."""


def at_least(number: float, limit: float) -> bool:
    """Return whether a number reaches a limit; the last digits of a float do not decide it."""
    return number >= limit - ROUNDING


def below(number: float, limit: float) -> bool:
    """Return whether a number is under a limit and not, but for rounding, on it."""
    return number < limit - ROUNDING
