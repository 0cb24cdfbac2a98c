"""safeglot within Inspect: a registered task, and a scorer that asks our judges."""
