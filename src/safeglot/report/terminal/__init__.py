"""A run's results as text for a terminal: the finding on a few lines, and all tables."""
