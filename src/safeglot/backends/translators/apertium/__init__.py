"""Apertium, run as pipelines of programs that stay open."""
