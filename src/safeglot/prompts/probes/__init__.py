"""Probes: variants of a translation that was kept, which show what slips through between languages."""
