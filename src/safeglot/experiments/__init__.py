"""Experiments: each reads finished runs and returns tables."""
