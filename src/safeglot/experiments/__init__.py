"""Questions to finished runs: each experiment reads runs and gives tables."""
