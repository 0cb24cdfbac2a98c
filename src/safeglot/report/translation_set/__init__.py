"""The page of a translation set."""
