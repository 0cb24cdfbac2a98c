"""Apertium as pipelines of programs that stay."""
