"""The translators, one module a kind."""
