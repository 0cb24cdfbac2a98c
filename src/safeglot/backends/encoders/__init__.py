"""Sentence encoders that run in this process."""
