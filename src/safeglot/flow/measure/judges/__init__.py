"""The error and reliability of judges, and rates corrected by labels."""
