"""What every metric is, and what each key of its `extra` means."""
