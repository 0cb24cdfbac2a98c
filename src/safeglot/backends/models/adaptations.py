"""What servers refused to be sent, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


class Adaptations:
    """What is done about settings that servers refused, by model id, as in temperature=none.

    `heard` is called with the model id, such an entry and the server's message when one is new.
    """

    def __init__(
        self,
        known: Mapping[str, Iterable[str]] | None = None,
        heard: Callable[[str, str, str], None] = lambda _model, _entry, _why: None,
    ) -> None:
        self._entries = {model: set(entries) for model, entries in (known or {}).items()}
        self._heard = heard

    def refused(self, model_id: str) -> set[str]:
        """Return the settings that the model's server refused so far."""
        entries = self.entries(model_id)
        return {entry.partition("=")[0] for entry in entries} if entries else set()

    def entries(self, model_id: str) -> set[str]:
        """Return what is done about them, as in temperature=none."""
        return self._entries.get(model_id, set())

    def add(self, model_id: str, entry: str, why: str) -> None:
        """Remember what was done about a setting; so the server answered."""
        entries = self._entries.setdefault(model_id, set())
        if entry not in entries:
            entries.add(entry)
            self._heard(model_id, entry, why)
