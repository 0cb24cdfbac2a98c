"""The finding of a run in sentences and records, computed from the estimates: terminal and report share it."""
