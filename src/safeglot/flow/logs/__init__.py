"""Answers that were recorded elsewhere, read into a run: tables, and the logs of other tools."""
