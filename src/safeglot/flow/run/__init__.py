"""A run: what it is asked for, what it is, its sessions and its forecast."""
