"""What every metric is, and what each key beside it means."""
