"""The answers of the report: the list of them, and the same request side by side in its languages."""
