"""Contrasts of probes within prompts."""
