"""Environment variables that hold keys, from the environment or from ./.env."""

from __future__ import annotations

import os
from pathlib import Path

from safeglot.errors import UsageError

HERE = ".env"
MOST_BYTES = 1_000_000


def variable(name: str) -> str:
    """Return the value of an environment variable, else that of ./.env, "" where neither has it.

    Only what is asked for by its name is taken from the file, and nothing enters the environment.
    Raises: UsageError where the file cannot be read, or no header can carry the key, which is not shown.
    """
    key = (os.environ.get(name) or _file().get(name) or "").strip() if name else ""
    if all(" " <= char <= "~" for char in key):
        return key
    raise UsageError(
        f"{name}: the key in this variable holds a line break, a control character or a letter that "
        "is not ASCII, as no key does; nothing was sent. Set it again, the key alone and on one "
        f"line: export {name}=…"
    )


def _file() -> dict[str, str | None]:
    path = Path(HERE)
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{HERE}: over 1 MB; a line each, as in OPENAI_API_KEY=…")
        return dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{HERE}: cannot be read ({why}). Mend it, or move it away.") from None
