"""Judges' errors and agreement, rates corrected by human labels, and reliability."""
