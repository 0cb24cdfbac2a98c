"""Prompts: the taxonomy, selection, and everything that they are read from."""
