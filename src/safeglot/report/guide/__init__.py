"""The guide of a run for those who decide on a release: what was measured, what helped, what is not known."""
