"""Verdicts on stored answers, and the passes that guard a judge."""
