"""Response classes, competent-safe rates, and over-refusal."""
