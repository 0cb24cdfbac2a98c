"""Formulas that the product does not use: what golden files, laws and simulations compare with."""
