"""Questions to runs that are there: each experiment reads runs and gives tables."""
