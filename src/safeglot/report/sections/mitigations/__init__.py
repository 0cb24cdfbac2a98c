"""The section of mitigations."""
