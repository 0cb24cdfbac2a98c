"""The plan of a run that stops early."""
