"""Formulas of statistics that know no estimates."""
