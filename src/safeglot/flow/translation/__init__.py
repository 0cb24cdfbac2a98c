"""Translation sets: planned, made, rated, shown, and joined to a run."""
