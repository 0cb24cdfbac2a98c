"""From a model string to what answers it: servers, models in process, their weights."""
