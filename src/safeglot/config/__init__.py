"""The settings of a run: read, checked, and turned into names of objects."""
