"""The quality estimators, one module a kind."""
