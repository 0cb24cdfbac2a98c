"""Quality estimators that are neural models, loaded in process."""
