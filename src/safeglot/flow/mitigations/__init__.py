"""Mitigations of a run: their system prompts, their translations, their guards."""
