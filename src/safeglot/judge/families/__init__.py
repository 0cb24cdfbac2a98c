"""The families of judges, one module each."""
