"""Numbers as people read them: percents, bands, figures, axes."""
