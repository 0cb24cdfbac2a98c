"""The hard checks of a candidate."""
