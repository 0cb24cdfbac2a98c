"""Models behind model strings: servers, models in this process, and their weights."""
