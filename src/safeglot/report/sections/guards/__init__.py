"""The section of guards under test: the finding, which languages were evaluated, and all tables."""
