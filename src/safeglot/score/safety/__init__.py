"""Safety, exact matching, gaps, small cells and noise."""
