"""The hard checks, which refuse what cannot be a translation."""
