"""Framing: the request inside a story, a role-play, a lesson or a study, in its own language."""

from __future__ import annotations

from safeglot.prompts.probes.base import LEVELS, Variant, failed
from safeglot.prompts.probes.package_data import load, row_of

FRAMES = "frames.toml"
SLOT = "{request}"


def frame_languages() -> tuple[str, ...]:
    """Return the tags of the languages that have frames, sorted."""
    return tuple(sorted(load(FRAMES)))


def framed(request: str, framing: str, tag: str) -> Variant:
    """Return a request in a frame; nothing of the request is changed.

    Raises: ValueError for a framing that is none of story, roleplay, educational and research.
    """
    if framing not in LEVELS["framing"]:
        raise ValueError(f"framing {framing!r} is none of {', '.join(LEVELS['framing'])}")
    row = row_of(load(FRAMES), tag)
    if row is None:
        have = ", ".join(frame_languages())
        return failed(f"no frames are written in {tag}; there are some in {have}")
    table = load(FRAMES)[row]
    # Not str.format: braces of the request are its own.
    text = str(table[framing]).replace(SLOT, request, 1)
    checked = "yes" if table["checked"] else "no"
    return Variant(text=text, facts={"frame": row, "frame_checked": checked})
