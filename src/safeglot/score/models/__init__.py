"""Comparisons of models: ranking, size, properties of languages."""
