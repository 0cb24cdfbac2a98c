"""What answers a model string: servers, models in process, and their weights."""
