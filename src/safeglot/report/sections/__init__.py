"""The sections of the report, one module each with a template of its name."""
