"""Mitigations as arms of one run: what each changes, prompt by prompt, and which is worth its price."""
