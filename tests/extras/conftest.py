"""These tests need torch and transformers (pip install 'safeglot[neural]'); without them they are left out."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = (
    []
    if all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
    else ["test_*.py"]
)
