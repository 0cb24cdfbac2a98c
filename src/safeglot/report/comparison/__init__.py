"""The page of several models: where each stands, by safe answers."""
