"""Translators, one module a kind."""
