"""Settings to begin with: the TOML files of this folder."""

from __future__ import annotations

from importlib import resources

from safeglot.config.checks import nearest
from safeglot.errors import UsageError

NAMES = ("quick", "m-alert", "release")


def text_of(name: str) -> str:
    """Return the TOML that a preset stands for. Raises: UsageError where there is none of this name."""
    if name not in NAMES:
        raise UsageError(
            f"--preset: no preset {name!r}.{nearest(name, NAMES)} Allowed: {', '.join(NAMES)}. "
            "`safeglot run --preset quick --print-config` prints one."
        )
    return resources.files(__package__).joinpath(f"{name}.toml").read_text("utf-8")
