"""Engines in this process: what a row of the registry names, and the models that they open."""
