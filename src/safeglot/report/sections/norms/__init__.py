"""Norms: who calls what unsafe."""
