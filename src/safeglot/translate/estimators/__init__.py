"""Quality estimators, one module a kind."""
