"""What other packages add, by their entry points."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path


def plug_ins(group: str) -> dict[str, str]:
    """Return name -> "module:object" of the entry points of a group."""
    # to load importlib.metadata takes longer than to list prompts: only where there is something
    if not any(group.encode() in text for text in _entry_points(group)):
        return {}
    from importlib import metadata

    return {entry.name: entry.value for entry in metadata.entry_points(group=group)}


def _entry_points(group: str) -> Iterator[bytes]:
    """Yield the entry points of each package that is installed; the group itself where none can tell."""
    others = (finder for finder in sys.meta_path if finder is not PathFinder)
    if any(hasattr(finder, "find_distributions") for finder in others):
        yield group.encode()
    for place in sys.path:
        try:
            names = os.listdir(place or ".")  # noqa: PTH208 - as fast as it goes
        except NotADirectoryError:  # an archive
            yield group.encode()
            continue
        except OSError:
            continue
        for name in names:
            if name.lower().endswith((".dist-info", ".egg-info")) or name == "EGG-INFO":
                file = Path(place, name, "entry_points.txt")
                if file.is_file():
                    yield file.read_bytes()
